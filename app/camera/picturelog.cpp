// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/picturelog.h"

#include "gobject/heldbuffer.h"

#include <algorithm>

namespace camwarden
{

namespace
{

/* Ten pictures, two seconds apart: a black picture is told only after ten seconds and more, and
 * what is wanted is the picture from before. */
constexpr int64_t spacing = 2 * G_USEC_PER_SEC;
constexpr size_t most = 10;

/* A reference where the buffer may be held, else a copy: a driver waits for its own. */
PictureLog::Shared
keep (GstBuffer *buffer)
{
  GstBuffer *kept = may_be_held (buffer) ? gst_buffer_ref (buffer) : gst_buffer_copy_deep (buffer);
  return { kept, [] (GstBuffer *one) { gst_buffer_unref (one); } };
}

} // namespace

void
PictureLog::look (GstBuffer *buffer, int64_t now)
{
  const auto wanted
      = kept_.with ([&] (const Kept &kept) { return kept.expecting || now >= kept.next; });
  if (!wanted)
    return;
  Entry entry{ now, keep (buffer) };
  Shared gone; /* let go of outside the lock */
  kept_.with ([&] (Kept &kept) {
    if (kept.expecting) {
      kept.bad.swap (entry.picture);
      kept.expecting = false;
      return;
    }
    kept.next = now + spacing;
    kept.pictures.push_back (std::move (entry));
    if (kept.pictures.size () > most) {
      gone = std::move (kept.pictures.front ().picture);
      kept.pictures.pop_front ();
    }
  });
}

PictureLog::Shared
PictureLog::before (int64_t when) const
{
  return kept_.with ([&] (const Kept &kept) {
    const auto found = std::find_if (kept.pictures.rbegin (), kept.pictures.rend (),
                                     [when] (const auto &entry) { return entry.when < when; });
    return found == kept.pictures.rend () ? Shared{} : found->picture;
  });
}

void
PictureLog::expect_bad (bool expect)
{
  Shared gone;
  kept_.with ([&] (Kept &kept) {
    gone.swap (kept.bad);
    kept.expecting = expect;
  });
}

PictureLog::Shared
PictureLog::first_bad () const
{
  return kept_.with ([] (const Kept &kept) { return kept.bad; });
}

GBytes *
picture_bytes (const PictureLog::Shared &picture)
{
  if (!picture)
    return nullptr;
  gpointer data = nullptr;
  gsize size = 0;
  constexpr guint8 jpeg[] = { 0xff, 0xd8 };
  if (gst_buffer_memcmp (picture.get (), 0, jpeg, sizeof jpeg) != 0)
    return nullptr;
  gst_buffer_extract_dup (picture.get (), 0, static_cast<gsize> (-1), &data, &size);
  return g_bytes_new_take (data, size);
}

} // namespace camwarden
