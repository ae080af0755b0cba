// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "common/locked.h"

#include <deque>
#include <functional>
#include <gst/gst.h>
#include <memory>

namespace camwarden
{

/* A few encoded pictures of the last seconds, to show what the camera saw before a fault and what
 * it showed then. */
class PictureLog
{
public:
  using Shared = std::shared_ptr<GstBuffer>; /* shared by the log and what was taken from it */

  PictureLog () = default;
  PictureLog (const PictureLog &) = delete;
  PictureLog &operator= (const PictureLog &) = delete;

  /* Streaming thread: an encoded picture. Most are let go by at once. */
  void look (GstBuffer *buffer, int64_t now);

  /* Any thread. */
  /* The latest from before that time; NULL: there is none. */
  [[nodiscard]] Shared before (int64_t when) const;
  /* Forgets the bad one of the fault before, and takes the next picture for one, or not. */
  void expect_bad (bool expect);
  [[nodiscard]] Shared first_bad () const; /* NULL: none was asked for, or none came yet */

private:
  struct Entry
  {
    int64_t when;
    Shared picture;
  };
  struct Kept
  {
    std::deque<Entry> pictures; /* oldest first */
    int64_t next = 0;
    bool expecting = false;
    Shared bad;
  };

  Locked<Kept> kept_;
};

/* Its bytes; NULL for NULL, and for what is no JPEG. */
[[nodiscard]] GBytes *picture_bytes (const PictureLog::Shared &picture);

} // namespace camwarden
