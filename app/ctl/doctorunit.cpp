// SPDX-License-Identifier: LGPL-2.1-or-later
/* What "doctor" says of the service: its unit with drop-ins, and what it needs besides. */
#include "config/directories.h"
#include "config/i18n.h"
#include "ctl/doctor.h"
#include "ctl/textformat.h"

#include <algorithm>

namespace camwarden
{

namespace
{

constexpr const char *drop_in = "systemctl edit camwarden";

/* Lines of the shipped unit that somebody has taken back. */
std::string
weakened (const SystemdUnit &unit)
{
  std::string lines;
  const auto note = [&lines] (bool weak, const char *line) {
    if (weak)
      lines += (lines.empty () ? "" : ", ") + std::string (line);
  };
  const std::string user = unit.value ("User");
  note (user.empty () || user == "root", "User=camwarden");
  note (!unit.is_yes ("NoNewPrivileges"), "NoNewPrivileges=yes");
  note (unit.value ("ProtectSystem") != "strict", "ProtectSystem=strict");
  note (!unit.words ("CapabilityBoundingSet").empty (), "CapabilityBoundingSet=");
  note (unit.words ("SystemCallFilter").empty (), "SystemCallFilter=@system-service");
  note (unit.words ("RestrictAddressFamilies").empty (),
        "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK");
  return lines;
}

void
check_hardening (Inspection &all)
{
  const std::string lines = weakened (all.unit);
  all.warning (!lines.empty (), "unit-weak", _ ("the service is less protected than it could be"),
               text_of (_ ("the unit or a drop-in of it lacks: %s"), lines.c_str ()),
               text_of (_ ("take it out of /etc/systemd/system/camwarden.service.d, or put it back "
                           "with %s"),
                        drop_in));
  all.error (all.unit.is_yes ("PrivateDevices"), "unit-no-devices",
             _ ("the service sees no cameras"), _ ("PrivateDevices=yes hides /dev/video*"),
             text_of (_ ("PrivateDevices=no with %s"), drop_in));
}

void
check_restarts (Inspection &all)
{
  const std::string restart = all.unit.value ("Restart");
  all.warning (restart != "always" && restart != "on-failure", "unit-no-restart",
               _ ("systemd does not start the daemon again"),
               text_of (_ ("Restart=%s"), restart.c_str ()),
               text_of (_ ("Restart=always with %s"), drop_in));
  const double watchdog = systemd_seconds (all.unit.value ("WatchdogSec"));
  all.warning (watchdog <= 0, "unit-no-watchdog", _ ("nobody notices when the daemon hangs"),
               _ ("the unit has no WatchdogSec="), text_of (_ ("WatchdogSec=20 with %s"), drop_in));
  const auto wanted = all.machine.names ("/etc/systemd/system/multi-user.target.wants");
  all.warning (std::find (wanted.begin (), wanted.end (), "camwarden.service") == wanted.end (),
               "unit-disabled", _ ("the service does not start with the machine"),
               _ ("it is not enabled"), _ ("systemctl enable camwarden"));
}

bool
is_below (const std::string &path, const std::string &folder)
{
  return path == folder || path.starts_with (folder.ends_with ('/') ? folder : folder + "/");
}

/* ProtectSystem=strict makes all read-only but the unit's own directories. */
void
check_store (Inspection &all)
{
  const std::string &frames = all.config.store ().location;
  const bool stores = std::any_of (all.config.cameras ().begin (), all.config.cameras ().end (),
                                   [] (const CameraConfig &camera) { return camera.store; });
  if (!stores)
    return;
  const auto writable = all.unit.words ("ReadWritePaths");
  const bool listed = std::any_of (writable.begin (), writable.end (),
                                   [&] (const std::string &one) { return is_below (frames, one); });
  const bool own = is_below (frames, state_directory ()) || is_below (frames, "/var/lib/camwarden");
  const bool home = is_below (frames, "/home") && !all.unit.value ("ProtectHome").empty ()
                    && all.unit.value ("ProtectHome") != "no";
  all.error ((all.unit.value ("ProtectSystem") == "strict" && !listed && !own) || home,
             "store-protected", text_of (_ ("the service may not write to %s"), frames.c_str ()),
             home ? _ ("ProtectHome= hides /home from it")
                  : _ ("ProtectSystem=strict makes all but its own directories read-only"),
             text_of (_ ("ReadWritePaths=%s with %s%s"), frames.c_str (), drop_in,
                      home ? _ (", or a directory that is not below /home") : ""));
}

bool
has_file (const Machine &machine, const std::vector<std::string> &folders, const char *word)
{
  return std::any_of (folders.begin (), folders.end (), [&] (const std::string &folder) {
    const auto names = machine.names (folder);
    return std::any_of (names.begin (), names.end (), [word] (const std::string &name) {
      return name.find (word) != std::string::npos;
    });
  });
}

void
check_permissions (Inspection &all)
{
  const RecoveryConfig &recovery = all.config.recovery ();
  all.error (
      recovery.allow_reboot
          && !has_file (all.machine, { "/etc/polkit-1/rules.d", "/usr/share/polkit-1/rules.d" },
                        "camwarden-reboot"),
      "reboot-not-permitted", _ ("the daemon may reboot, and is not permitted to"),
      _ ("allow-reboot=true needs a rule of polkit's"),
      _ ("cp /usr/share/camwarden/examples/50-camwarden-reboot.rules /etc/polkit-1/rules.d/"));
  const bool sysfs = all.unit.has_word ("ReadWritePaths", "/sys/devices");
  all.error (recovery.device_reset
                 && (!sysfs
                     || !has_file (all.machine, { "/etc/udev/rules.d", "/usr/lib/udev/rules.d" },
                                   "camwarden-usb")),
             "usb-reset-not-permitted",
             _ ("the daemon may switch USB ports, and is not permitted to"),
             _ ("device-reset=true needs a rule of udev's and a drop-in of the unit"),
             _ ("cp /usr/share/camwarden/examples/90-camwarden-usb.rules /etc/udev/rules.d/, and "
                "usb-reset.conf to /etc/systemd/system/camwarden.service.d/"));
}

void
check_network (Inspection &all)
{
  const bool denies = all.unit.has_word ("IPAddressDeny", "any");
  const auto allowed = all.unit.words ("IPAddressAllow");
  const bool only_local
      = std::all_of (allowed.begin (), allowed.end (), [] (const std::string &one) {
          return one == "localhost" || one.starts_with ("127.") || one.starts_with ("::1");
        });
  all.error (denies && only_local && all.redis.remote, "unit-no-network",
             text_of (_ ("the service may not reach Redis at %s"), all.redis.server.c_str ()),
             _ ("IPAddressDeny=any, and IPAddressAllow= names this machine only"),
             text_of (_ ("IPAddressAllow= with that address, with %s"), drop_in));
}

} // namespace

void
check_unit (Inspection &all)
{
  if (all.unit.empty ())
    return;
  check_hardening (all);
  check_restarts (all);
  check_store (all);
  check_permissions (all);
  check_network (all);
}

} // namespace camwarden
