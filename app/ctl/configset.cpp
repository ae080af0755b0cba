// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/i18n.h"
#include "config/problems.h"
#include "ctl/configcommands.h"
#include "ctl/configtext.h"
#include "ctl/exitstatus.h"
#include "ctl/filechange.h"
#include "gobject/ref.h"

#include <cstdio>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace camwarden
{

namespace
{

/* A key that the schema has; nullptr: it has complained. */
const Key *
known_key (const std::string &group, const std::string &name)
{
  const Key *key = find_key (group, name);
  const bool camera = group.starts_with ("camera:");
  if (key && (!camera || is_camera_id (group.substr (7))) && group != "camera")
    return key;
  bool known_group = camera && is_camera_id (group.substr (7));
  for (const Group &one : schema_groups ())
    known_group = known_group || (group == one.name && group != "camera");
  complain (known_group ? unknown_key (group, name) : unknown_group (group));
  return nullptr;
}

const char *
when_it_counts (const Key &key)
{
  return key.reload == Reload::Daemon
             ? _ ("It counts from the daemon's next start on: camwardenctl restart")
             : _ ("It counts from the next reload on: camwardenctl reload");
}

/* Somebody else has the last word. */
void
warn_if_overridden (const Config &config, const std::string &group, const std::string &name,
                    const std::string &file)
{
  for (const auto &entry : config.entries ())
    if (entry.group == group && entry.key == name && !entry.where.empty ()
        && !entry.where.starts_with (file + ":")
        && std::filesystem::path (entry.where.substr (0, entry.where.rfind (':'))).filename ()
               != std::filesystem::path (file).filename ())
      complain (take_string (g_strdup_printf (_ ("it does not count, since %s says it, too"),
                                              clip (entry.where, 300).c_str ())));
}

/* A file that is made for a secret is for root and the service. */
std::string
write_file (const std::string &file, const ConfigText &text, bool secret)
{
  const bool fresh = access (file.c_str (), F_OK) != 0;
  const std::string problem = replace_file (file, text.text (), secret ? 0640 : 0644);
  if (problem.empty () && fresh && secret && !give_to_service (file, GivenTo::Group))
    return system_error (file);
  return problem;
}

void
warn_if_readable (const std::string &file)
{
  struct stat status
  {};
  if (stat (file.c_str (), &status) == 0 && S_ISREG (status.st_mode)
      && (status.st_mode & 0007) != 0)
    complain (take_string (
        g_strdup_printf (_ ("this may hold a secret, and everybody on this machine can read %s: "
                            "chgrp camwarden %s && chmod 0640 %s"),
                         file.c_str (), file.c_str (), file.c_str ())));
}

/* Checks and writes; EXIT_HEALTHY: done. */
int
write_checked (const ConfigSources &sources, const std::string &file, const ConfigText &text,
               bool secret, std::optional<Config> &config)
{
  std::vector<Finding> findings;
  config = load_with (sources, file, text.text (), findings);
  if (!config) {
    complain_about (findings);
    return EXIT_BAD_CONFIG;
  }
  const std::string problem = write_file (file, text, secret);
  if (problem.empty ())
    return EXIT_HEALTHY;
  complain (problem);
  return EXIT_CANNOT_WRITE;
}

int
change (CtlContext &context, const ConfigOptions &options, const Key &key, const std::string &group,
        const std::string *value)
{
  const ConfigSources sources = config_sources (context.options);
  const std::string file = settable_file (sources);
  std::error_code ignored; /* said when the file is written */
  std::filesystem::create_directories (std::filesystem::path (file).parent_path (), ignored);
  const ChangeLock lock (file);
  if (!lock.error ().empty ()) {
    complain (lock.error ());
    return EXIT_CANNOT_WRITE;
  }
  std::string problem;
  const auto before = read_whole (file, problem);
  if (!before) {
    complain (problem);
    return EXIT_MISSING;
  }
  ConfigText text (*before);
  if (value)
    text.set (group, key.name, *value);
  else if (!text.unset (group, key.name)) {
    complain (take_string (
        g_strdup_printf (_ ("%s does not say [%s] %s"), file.c_str (), group.c_str (), key.name)));
    return EXIT_MISSING;
  }
  std::optional<Config> config;
  const bool secret = value && key.secret;
  if (const int result = write_checked (sources, file, text, secret, config);
      result != EXIT_HEALTHY)
    return result;
  if (secret)
    warn_if_readable (file);
  if (value)
    warn_if_overridden (*config, group, key.name, file);
  if (options.reload)
    return reload_service (context);
  if (!context.options.json)
    print (context.terminal, std::string (when_it_counts (key)) + "\n");
  return EXIT_HEALTHY;
}

} // namespace

int
set_config (CtlContext &context, const ConfigOptions &options, const Words &words)
{
  if (words.size () != 3)
    return wrong_usage (_ ("say \"config set GROUP KEY VALUE\", such as \"config set camera:front "
                           "framerate 25\""));
  const Key *key = known_key (words[0], words[1]);
  if (!key)
    return EXIT_USAGE;
  const ParsedValue parsed = parse_value (*key, words[2]);
  if (parsed.problem == ValueProblem::None)
    return change (context, options, *key, words[0], &words[2]);
  complain (describe_problem (*key, words[2], parsed));
  return EXIT_BAD_CONFIG;
}

int
unset_config (CtlContext &context, const ConfigOptions &options, const Words &words)
{
  if (words.size () != 2)
    return wrong_usage (_ ("say \"config unset GROUP KEY\""));
  const Key *key = known_key (words[0], words[1]);
  return key ? change (context, options, *key, words[0], nullptr) : EXIT_USAGE;
}

} // namespace camwarden
