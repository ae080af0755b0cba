// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/i18n.h"
#include "ctl/command.h"
#include "ctl/exitstatus.h"
#include "ctl/logsource.h"
#include "ctl/logview.h"
#include "ctl/places.h"
#include "ctl/stopsignals.h"
#include "ctl/textformat.h"
#include "gobject/ref.h"

#include <cstdio>
#include <unistd.h>

namespace camwarden
{

namespace
{

constexpr size_t recent_lines = 20;

struct LogArguments
{
  double hours = 0; /* 0: all */
  gboolean recent = FALSE;
  gboolean follow = FALSE;
  gboolean all = FALSE;
  int limit = 20;
  char *camera = nullptr;
  char *file = nullptr;
  char *journal = nullptr;

  LogArguments () = default;
  LogArguments (const LogArguments &) = delete;
  LogArguments &operator= (const LogArguments &) = delete;
  ~LogArguments ()
  {
    for (char *text : { camera, file, journal })
      g_free (text);
  }

  [[nodiscard]] bool read (CtlContext &context, int argc, char **argv);
};

bool
LogArguments::read (CtlContext &context, int argc, char **argv)
{
  const GOptionEntry entries[] = {
    { "hours", 0, 0, G_OPTION_ARG_DOUBLE, &hours, N_ ("Only the last N hours"), N_ ("N") },
    { "camera", 0, 0, G_OPTION_ARG_STRING, &camera, N_ ("Only what tells of this camera"),
      N_ ("ID") },
    { "recent-errors", 0, 0, G_OPTION_ARG_NONE, &recent,
      N_ ("The newest 20 errors and warnings as they are"), nullptr },
    { "all", 0, 0, G_OPTION_ARG_NONE, &all, N_ ("Group messages too, not only errors and warnings"),
      nullptr },
    { "limit", 0, 0, G_OPTION_ARG_INT, &limit, N_ ("Show N kinds of lines (20)"), N_ ("N") },
    { "follow", 0, 0, G_OPTION_ARG_NONE, &follow, N_ ("Print lines as they come"), nullptr },
    { "file", 0, 0, G_OPTION_ARG_FILENAME, &file, N_ ("This log file; - is standard input"),
      N_ ("FILE") },
    { "journal", 0, 0, G_OPTION_ARG_FILENAME, &journal, N_ ("The journal files of this directory"),
      N_ ("DIRECTORY") },
    {},
  };
  if (!context.parse_alone (entries, argc, argv,
                            _ ("Without --file and --journal: the journal, where it holds lines of "
                               "Camwarden's; else\nthe log file of the configuration and its "
                               "rotated ones.")))
    return false;
  if (!(hours >= 0) || hours > 1e6 || limit < 1) {
    complain (_ ("--hours is a number from 0 to 1000000, --limit one from 1 on"));
    return false;
  }
  if (file && journal) {
    complain (_ ("--file and --journal exclude each other"));
    return false;
  }
  return true;
}

/* Where the lines come from: files, or the journal when there are none. */
struct LogPlace
{
  std::vector<std::string> files; /* oldest first */
  JournalWish journal;
  bool use_journal = false;

  [[nodiscard]] std::string
  name () const
  {
    if (!use_journal)
      return files.empty () ? "" : files.back ();
    return journal.directory.empty () ? "journal" : journal.directory;
  }
};

LogPlace
find_place (const LogArguments &arguments, const Options &options, int64_t since)
{
  LogPlace place;
  place.journal.since = since;
  if (arguments.file) {
    place.files = { arguments.file };
    return place;
  }
  if (arguments.journal)
    place.journal.directory = arguments.journal;
  if (arguments.journal || journal_has_entries (place.journal)) {
    place.use_journal = true;
    return place;
  }
  std::vector<Finding> findings;
  if (const auto config = load_config (options.config_file, findings))
    place.files = rotated_files (config->log ().file);
  return place;
}

std::string
read_all (const LogPlace &place, LogDigest &digest)
{
  const auto add = [&digest] (const LogEntry &entry) { digest.add (entry); };
  if (place.use_journal)
    return read_journal (place.journal, add);
  for (const std::string &file : place.files)
    if (const std::string problem = read_log_file (file, add); !problem.empty ())
      return problem;
  return {};
}

std::string
follow (const LogPlace &place, const LogWish &wish, const CtlContext &context)
{
  const bool json = context.options.json;
  const auto show = [&] (const LogEntry &entry) {
    if (entry.time < wish.since || entry.level > wish.least
        || (!wish.camera.empty () && !names_camera (entry.text, wish.camera)))
      return true;
    const RecentLine line{ entry.time, entry.level, std::string (entry.text) };
    if (json)
      fputs (entry_json (line).c_str (), stdout);
    else
      print (context.terminal, format_entry (line, context.terminal));
    return fflush (stdout) == 0;
  };
  catch_interrupts ();
  return place.use_journal ? follow_journal (place.journal, show)
                           : follow_log_file (place.files.back (), show);
}

int
fail (const std::string &problem)
{
  complain (problem);
  return EXIT_MISSING;
}

int
run_logs (CtlContext &context, int argc, char **argv)
{
  LogArguments arguments;
  if (!arguments.read (context, argc, argv))
    return EXIT_USAGE;
  adopt_service_directories ();
  LogWish wish;
  if (arguments.hours > 0)
    wish.since
        = g_get_real_time () - static_cast<int64_t> (arguments.hours * 3600 * G_USEC_PER_SEC);
  wish.camera = arguments.camera ? arguments.camera : "";
  const bool everything = arguments.all || (arguments.follow && !arguments.recent);
  wish.least = everything ? LogLevel::Debug : LogLevel::Warning;
  wish.recent = arguments.recent ? recent_lines : 0;
  const LogPlace place = find_place (arguments, context.options, wish.since);
  if (!place.use_journal && place.files.empty ())
    return fail (_ ("there is no log: neither lines in the journal nor the file of [log] file; "
                    "name one with --file. To read the journal one must be root or in the group "
                    "systemd-journal"));
  if (arguments.follow) {
    const std::string problem = follow (place, wish, context);
    return problem.empty () ? EXIT_HEALTHY : fail (problem);
  }
  LogDigest digest (wish, local_hour);
  if (const std::string problem = read_all (place, digest); !problem.empty ())
    return fail (problem);
  const auto most = static_cast<size_t> (arguments.limit);
  if (context.options.json)
    fputs (digest_json (digest, place.name (), most).c_str (), stdout);
  else
    print (context.terminal, format_digest (digest, context.terminal, most));
  return EXIT_HEALTHY;
}

} // namespace

const Command logs_command{ "logs", "",
                            N_ ("What the log says, like causes together, with what to do"),
                            run_logs };

} // namespace camwarden
