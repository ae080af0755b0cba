// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/i18n.h"
#include "config/problems.h"
#include "ctl/configcommands.h"
#include "ctl/exitstatus.h"
#include "gobject/ref.h"

#include <algorithm>
#include <cstdio>

namespace camwarden
{

namespace
{

using Entries = std::vector<ConfigEntry>;

/* Columns of a value: clip() is to take out what a terminal would obey, not to cut. */
constexpr unsigned longest = 1 << 20;

/* What the daemon there has in force. */
std::optional<Entries>
ask_entries (CtlContext &context, int &status)
{
  ClientError error;
  const JsonNodePtr answer = context.client ().get ("/api/config", error);
  if (!answer) {
    status = complain (error);
    return {};
  }
  Entries entries;
  for (const auto &[group, keys] : json_named_objects (json_node_get_object (answer.get ())))
    for (const auto &[key, object] : json_named_objects (keys))
      entries.push_back ({ group, key, json_text (object, "value"), json_text (object, "default"),
                           json_text (object, "derived"), json_text (object, "where"),
                           json_flag (object, "secret") });
  return entries;
}

std::optional<Entries>
read_entries (CtlContext &context, int &status)
{
  if (!context.options.url.empty ())
    return ask_entries (context, status);
  std::vector<Finding> findings;
  const auto config = Config::load (config_sources (context.options), findings);
  if (config)
    return config->entries ();
  complain_about (findings);
  status = EXIT_BAD_CONFIG;
  return {};
}

std::string
value_text (const ConfigEntry &entry)
{
  if (entry.secret && !entry.where.empty ())
    return _ ("(not shown)");
  return entry.value.empty () && !entry.derived.empty () ? "(" + std::string (entry.derived) + ")"
                                                         : entry.value;
}

std::string
entry_line (const ConfigEntry &entry, const Terminal &terminal)
{
  constexpr unsigned column = 46;
  const std::string line = clip (entry.key + "=" + value_text (entry), longest);
  const std::string where = entry.where.empty () ? _ ("default") : clip (entry.where, 300);
  if (text_width (line) + 2 + 2 + text_width (where) > terminal.columns)
    return clip (line, terminal.columns) + "\n    "
           + terminal.paint (Tone::Faint, "# " + clip (where, terminal.columns - 6)) + "\n";
  const unsigned room
      = std::max (text_width (line), std::min (column, terminal.columns - 4 - text_width (where)));
  return pad (line, room) + "  " + terminal.paint (Tone::Faint, "# " + where) + "\n";
}

std::string
format_entries (const Entries &entries, const Terminal &terminal)
{
  std::string text, group;
  for (const auto &entry : entries) {
    if (entry.group != group) {
      text += (text.empty () ? "[" : "\n[") + clip (entry.group, 60) + "]\n";
      group = entry.group;
    }
    text += entry_line (entry, terminal);
  }
  return text;
}

void
add_text (JsonBuilder *json, const char *name, const std::string &text, bool known)
{
  json_builder_set_member_name (json, name);
  if (known)
    json_builder_add_string_value (json,
                                   take_string (g_utf8_make_valid (text.c_str (), -1)).c_str ());
  else
    json_builder_add_null_value (json);
}

/* The same shape as /api/config. */
std::string
entries_json (const Entries &entries)
{
  const JsonBuilderPtr json (json_builder_new ());
  json_builder_begin_object (json.get ());
  std::string group;
  for (const auto &entry : entries) {
    if (entry.group != group) {
      if (!group.empty ())
        json_builder_end_object (json.get ());
      group = entry.group;
      json_builder_set_member_name (json.get (), group.c_str ());
      json_builder_begin_object (json.get ());
    }
    json_builder_set_member_name (json.get (), entry.key.c_str ());
    json_builder_begin_object (json.get ());
    add_text (json.get (), "value", entry.value, !entry.secret);
    add_text (json.get (), "default", entry.fallback, !entry.fallback.empty ());
    add_text (json.get (), "derived", entry.derived, !entry.derived.empty ());
    add_text (json.get (), "where", entry.where, !entry.where.empty ());
    json_builder_set_member_name (json.get (), "secret");
    json_builder_add_boolean_value (json.get (), entry.secret);
    json_builder_end_object (json.get ());
  }
  if (!group.empty ())
    json_builder_end_object (json.get ());
  json_builder_end_object (json.get ());
  return to_text (json);
}

} // namespace

int
show_config (CtlContext &context, const ConfigOptions &options, const Words &words)
{
  if (words.size () > 1)
    return wrong_usage (_ ("say \"config show\" or \"config show GROUP\""));
  int status = EXIT_HEALTHY;
  auto entries = read_entries (context, status);
  if (!entries)
    return status;
  if (!words.empty ()
      && std::none_of (entries->begin (), entries->end (),
                       [&] (const ConfigEntry &entry) { return entry.group == words[0]; })) {
    complain (
        take_string (g_strdup_printf (_ ("there is no group [%s]"), clip (words[0], 60).c_str ())));
    return EXIT_MISSING;
  }
  std::erase_if (*entries, [&] (const ConfigEntry &entry) {
    return (!words.empty () && entry.group != words[0])
           || (!options.all && entry.where.empty () && !context.options.json);
  });
  if (context.options.json)
    fputs (entries_json (*entries).c_str (), stdout);
  else if (entries->empty ())
    print (context.terminal,
           std::string (_ ("Nothing is configured: everything is as --all shows it.")) + "\n");
  else
    print (context.terminal, format_entries (*entries, context.terminal));
  return EXIT_HEALTHY;
}

int
get_config (CtlContext &context, const ConfigOptions &, const Words &words)
{
  if (words.size () != 2)
    return wrong_usage (_ ("say \"config get GROUP KEY\", such as \"config get redis uri\""));
  int status = EXIT_HEALTHY;
  const auto entries = read_entries (context, status);
  if (!entries)
    return status;
  const auto found
      = std::find_if (entries->begin (), entries->end (), [&] (const ConfigEntry &entry) {
          return entry.group == words[0] && entry.key == words[1];
        });
  if (found == entries->end ()) {
    complain (
        take_string (g_strdup_printf (_ ("there is no key [%s] %s"), clip (words[0], 60).c_str (),
                                      clip (words[1], 60).c_str ())));
    return EXIT_MISSING;
  }
  if (context.options.json) {
    fputs (entries_json ({ *found }).c_str (), stdout);
  } else if (found->secret && !found->where.empty ()) {
    complain (take_string (
        g_strdup_printf (_ ("it may hold a secret; see %s"), clip (found->where, 300).c_str ())));
    return EXIT_REFUSED;
  } else {
    print (context.terminal, clip (found->value, longest) + "\n");
  }
  return EXIT_HEALTHY;
}

} // namespace camwarden
