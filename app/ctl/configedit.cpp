// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/i18n.h"
#include "config/reference.h"
#include "ctl/configcommands.h"
#include "ctl/exitstatus.h"
#include "ctl/filechange.h"
#include "gobject/ref.h"

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <unistd.h>

namespace camwarden
{

namespace
{

std::string
editor ()
{
  for (const char *name : { "VISUAL", "EDITOR" })
    if (const char *program = g_getenv (name); program && *program)
      return program;
  g_autofree char *usual = g_find_program_in_path ("sensible-editor");
  return usual ? "sensible-editor" : "vi";
}

/* $EDITOR may come with options of its own, as every program takes it. */
bool
run_editor (const std::string &file)
{
  const std::string command = editor () + " \"$1\"";
  const char *words[] = { "sh", "-c", command.c_str (), "sh", file.c_str (), nullptr };
  int status = 0;
  g_autoptr (GError) error = nullptr;
  constexpr auto flags
      = static_cast<GSpawnFlags> (G_SPAWN_SEARCH_PATH | G_SPAWN_CHILD_INHERITS_STDIN);
  if (g_spawn_sync (nullptr, const_cast<char **> (words), nullptr, flags, nullptr, nullptr, nullptr,
                    nullptr, &status, &error)
      && g_spawn_check_wait_status (status, &error))
    return true;
  complain (take_string (
      g_strdup_printf (_ ("the editor \"%s\" failed: %s"), editor ().c_str (), error->message)));
  return false;
}

/* A copy that is kept if it could not be put in place. */
class Draft
{
public:
  [[nodiscard]] bool
  make (const std::string &text)
  {
    g_autoptr (GError) error = nullptr;
    g_autofree char *name = nullptr;
    const int fd = g_file_open_tmp ("camwarden-XXXXXX.conf", &name, &error);
    if (fd < 0) {
      complain (error->message);
      return false;
    }
    close (fd);
    path_ = name;
    if (const std::string problem = replace_file (path_, text, 0600); !problem.empty ()) {
      complain (problem);
      return false;
    }
    return true;
  }
  ~Draft ()
  {
    if (!keep && !path_.empty ())
      unlink (path_.c_str ());
  }
  Draft () = default;
  Draft (const Draft &) = delete;

  [[nodiscard]] const std::string &
  path () const
  {
    return path_;
  }

  bool keep = false;

private:
  std::string path_;
};

bool
once_more ()
{
  if (!isatty (STDIN_FILENO))
    return false;
  fputs (_ ("Edit it again? [Y/n] "), stderr);
  std::string answer;
  return std::getline (std::cin, answer) && !answer.starts_with ("n") && !answer.starts_with ("N");
}

/* Until it is good, or somebody has enough. */
int
edit_until_good (const ConfigSources &sources, const std::string &file, Draft &draft,
                 std::string &text)
{
  while (true) {
    std::string problem;
    if (!run_editor (draft.path ()))
      return EXIT_NOT_DONE;
    const auto edited = read_whole (draft.path (), problem);
    if (!edited) {
      complain (problem);
      return EXIT_MISSING;
    }
    text = *edited;
    std::vector<Finding> findings;
    const auto config = load_with (sources, file, text, findings);
    complain_about (findings);
    if (config)
      return EXIT_HEALTHY;
    if (!once_more ())
      return EXIT_BAD_CONFIG;
  }
}

int
put_in_place (const std::string &file, const std::string &before, const std::string &text)
{
  const ChangeLock lock (file);
  std::string problem = lock.error ();
  const auto now = problem.empty () ? read_whole (file, problem) : std::nullopt;
  if (now && *now != before)
    problem = take_string (
        g_strdup_printf (_ ("%s was changed by somebody else meanwhile"), file.c_str ()));
  if (problem.empty ())
    problem = replace_file (file, text, 0644);
  if (problem.empty ())
    return EXIT_HEALTHY;
  complain (problem);
  return EXIT_CANNOT_WRITE;
}

} // namespace

int
edit_config (CtlContext &context, const ConfigOptions &options, const Words &words)
{
  if (!words.empty ())
    return wrong_usage (_ ("\"config edit\" takes no arguments"));
  const ConfigSources sources = config_sources (context.options);
  const std::string &single = sources.paths.single_file;
  const std::string file = single.empty () ? sources.paths.main_file : single;
  std::string problem;
  const auto before = read_whole (file, problem);
  if (!before) {
    complain (problem);
    return EXIT_MISSING;
  }
  const std::string first = before->empty () ? example_configuration () : *before;
  Draft draft;
  if (!draft.make (first))
    return EXIT_CANNOT_WRITE;
  std::string text;
  int result = edit_until_good (sources, file, draft, text);
  if (result == EXIT_HEALTHY && text == first) {
    print (context.terminal, std::string (_ ("Nothing was changed.")) + "\n");
    return EXIT_HEALTHY;
  }
  if (result == EXIT_HEALTHY)
    result = put_in_place (file, *before, text);
  if (result != EXIT_HEALTHY) {
    draft.keep = !text.empty ();
    if (draft.keep)
      complain (take_string (g_strdup_printf (_ ("%s stays as it was; your text is in %s"),
                                              file.c_str (), draft.path ().c_str ())));
    return result;
  }
  return options.reload ? reload_service (context) : EXIT_HEALTHY;
}

} // namespace camwarden
