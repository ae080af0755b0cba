// SPDX-License-Identifier: LGPL-2.1-or-later
#include "buildconfig.h"
#include "config/i18n.h"
#include "ctl/command.h"
#include "ctl/exitstatus.h"
#include "gobject/ref.h"

#include <cstdio>
#include <sys/utsname.h>
#include <vector>

namespace camwarden
{

namespace
{

using Rows = std::vector<std::pair<const char *, std::string>>;

std::string
triple (unsigned major, unsigned minor, unsigned micro)
{
  return std::to_string (major) + "." + std::to_string (minor) + "." + std::to_string (micro);
}

/* Names for programs, never translated; an empty text: it is not known. */
Rows
details (CtlContext &context)
{
  Rows rows{ { "camwardenctl", CAMWARDEN_VERSION } };
  ClientError error;
  const JsonNodePtr status = context.client ().get ("/api/status", error);
  JsonObject *daemon = status ? json_node_get_object (status.get ()) : nullptr;
  rows.emplace_back ("camwardend", json_text (daemon, "version"));
  rows.emplace_back ("redis", json_text (json_object (daemon, "redis"), "server"));
  rows.emplace_back ("configuration", CAMWARDEN_SYSCONFDIR);
  rows.emplace_back ("glib", triple (glib_major_version, glib_minor_version, glib_micro_version));
  rows.emplace_back ("libsoup", triple (soup_get_major_version (), soup_get_minor_version (),
                                        soup_get_micro_version ()));
  utsname machine{};
  if (uname (&machine) == 0)
    rows.emplace_back ("kernel", std::string (machine.sysname) + " " + machine.release + " "
                                     + machine.machine);
  rows.emplace_back ("system", take_string (g_get_os_info (G_OS_INFO_KEY_PRETTY_NAME)));
  return rows;
}

void
print_json (const Rows &rows)
{
  const JsonBuilderPtr json (json_builder_new ());
  json_builder_begin_object (json.get ());
  for (const auto &[name, value] : rows) {
    json_builder_set_member_name (json.get (), name);
    if (value.empty ())
      json_builder_add_null_value (json.get ());
    else
      json_builder_add_string_value (json.get (), clip (value, 200).c_str ());
  }
  json_builder_end_object (json.get ());
  fputs (to_text (json).c_str (), stdout);
}

int
run_version (CtlContext &context, int argc, char **argv)
{
  gboolean verbose = FALSE;
  const GOptionEntry entries[] = {
    { "verbose", 'v', 0, G_OPTION_ARG_NONE, &verbose,
      N_ ("Of the daemon, Redis, libraries and the system too, and where its configuration is"),
      nullptr },
    {},
  };
  if (!context.parse_alone (entries, argc, argv))
    return EXIT_USAGE;
  const Rows rows = verbose ? details (context) : Rows{ { "camwardenctl", CAMWARDEN_VERSION } };
  if (context.options.json)
    print_json (rows);
  else if (!verbose)
    printf ("camwardenctl %s\n", CAMWARDEN_VERSION);
  else
    for (const auto &[name, value] : rows)
      print (context.terminal,
             pad (name, 13) + "  " + clip (value.empty () ? _ ("not known") : value, 60) + "\n");
  return EXIT_HEALTHY;
}

} // namespace

const Command version_command{ "version", "", N_ ("The version of this program, and of the rest"),
                               run_version };

} // namespace camwarden
