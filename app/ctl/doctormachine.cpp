// SPDX-License-Identifier: LGPL-2.1-or-later
/* What "doctor" says of clock, power, heat, the kernel's words and the hardware watchdog. */
#include "config/i18n.h"
#include "config/values.h"
#include "core/systemparse.h"
#include "ctl/doctor.h"
#include "ctl/textformat.h"

#include <algorithm>
#include <cstdlib>
#include <sys/timex.h>

namespace camwarden
{

namespace
{

constexpr const char *cmdline_file = "/boot/firmware/cmdline.txt";

std::optional<bool>
clock_synchronised (const Machine &machine)
{
  if (!machine.real ()) {
    const auto told = machine.text ("/camwarden-clock");
    return told ? std::optional (told->starts_with ("synchronised")) : std::nullopt;
  }
  timex question{};
  if (adjtimex (&question) >= 0)
    return (question.status & STA_UNSYNC) == 0;
  return std::nullopt;
}

void
check_clock (Inspection &all)
{
  all.warning (clock_synchronised (all.machine) == false, "clock-unsynchronised",
               _ ("the clock is not synchronised"),
               _ ("times of frames, events and backups may be wrong"),
               _ ("apt-get install systemd-timesyncd, and let NTP (UDP port 123) through"));
}

void
check_power (Inspection &all)
{
  const auto text = all.machine.text ("/sys/devices/platform/soc/soc:firmware/get_throttled");
  const auto reading = text ? parse_throttled (*text) : std::nullopt;
  if (!reading)
    return;
  all.error (reading->now.under_voltage || reading->since_boot.under_voltage, "under-voltage",
             _ ("the power supply is too weak"),
             _ ("the voltage fell below 4.63 V: cameras vanish, cards are damaged"),
             _ ("the Raspberry Pi's own supply, a short thick cable, a hub with its own supply"));
  all.warning (!reading->now.under_voltage
                   && (reading->now.throttled || reading->now.soft_temperature_limit),
               "throttled", _ ("the processor is slowed down"), _ ("it is too hot, or lacks power"),
               _ ("a fan or a larger heat sink"));
}

void
check_heat (Inspection &all)
{
  double hottest = -1000;
  for (const std::string &zone : all.machine.names ("/sys/class/thermal")) {
    const auto text = all.machine.text ("/sys/class/thermal/" + zone + "/temp");
    const auto degrees = text ? parse_millidegrees (*text) : std::nullopt;
    hottest = std::max (hottest, degrees.value_or (-1000));
  }
  const Levels &levels = all.config.thresholds ().temperature;
  all.check (hottest >= levels.warning,
             hottest >= levels.critical ? Severity::Error : Severity::Warning, "hot",
             text_of (_ ("the processor has %.0f degrees Celsius"), hottest),
             text_of (_ ("from %.0f on the daemon does less"), levels.warning),
             _ ("a fan, a larger case, a cooler place; less width or framerate"));
}

/* Distributions for the Pi switch them off; what is meant with MemoryMax= has no effect then. */
void
check_kernel_words (Inspection &all)
{
  const auto controllers = all.machine.text ("/sys/fs/cgroup/cgroup.controllers");
  const bool lacks_memory
      = controllers && (" " + *controllers).find (" memory") == std::string::npos;
  all.hint (lacks_memory, "no-memory-cgroup", _ ("the kernel does not account for memory"),
            _ ("MemoryMax= and MemoryHigh= in a unit have no effect"),
            text_of (_ ("add cgroup_enable=memory cgroup_memory=1 to the line in %s, and reboot"),
                     cmdline_file));
  all.hint (!all.machine.exists ("/proc/pressure/memory"), "no-pressure",
            _ ("the kernel does not tell of pressure (PSI)"),
            _ ("the daemon cannot see that tasks wait for memory or disk"),
            text_of (_ ("add psi=1 to the line in %s, and reboot"), cmdline_file));
}

void
check_memory (Inspection &all)
{
  const auto text = all.machine.text ("/proc/meminfo");
  const auto memory = text ? parse_meminfo (*text) : std::nullopt;
  const uint64_t redis
      = all.config.redis ().embedded () ? all.config.redis ().embedded_max_memory : 0;
  if (!memory)
    return;
  all.warning (redis > memory->total / 2, "redis-memory",
               text_of (_ ("the private Redis may take %s"),
                        format_bytes (static_cast<double> (redis)).c_str ()),
               text_of (_ ("the machine has %s in all"),
                        format_bytes (static_cast<double> (memory->total)).c_str ()),
               _ ("embedded-max-memory of a quarter of that, in [redis]"));
  const Levels &levels = all.config.thresholds ().memory;
  all.check (memory->used () >= levels.warning,
             memory->used () >= levels.critical ? Severity::Error : Severity::Warning,
             "memory-full", text_of (_ ("%.0f %% of the memory is in use"), memory->used () * 100),
             _ ("a program may be killed at any moment"),
             _ ("less width or fewer cameras; see who takes it: ps aux --sort=-rss"));
}

/* systemd's own configuration, drop-ins last. */
SystemdUnit
systemd_settings (const Machine &machine)
{
  SystemdUnit settings;
  settings.add (machine.text ("/etc/systemd/system.conf").value_or (""));
  for (const char *folder : { "/usr/lib/systemd/system.conf.d", "/etc/systemd/system.conf.d" })
    for (const std::string &name : machine.names (folder))
      if (name.ends_with (".conf"))
        settings.add (machine.text (std::string (folder) + "/" + name).value_or (""));
  return settings;
}

/* The Pi's counts to 15 s, and a longer time means no watchdog at all. */
void
check_watchdog (Inspection &all)
{
  constexpr double pi_longest = 15;
  const std::string device = "/sys/class/watchdog/watchdog0";
  if (!all.machine.exists (device))
    return;
  const std::string text = systemd_settings (all.machine).value ("RuntimeWatchdogSec");
  const double wanted = text.empty () || text == "off" ? 0 : systemd_seconds (text);
  const auto told = all.machine.text (device + "/max_timeout");
  const auto identity = all.machine.text (device + "/identity");
  double longest = told ? std::strtod (told->c_str (), nullptr) : 0;
  if (longest <= 0 && identity && identity->find ("BCM2835") != std::string::npos)
    longest = pi_longest;
  all.hint (wanted <= 0, "no-watchdog", _ ("the hardware watchdog is not used"),
            _ ("a machine whose kernel hangs stays so until somebody pulls the plug"),
            _ ("cp /usr/share/camwarden/examples/raspberry-pi-watchdog.conf "
               "/etc/systemd/system.conf.d/, then systemctl daemon-reexec"));
  all.warning (wanted > longest && longest > 0, "watchdog-too-long",
               text_of (_ ("RuntimeWatchdogSec=%s is more than the watchdog can"), text.c_str ()),
               text_of (_ ("it counts to %.0f s: there is no watchdog at all now"), longest),
               text_of (_ ("RuntimeWatchdogSec=%.0f, then systemctl daemon-reexec"), longest - 1));
}

} // namespace

void
check_machine (Inspection &all)
{
  check_clock (all);
  check_power (all);
  check_heat (all);
  check_memory (all);
  check_kernel_words (all);
  check_watchdog (all);
}

} // namespace camwarden
