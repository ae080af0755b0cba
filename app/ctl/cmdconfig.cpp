// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/i18n.h"
#include "ctl/configcommands.h"
#include "ctl/exitstatus.h"
#include "ctl/jsonvalue.h"

#include <algorithm>
#include <cstdio>

namespace camwarden
{

namespace
{

void
print_findings (const std::vector<Finding> &findings, bool good)
{
  const JsonBuilderPtr json (json_builder_new ());
  const auto text = [&] (const char *name, const std::string &value) {
    json_builder_set_member_name (json.get (), name);
    json_builder_add_string_value (json.get (), clip (value, 4096).c_str ());
  };
  json_builder_begin_object (json.get ());
  json_builder_set_member_name (json.get (), "good");
  json_builder_add_boolean_value (json.get (), good);
  json_builder_set_member_name (json.get (), "findings");
  json_builder_begin_array (json.get ());
  for (const auto &finding : findings) {
    json_builder_begin_object (json.get ());
    text ("severity", finding.error ? "error" : "warning");
    text ("file", finding.file);
    json_builder_set_member_name (json.get (), "line");
    json_builder_add_int_value (json.get (), finding.line);
    text ("message", finding.text);
    json_builder_end_object (json.get ());
  }
  json_builder_end_array (json.get ());
  json_builder_end_object (json.get ());
  fputs (to_text (json).c_str (), stdout);
}

int
check (CtlContext &context, const ConfigOptions &, const Words &words)
{
  if (!words.empty ())
    return wrong_usage (_ ("\"config check\" takes no arguments"));
  const ConfigSources sources = config_sources (context.options);
  if (!context.options.json)
    return check_config (sources, stdout);
  std::vector<Finding> findings;
  const bool good = Config::load (sources, findings).has_value ();
  print_findings (findings, good);
  return good ? EXIT_HEALTHY : EXIT_BAD_CONFIG;
}

struct Verb
{
  const char *name;
  int (*run) (CtlContext &context, const ConfigOptions &options, const Words &words);
  bool changes;
};

constexpr Verb verbs[]{
  { "show", show_config, false },  { "get", get_config, false }, { "set", set_config, true },
  { "unset", unset_config, true }, { "check", check, false },    { "edit", edit_config, true },
};

int
run_verb (CtlContext &context, const ConfigOptions &options, const Words &words)
{
  const auto *verb = std::find_if (std::begin (verbs), std::end (verbs), [&] (const Verb &one) {
    return !words.empty () && words[0] == one.name;
  });
  if (verb == std::end (verbs))
    return wrong_usage (_ ("say \"config show\", get, set, unset, check or edit"));
  if (options.reload && !verb->changes)
    return wrong_usage (_ ("--reload goes with set, unset and edit"));
  if (options.all && verb->run != show_config)
    return wrong_usage (_ ("--all goes with show"));
  const bool reads_there = verb->run == show_config || verb->run == get_config;
  if (!context.options.url.empty () && !reads_there)
    return wrong_usage (_ ("only \"config show\" and \"config get\" go with --url"));
  return verb->run (context, options, Words (words.begin () + 1, words.end ()));
}

int
run_config (CtlContext &context, int argc, char **argv)
{
  gboolean all = FALSE, reload = FALSE;
  const GOptionEntry entries[] = {
    { "all", 'a', 0, G_OPTION_ARG_NONE, &all, N_ ("show: defaults, too"), nullptr },
    { "reload", 0, 0, G_OPTION_ARG_NONE, &reload,
      N_ ("set, unset, edit: let the daemon read it then"), nullptr },
    {},
  };
  const char *about
      = _ ("show [GROUP]          what is configured, and where\n"
           "get GROUP KEY         one value\n"
           "set GROUP KEY VALUE   into conf.d/90-camwardenctl.conf, if the whole is good then\n"
           "unset GROUP KEY       takes that back\n"
           "check                 what is wrong with the configuration\n"
           "edit                  opens $VISUAL or $EDITOR on a copy, which is put in place if\n"
           "                      it is good\n\n"
           "GROUP is such as redis or camera:front; see camwarden.conf(5). With --config all "
           "of\nthem work on that one file.\n\n"
           "Exit status: 78 the configuration has, or would have, an error.");
  const auto words = context.parse (entries, argc, argv, about);
  if (!words)
    return EXIT_USAGE;
  return run_verb (context, { .all = all != FALSE, .reload = reload != FALSE }, *words);
}

} // namespace

const Command config_command{ "config", "show|get|set|unset|check|edit [GROUP [KEY [VALUE]]]",
                              N_ ("Reads, checks and changes the configuration"), run_config };

} // namespace camwarden
