// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/powerlatch.h"
#include "gobject/ref.h"

#include <gio/gio.h>
#include <memory>
#include <optional>
#include <string>

namespace camwarden
{

/* Asks a Raspberry Pi's own program, vcgencmd, where the kernel has no file that tells of the
 * power. Main thread, nothing blocks; there is never a second one under way. One that does not end
 * is killed, and after three failures in a row it is not asked any more: it then lacks the
 * firmware's device, or the permission to use it. */
class PowerProbe
{
public:
  static constexpr guint DEADLINE_MS = 5000;

  /* program: its path; empty: there is none. */
  explicit PowerProbe (std::string program);
  ~PowerProbe ();
  PowerProbe (const PowerProbe &) = delete;
  PowerProbe &operator= (const PowerProbe &) = delete;

  /* In PATH, or in the usr/bin of another root; empty: there is none. */
  [[nodiscard]] static std::string find (const std::string &root);

  void ask ();
  /* The last answer; nothing: none yet, or none to the last question. */
  [[nodiscard]] const std::optional<PowerReading> &
  reading () const
  {
    return reading_;
  }

private:
  void answered (const char *text);
  void failed (const char *why);

  const std::string program_;
  unsigned failures_ = 0;
  std::optional<PowerReading> reading_;
  Ref<GSubprocess> process_; /* while it is under way */
  SourceId deadline_;
  std::shared_ptr<int> alive_ = std::make_shared<int> (0);
};

} // namespace camwarden
