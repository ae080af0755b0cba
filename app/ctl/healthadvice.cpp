// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/i18n.h"
#include "ctl/healthview.h"

namespace camwarden
{

namespace
{

struct Advice
{
  const char *code;
  const char *text;
};

/* For the codes of issues (app/core/healthreport.cpp) and of the machine's alerts. */
constexpr Advice table[]{
  { "starting", N_ ("Wait a few seconds; then see \"camwardenctl events\".") },
  { "stall", N_ ("The daemon restarts it by itself; check the cable and the power supply.") },
  { "no-camera", N_ ("Plug it in, or correct source or device: see \"camwardenctl cameras\".") },
  { "respawning", N_ ("Wait; if it comes again and again, see \"camwardenctl events\".") },
  { "failed",
    N_ ("The message names the key or the plugin: correct it, then \"camwardenctl reload\".") },
  { "frozen", N_ ("Look at the picture; for a scene that never changes set frozen-after=0.") },
  { "dark", N_ ("Check the light and the lens cap; dark-below sets the limit.") },
  { "bright", N_ ("Check the light and the exposure; bright-above sets the limit.") },
  { "blur", N_ ("Clean or focus the lens; blur-below sets the limit.") },
  { "store-full", N_ ("Free some space or raise store-max-bytes; it goes on by itself.") },
  { "store-readonly", N_ ("The file system is read-only: check the disk, then remount it.") },
  { "store-io", N_ ("Reading or writing fails: check the disk and its cable.") },
  { "store-missing", N_ ("The folder is gone: mount the disk, or make the folder.") },
  { "store-permission", N_ ("Give the folder to the daemon's user.") },
  { "test-picture", N_ ("Plug a camera in, or name one with source or device.") },
  { "disconnected", N_ ("Look whether Redis runs and whether [redis] uri is right.") },
  { "refused", N_ ("Correct the configuration, then \"camwardenctl reload\".") },
  { "no-cameras", N_ ("Add a [camera:ID] group to the configuration.") },
  { "cpu",
    N_ ("End what else takes the processors, or lower framerate, width or quality of a camera.") },
  { "memory", N_ ("End what takes the memory, or lower [redis] embedded-max-memory.") },
  { "disk", N_ ("Free some space, or lower store-max-bytes and store-max-age.") },
  { "temperature", N_ ("Cool the machine; lower framerate or width meanwhile.") },
  { "camera-failures", N_ ("See \"camwardenctl events\": cable, power supply, USB port.") },
  { "redis-away", N_ ("Look whether Redis runs and whether [redis] uri is right.") },
};

} // namespace

std::string
advice_for (const std::string &code)
{
  for (const auto &advice : table)
    if (code == advice.code)
      return _ (advice.text);
  return {};
}

} // namespace camwarden
