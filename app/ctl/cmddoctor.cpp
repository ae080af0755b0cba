// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/directories.h"
#include "config/i18n.h"
#include "ctl/backuprestore.h"
#include "ctl/command.h"
#include "ctl/doctor.h"
#include "ctl/exitstatus.h"
#include "ctl/places.h"
#include "ctl/supportbundle.h"
#include "ctl/textformat.h"
#include "gobject/ref.h"

#include <algorithm>
#include <cstdio>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace camwarden
{

namespace
{

/* The unit with its drop-ins, in systemd's order. */
SystemdUnit
read_unit (const Machine &machine)
{
  SystemdUnit unit;
  for (const char *folder :
       { "/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system",
         "/usr/lib/systemd/system", "/lib/systemd/system" })
    if (const auto text = machine.text (std::string (folder) + "/camwarden.service")) {
      unit.add (*text);
      break;
    }
  if (unit.empty ())
    return unit;
  for (const char *folder :
       { "/usr/lib/systemd/system/camwarden.service.d", "/run/systemd/system/camwarden.service.d",
         "/etc/systemd/system/camwarden.service.d" })
    for (const std::string &name : machine.names (folder))
      if (name.ends_with (".conf"))
        unit.add (machine.text (std::string (folder) + "/" + name).value_or (""));
  return unit;
}

bool
daemon_runs ()
{
  const int fd = open ((runtime_directory () + "/camwardend.lock").c_str (), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return false;
  const bool free = flock (fd, LOCK_SH | LOCK_NB) == 0;
  close (fd);
  return !free;
}

/* With a configuration that cannot be read the rest is judged by the defaults. */
Config
usable_config (const std::string &file, std::vector<Finding> &findings)
{
  std::vector<Finding> none;
  auto config = load_config (file, findings);
  if (!config)
    config = load_config ("/dev/null", none);
  return config ? std::move (*config) : Config ();
}

Inspection
inspect (const std::string &config_file)
{
  const char *root = g_getenv ("CAMWARDEN_ROOT");
  std::vector<Finding> findings;
  Inspection all{ .machine = Machine (root && *root ? root : "/"),
                  .config = usable_config (config_file, findings),
                  .unit = {},
                  .redis = {},
                  .daemon_runs = daemon_runs (),
                  .findings = {} };
  all.unit = read_unit (all.machine);
  all.redis = ask_redis (all.config);
  check_configuration (all, findings, main_config_file (config_file));
  check_access (all);
  check_cameras (all);
  check_programs (all);
  check_redis (all);
  check_disks (all);
  check_machine (all);
  check_unit (all);
  return all;
}

int
status_of (const Inspection &all)
{
  const auto has = [&all] (Severity severity) {
    return std::any_of (all.findings.begin (), all.findings.end (),
                        [severity] (const auto &one) { return one.severity == severity; });
  };
  if (has (Severity::Error))
    return EXIT_CRITICAL;
  return has (Severity::Warning) ? EXIT_WARNING : EXIT_HEALTHY;
}

int
make_bundle (const CtlContext &context, const Inspection &all, const std::string &path)
{
  const std::string problem = write_bundle (path, bundle_texts (all, context.options.config_file));
  if (!problem.empty ()) {
    complain (problem);
    return EXIT_CANNOT_WRITE;
  }
  if (!context.options.json)
    print (
        context.terminal,
        wrap (text_of (_ ("%s holds all that helps to help, and no passwords, tokens or pictures. "
                          "Look into it before you give it away: tar --zstd -tvf"),
                       path.c_str ()),
              context.terminal.columns, 0)
            + "\n");
  return EXIT_HEALTHY;
}

int
run_doctor (CtlContext &context, int argc, char **argv)
{
  char *bundle = nullptr;
  const GOptionEntry entries[] = {
    { "bundle", 0, 0, G_OPTION_ARG_FILENAME, &bundle,
      N_ ("Write an archive for whoever is to help (.tar.zst)"), N_ ("FILE") },
    {},
  };
  const bool good = context.parse_alone (
      entries, argc, argv,
      _ ("Exit status: 0 nothing wrong, or hints only; 1 warnings; 2 errors."));
  const std::string path = take_string (bundle);
  if (!good)
    return EXIT_USAGE;
  adopt_service_directories ();
  const Inspection all = inspect (context.options.config_file);
  if (context.options.json)
    fputs (findings_json (all).c_str (), stdout);
  else
    print (context.terminal, format_findings (all, context.terminal));
  if (!path.empty ())
    if (const int status = make_bundle (context, all, path); status != EXIT_HEALTHY)
      return status;
  return status_of (all);
}

} // namespace

const Command doctor_command{ "doctor", "",
                              N_ ("Looks for what is set up wrongly, and says how to mend it"),
                              run_doctor };

} // namespace camwarden
