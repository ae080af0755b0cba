// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/logadvice.h"

#include "config/i18n.h"

namespace camwarden
{

namespace
{

struct Advice
{
  std::string_view word;
  const char *text;
};

constexpr const char *cable = N_ ("check the cable, the hub and the power supply");
constexpr const char *smaller = N_ ("a smaller width or framerate, or more CMA memory");
constexpr const char *see_log
    = N_ ("look at the lines before it: camwardenctl logs --recent-errors");
constexpr const char *libcamera
    = N_ ("read libcamera's own lines in the log; check the ribbon cable");
constexpr const char *check_disk = N_ ("check the disk: dmesg, camwardenctl doctor");

/* docs/faults.md says it at length. */
constexpr Advice codes[]{
  { "resource-not-found", N_ ("plug the camera in, or correct `device` or `source`") },
  { "no-camera", N_ ("plug the camera in") },
  { "device-gone", cable },
  { "open-failed", see_log },
  { "permission-denied", N_ ("put the service's user into the group video") },
  { "resource-busy", N_ ("end the other program that holds the camera: camwardenctl cameras") },
  { "io-error", cable },
  { "usb-protocol-error", N_ ("another USB port, no hub, a shorter cable") },
  { "usb-timeout", N_ ("another USB port, no hub, a shorter cable") },
  { "device-init-failed", N_ ("unplug the camera and plug it in again") },
  { "start-failed", libcamera },
  { "no-buffers", smaller },
  { "no-bandwidth", N_ ("a smaller width or framerate, JPEG from the camera, or another USB bus") },
  { "no-memory", smaller },
  { "no-buffer", smaller },
  { "pool-failed", smaller },
  { "driver-fault", N_ ("a newer kernel if it comes often") },
  { "no-frame-memory", smaller },
  { "camera-manager-failed", libcamera },
  { "frontend-timeout", N_ ("check the ribbon cable at both of its ends") },
  { "codec-timeout", N_ ("reboot the machine if it stays") },
  { "task-blocked", N_ ("reboot the machine: a driver hangs in the kernel") },
  { "resource-failed", see_log },
  { "resource-read", see_log },
  { "resource-error", see_log },
  { "stream-failed", see_log },
  { "stream-broken", N_ ("check the file or the sender that the source reads") },
  { "library-error", see_log },
  { "core-error", see_log },
  { "stall", N_ ("check the cable and the power supply if it comes often") },
  { "eos", N_ ("correct `source`: it gives no frame") },
  { "ended", N_ ("nothing: the source began anew by itself") },
  { "late-first-frame", N_ ("nothing: the camera lost frames at its start") },
  { "state-change-failed", see_log },
  { "state-change-hang", N_ ("a newer kernel if it comes often") },
  { "caps-refused", see_log },
  { "not-linked", N_ ("report it, with the bundle of camwardenctl doctor --bundle") },
  { "element-failed", N_ ("correct `encoder`") },
  { "blocked", N_ ("look at the machine's load; correct `encoder`") },
  { "no-signal", N_ ("connect a signal to the converter") },
  { "frozen", N_ ("restart the camera; a synthetic scene needs frozen-after = 0") },
  { "dark", N_ ("light, or the lens cap; see `dark-below`") },
  { "bright", N_ ("less light; see `bright-above`") },
  { "blur", N_ ("clean or focus the lens; see `blur-below`") },
  { "configuration", N_ ("camwardenctl config check") },
  { "configure-failed", N_ ("another `width` and `height`") },
  { "not-a-camera", N_ ("another `device`: this node gives no pictures") },
  { "resource-settings", N_ ("another `width`, `height` or `framerate`") },
  { "not-negotiated", N_ ("another `width`, `height` or `framerate`") },
  { "not-authorized", N_ ("correct the credentials in `source`") },
  { "unsupported-stream", N_ ("install the decoder's plugin: camwardenctl doctor") },
  { "missing-plugin", N_ ("install the plugin: camwardenctl doctor") },
  { "paused-full", N_ ("free some space, or lower store-max-bytes; storing goes on by itself") },
  { "paused-readonly", check_disk },
  { "paused-io", check_disk },
  { "paused-missing", N_ ("mount the disk that holds the frames") },
  { "paused-permission", N_ ("give the folder to the service's user: chown camwarden") },
  /* The supervisor's own. */
  { "not-started", N_ ("the worker's program is missing: camwardenctl doctor") },
  { "unreapable", N_ ("reboot the machine: a driver hangs in the kernel") },
  { "hang", N_ ("a newer kernel if it comes often") },
};

constexpr Advice phrases[]{
  { "NOAUTH", N_ ("set password-file in [redis] to a file with Redis' password") },
  { "WRONGPASS", N_ ("correct the password in [redis] password-file") },
  { "NOPERM", N_ ("give the Redis user the rules of the shipped ACL: camwardenctl doctor") },
  { "MISCONF", N_ ("Redis cannot save to its disk: free some there, or `CONFIG SET save \"\"`") },
  { "OOM command", N_ ("a larger maxmemory for Redis, or a shorter stream") },
  { "READONLY", N_ ("this Redis is a replica: name its master in [redis] uri") },
  { "Redis is away", N_ ("see whether Redis runs and is reachable: camwardenctl doctor") },
  { "redis-server", N_ ("see why the private redis-server ended: the lines before it") },
  { "under-voltage", N_ ("a stronger power supply, or a shorter cable to it") },
  { "threshold: disk", N_ ("free some space: camwardenctl backup cleanup, store-max-bytes") },
  { "threshold: memory", N_ ("less `width` or fewer cameras; see embedded-max-memory") },
  { "threshold: temperature", N_ ("cool the machine: a fan, a larger case, less load") },
  { "threshold: cpu", N_ ("less `width` or `framerate`: camwardenctl tune") },
  { "No space left", N_ ("free some space on that disk") },
  { "Read-only file system", check_disk },
  { "Input/output error", check_disk },
  { "Permission denied", N_ ("correct the file's owner or mode: camwardenctl doctor") },
  { "in use by another program", N_ ("end the program that holds the port, or set [http] listen") },
  { "Address already in use", N_ ("end the program that holds the port, or set [http] listen") },
  { "wrong token", N_ ("give that client the right token: camwardenctl token") },
  { "no file descriptor is left", N_ ("fewer clients at once, or a larger LimitNOFILE") },
  { "another worker still holds", N_ ("end the worker that was started by hand") },
  { "not reloaded", N_ ("camwardenctl config check") },
  { "no camera found: test picture", N_ ("plug the camera in, or name it in `device`") },
  { "does not offer that size", N_ ("set `width` and `height` to a size that the source has") },
};

bool
belongs_to_word (char c)
{
  return (c >= 'a' && c <= 'z') || c == '-';
}

} // namespace

const char *
advice_for_code (std::string_view code)
{
  for (const Advice &advice : codes)
    if (advice.word == code)
      return advice.text;
  return nullptr;
}

/* The code behind the first "PART/" in "camera front: fault source/stall, class camera". */
static const char *
advice_for_cause (std::string_view line)
{
  for (size_t at = line.find ('/'); at != std::string_view::npos; at = line.find ('/', at + 1)) {
    size_t end = at + 1;
    while (end < line.size () && belongs_to_word (line[end]))
      end++;
    if (const char *text = advice_for_code (line.substr (at + 1, end - at - 1)))
      return text;
  }
  return nullptr;
}

const char *
advice_for_line (std::string_view line)
{
  if (const char *text = advice_for_cause (line))
    return text;
  for (const Advice &advice : phrases)
    if (line.find (advice.word) != std::string_view::npos)
      return advice.text;
  return nullptr;
}

} // namespace camwarden
