// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/directories.h"
#include "config/i18n.h"
#include "ctl/archivenames.h"
#include "ctl/ask.h"
#include "ctl/backuprestore.h"
#include "ctl/backupview.h"
#include "ctl/command.h"
#include "ctl/exitstatus.h"
#include "ctl/places.h"
#include "ctl/progress.h"
#include "ctl/stopsignals.h"
#include "ctl/textformat.h"
#include "gobject/ref.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace camwarden
{

namespace
{

struct BackupArguments
{
  int keep_days = 30;
  gboolean no_images = FALSE, no_history = FALSE, dry_run = FALSE, yes = FALSE, discard = FALSE;
  char *directory_text = nullptr;
  std::string directory, verb, archive;

  BackupArguments () = default;
  BackupArguments (const BackupArguments &) = delete;
  BackupArguments &operator= (const BackupArguments &) = delete;
  ~BackupArguments () { g_free (directory_text); }

  [[nodiscard]] bool read (CtlContext &context, int argc, char **argv);
  [[nodiscard]] BackupChoice
  choice () const
  {
    return { no_images == FALSE, no_history == FALSE };
  }
};

bool
BackupArguments::read (CtlContext &context, int argc, char **argv)
{
  const GOptionEntry entries[] = {
    { "directory", 0, 0, G_OPTION_ARG_FILENAME, &directory_text,
      N_ ("Where the backups are (STATE_DIRECTORY/backups)"), N_ ("DIRECTORY") },
    { "no-images", 0, 0, G_OPTION_ARG_NONE, &no_images, N_ ("Without the stored frames"), nullptr },
    { "no-history", 0, 0, G_OPTION_ARG_NONE, &no_history, N_ ("Without the history"), nullptr },
    { "keep-days", 0, 0, G_OPTION_ARG_INT, &keep_days,
      N_ ("cleanup: delete what is older than N days (30)"), N_ ("N") },
    { "discard", 0, 0, G_OPTION_ARG_NONE, &discard,
      N_ ("restore: delete what was there before, instead of keeping it"), nullptr },
    { "dry-run", 0, 0, G_OPTION_ARG_NONE, &dry_run, N_ ("Only say what would be done"), nullptr },
    { "yes", 'y', 0, G_OPTION_ARG_NONE, &yes, N_ ("Do not ask"), nullptr },
    {},
  };
  const auto words = context.parse (entries, argc, argv,
                                    _ ("create           makes one, while the daemon runs\n"
                                       "list             those there are\n"
                                       "verify ARCHIVE   reads it and checks each checksum\n"
                                       "restore ARCHIVE  puts it in place of what is there; the "
                                       "daemon must not run\n"
                                       "cleanup          deletes old ones, never the newest"));
  if (!words)
    return false;
  verb = words->empty () ? "" : words->front ();
  const bool with_archive = verb == "verify" || verb == "restore";
  const bool known = with_archive || verb == "create" || verb == "list" || verb == "cleanup";
  if (!known || words->size () != (with_archive ? 2 : 1)) {
    complain (_ ("say \"camwardenctl backup\" with create, list, verify ARCHIVE, restore ARCHIVE "
                 "or cleanup"));
    return false;
  }
  if (keep_days < 1 || keep_days > 36500) {
    complain (_ ("--keep-days is a number from 1 to 36500"));
    return false;
  }
  directory = directory_text ? take_string (g_canonicalize_filename (directory_text, nullptr))
                             : state_directory () + "/backups";
  if (with_archive)
    archive = words->back ();
  return true;
}

int
status_of (ArchiveReader::Result result)
{
  switch (result) {
  case ArchiveReader::Result::Good:
    return EXIT_HEALTHY;
  case ArchiveReader::Result::Bad:
    return EXIT_BAD_DATA;
  default:
    return EXIT_IO;
  }
}

std::optional<Config>
read_config (const CtlContext &context)
{
  std::vector<Finding> findings;
  auto config = load_config (context.options.config_file, findings);
  for (const Finding &finding : findings)
    if (finding.error)
      complain (finding.message ());
  return config;
}

/* --- create --- */

int
create (const CtlContext &context, const BackupArguments &arguments)
{
  const auto config = read_config (context);
  if (!config)
    return EXIT_BAD_CONFIG;
  const bool dry_run = arguments.dry_run != FALSE;
  if (!dry_run && g_mkdir_with_parents (arguments.directory.c_str (), 0750) != 0)
    return fail (EXIT_IO, arguments.directory + ": " + g_strerror (errno));
  const BackupChoice choice = arguments.choice ();
  const auto trees
      = backup_trees (*config, context.options.config_file, arguments.directory, choice);
  const std::string path = arguments.directory + "/"
                           + archive_name (g_get_host_name (), g_get_real_time () / G_USEC_PER_SEC);
  const BackupOutcome outcome = create_backup (trees, choice, path, dry_run);
  if (!outcome.problem.empty ())
    return fail (EXIT_IO, outcome.problem);
  if (context.options.json)
    fputs (outcome_json (outcome, dry_run).c_str (), stdout);
  else
    print (context.terminal, format_outcome (outcome, dry_run, context.terminal));
  return outcome.unreadable_count > 0 ? EXIT_WARNING : EXIT_HEALTHY;
}

/* --- list, cleanup --- */

std::vector<ListedArchive>
list_archives (const std::string &directory)
{
  std::vector<ListedArchive> archives;
  g_autoptr (GDir) folder = g_dir_open (directory.c_str (), 0, nullptr);
  while (const char *name = folder ? g_dir_read_name (folder) : nullptr) {
    struct stat status
    {};
    const auto time = archive_time (name);
    if (time && lstat ((directory + "/" + name).c_str (), &status) == 0 && S_ISREG (status.st_mode))
      archives.push_back ({ name, *time, static_cast<uint64_t> (status.st_size) });
  }
  std::sort (archives.begin (), archives.end (), [] (const auto &a, const auto &b) {
    return a.time != b.time ? a.time < b.time : a.name < b.name;
  });
  return archives;
}

int
list (const CtlContext &context, const BackupArguments &arguments)
{
  const auto archives = list_archives (arguments.directory);
  if (context.options.json)
    fputs (archives_json (archives, arguments.directory).c_str (), stdout);
  else
    print (context.terminal, format_archives (archives, arguments.directory, context.terminal));
  return EXIT_HEALTHY;
}

bool
is_locked (const std::string &path)
{
  const int fd = open (path.c_str (), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  const bool locked = fd >= 0 && flock (fd, LOCK_EX | LOCK_NB) != 0;
  if (fd >= 0)
    close (fd);
  return locked;
}

/* What a killed "create" has left; one that runs holds a lock on its archive. */
std::vector<std::string>
left_over (const std::string &directory)
{
  std::vector<std::string> names;
  g_autoptr (GDir) folder = g_dir_open (directory.c_str (), 0, nullptr);
  while (const char *name = folder ? g_dir_read_name (folder) : nullptr) {
    const std::string text (name);
    const size_t end = text.find (".tar.zst");
    if (!text.starts_with ("camwarden-") || !text.ends_with (".part") || end == std::string::npos)
      continue;
    if (!is_locked (directory + "/" + text.substr (0, end) + ".tar.zst.part"))
      names.push_back (text);
  }
  return names;
}

int
cleanup (const CtlContext &context, const BackupArguments &arguments)
{
  std::vector<std::string> names;
  const auto archives = list_archives (arguments.directory);
  for (const ListedArchive &archive : archives)
    names.push_back (archive.name);
  auto expired = expired_archives (names, g_get_real_time () / G_USEC_PER_SEC,
                                   static_cast<unsigned> (arguments.keep_days));
  for (const std::string &name : left_over (arguments.directory))
    expired.push_back (name);
  std::vector<ListedArchive> gone;
  for (const std::string &name : expired) {
    const std::string path = arguments.directory + "/" + name;
    struct stat status
    {};
    if (lstat (path.c_str (), &status) != 0)
      continue;
    if (!arguments.dry_run && unlink (path.c_str ()) != 0)
      return fail (EXIT_IO, path + ": " + g_strerror (errno));
    gone.push_back ({ name, archive_time (name).value_or (status.st_mtime),
                      static_cast<uint64_t> (status.st_size) });
  }
  if (context.options.json) {
    fputs (archives_json (gone, arguments.directory).c_str (), stdout);
    return EXIT_HEALTHY;
  }
  for (const ListedArchive &archive : gone)
    print (context.terminal,
           text_of (arguments.dry_run ? _ ("would delete %s\n") : _ ("deleted %s\n"),
                    clip (archive.name, 60).c_str ()));
  if (gone.empty ())
    print (context.terminal,
           text_of (ngettext ("Nothing is older than %d day.\n", "Nothing is older than %d days.\n",
                              static_cast<unsigned> (arguments.keep_days)),
                    arguments.keep_days));
  return EXIT_HEALTHY;
}

/* --- verify --- */

int
verify (const CtlContext &context, const BackupArguments &arguments)
{
  struct stat status
  {};
  const uint64_t size = stat (arguments.archive.c_str (), &status) == 0
                            ? static_cast<uint64_t> (status.st_size)
                            : 0;
  ArchiveReader reader;
  ArchiveReader::Result result;
  {
    Progress progress (size);
    result = reader.run (arguments.archive, nullptr,
                         [&progress] (uint64_t more) { progress.add (more); });
  }
  if (context.options.json)
    fputs (sums_json (reader.sums (), reader.about (), reader.problem ()).c_str (), stdout);
  if (result != ArchiveReader::Result::Good) {
    if (!context.options.json)
      complain (arguments.archive + ": " + reader.problem ());
    return status_of (result);
  }
  if (!context.options.json)
    print (context.terminal, wrap (text_of (_ ("%s is good:"), arguments.archive.c_str ()),
                                   context.terminal.columns, 0)
                                 + "\n" + format_sums (reader.sums ()));
  return EXIT_HEALTHY;
}

/* --- restore --- */

std::string
question (const std::vector<BackupTree> &trees)
{
  std::string text = _ ("This puts the archive's files in the place of those in:");
  for (const BackupTree &tree : trees)
    text += "\n  " + clip (tree.root, 78);
  return text + "\n" + _ ("Go on?");
}

/* The restored configuration may name other places than the present one did. */
void
warn_of_places (const CtlContext &context, const Config &before)
{
  const auto after = read_config (context);
  if (!after)
    return complain (_ ("the restored configuration has an error; see \"camwardenctl config "
                        "check\""));
  if (after->store ().location != before.store ().location
      || after->history ().location != before.history ().location)
    complain (text_of (_ ("the restored configuration has its frames in %s and its history in %s; "
                          "restore the archive once more to have them there"),
                       after->store ().location.c_str (), after->history ().location.c_str ()));
}

int
take_lock (DaemonLock &lock)
{
  std::string why;
  switch (lock.take (runtime_directory (), why)) {
  case DaemonLock::Result::Held:
    return EXIT_HEALTHY;
  case DaemonLock::Result::Busy:
    return fail (EXIT_NOT_DONE,
                 text_of (_ ("camwardend runs (process %s) and uses these files. Stop it first: "
                             "systemctl stop camwarden, or end it in its terminal"),
                          why.c_str ()));
  case DaemonLock::Result::Failed:
    break;
  }
  return fail (EXIT_IO, why);
}

int
restore_dry (const CtlContext &context, const BackupArguments &arguments,
             const std::vector<BackupTree> &trees)
{
  const int status = verify (context, arguments);
  if (status != EXIT_HEALTHY || context.options.json)
    return status;
  for (const BackupTree &tree : trees)
    print (context.terminal,
           text_of (_ ("%s would go to %s\n"), tree.name.c_str (), clip (tree.root, 60).c_str ()));
  return status;
}

void
tell_restored (const CtlContext &context, const BackupArguments &arguments,
               const RestoreOutcome &outcome)
{
  if (arguments.discard)
    for (const std::string &folder : outcome.kept)
      if (!remove_folder (folder))
        complain (folder + ": " + g_strerror (errno));
  if (context.options.json) {
    fputs (sums_json (outcome.sums, ArchiveReader::read_about (arguments.archive), "").c_str (),
           stdout);
    return;
  }
  print (context.terminal, std::string (_ ("Restored:")) + "\n" + format_sums (outcome.sums));
  if (arguments.discard || outcome.kept.empty ())
    return;
  print (context.terminal, std::string (_ ("What was there before is in these folders; delete them "
                                           "when all is well:"))
                               + "\n");
  for (const std::string &folder : outcome.kept)
    print (context.terminal, "  " + folder + "\n");
}

int
restore (const CtlContext &context, const BackupArguments &arguments)
{
  const auto config = read_config (context);
  if (!config)
    return EXIT_BAD_CONFIG;
  const auto trees = backup_trees (*config, context.options.config_file, arguments.directory,
                                   arguments.choice ());
  if (arguments.dry_run)
    return restore_dry (context, arguments, trees);
  DaemonLock lock;
  if (const int status = take_lock (lock); status != EXIT_HEALTHY)
    return status;
  switch (ask (question (trees), arguments.yes)) {
  case Consent::Yes:
    break;
  case Consent::No:
    return fail (EXIT_IO, _ ("nothing was changed"));
  case Consent::CannotAsk:
    return fail (EXIT_USAGE, _ ("nobody is there to be asked; say --yes"));
  }
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  const std::string stamp = take_string (g_date_time_format (now, "%Y%m%dT%H%M%SZ"));
  const RestoreOutcome outcome = restore_backup (arguments.archive, trees, stamp);
  if (outcome.result != ArchiveReader::Result::Good)
    return fail (status_of (outcome.result), arguments.archive + ": " + outcome.problem);
  tell_restored (context, arguments, outcome);
  warn_of_places (context, *config);
  return EXIT_HEALTHY;
}

int
run_backup (CtlContext &context, int argc, char **argv)
{
  adopt_service_directories ();
  BackupArguments arguments;
  if (!arguments.read (context, argc, argv))
    return EXIT_USAGE;
  catch_interrupts ();
  if (arguments.verb == "create")
    return create (context, arguments);
  if (arguments.verb == "list")
    return list (context, arguments);
  if (arguments.verb == "cleanup")
    return cleanup (context, arguments);
  return arguments.verb == "verify" ? verify (context, arguments) : restore (context, arguments);
}

} // namespace

const Command backup_command{ "backup", "create|list|verify|restore|cleanup [ARCHIVE]",
                              N_ ("Archives of configuration, state, history and frames"),
                              run_backup };

} // namespace camwarden
