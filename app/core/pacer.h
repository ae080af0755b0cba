// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>

namespace camwarden
{

/* Moves the time stamps of a source that is not live to where the clock is, so that whoever waits
 * for the clock waits no longer than a frame takes. A file counts from zero whenever it begins; a
 * source that stamps by the clock is moved by nothing. All times in nanoseconds. */
class Pacer
{
public:
  /* The source starts anew: its next frame is due at once. */
  void
  begin ()
  {
    offset_.reset ();
  }

  /* What to add to the running time of this frame; interval: between frames, 0 if unknown. */
  [[nodiscard]] int64_t offset (int64_t running, int64_t now, int64_t interval);

private:
  std::optional<int64_t> offset_;
};

} // namespace camwarden
