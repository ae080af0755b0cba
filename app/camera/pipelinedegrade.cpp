// SPDX-License-Identifier: LGPL-2.1-or-later
/* How a pipeline does less while it runs: nothing is restarted, and the source and its health probe
 * see nothing of it. */
#include "camera/pipeline.h"
#include "core/capschoice.h"

#include <algorithm>
#include <gio/gio.h>

namespace camwarden
{

namespace
{

constexpr int64_t one_second = G_USEC_PER_SEC;
constexpr int least_quality = 10; /* below that there is not much of a picture */

/* Even, as the encoder's formats want it, and not nothing. */
int
fraction_of (int size, unsigned divisor)
{
  return std::max (16, size / static_cast<int> (divisor) / 2 * 2);
}

void
add_words (std::string &text, const std::string &words)
{
  text += (text.empty () ? "" : ", ") + words;
}

int
present_quality (GObject *owner)
{
  GValue value = G_VALUE_INIT;
  g_value_init (&value, G_TYPE_INT);
  g_object_get_property (owner, "quality", &value);
  const int quality = g_value_get_int (&value);
  g_value_unset (&value);
  return quality;
}

} // namespace

/* The first element of the encoder's bin that has a quality. */
GObject *
Pipeline::quality_owner () const
{
  GObject *target = nullptr;
  GstIterator *elements = gst_bin_iterate_recurse (GST_BIN (encoder_.get ()));
  GValue item = G_VALUE_INIT;
  while (!target && gst_iterator_next (elements, &item) == GST_ITERATOR_OK) {
    auto *object = G_OBJECT (g_value_get_object (&item));
    if (g_object_class_find_property (G_OBJECT_GET_CLASS (object), "quality"))
      target = object;
    g_value_unset (&item);
  }
  gst_iterator_free (elements);
  return target;
}

bool
Pipeline::set_quality (int quality, GError **error)
{
  if (!quality_) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "encoder=%s has no property quality",
                 config_.encoder.c_str ());
    return false;
  }
  quality_wanted_ = quality;
  apply_quality ();
  return true;
}

void
Pipeline::apply_quality ()
{
  if (!quality_)
    return;
  if (quality_wanted_ < 0)
    quality_wanted_ = present_quality (quality_.get ());
  const int floor = std::min (least_quality, quality_wanted_);
  const int quality = std::max (floor, quality_wanted_ - static_cast<int> (degrade_.quality_less));
  gst_util_set_object_arg (quality_.get (), "quality", std::to_string (quality).c_str ());
}

/* What the encoder is given: the formats that it takes best, and a part of the source's size. */
void
Pipeline::update_formats ()
{
  const Format format = format_.get ();
  const bool smaller
      = degrade_.size_divisor > 1 && format.width > 0 && format.height > 0 && !format.jpeg;
  std::string text = "video/x-raw";
  if (encodes_jpeg ())
    text += std::string (",format=") + encoder_formats ();
  if (smaller)
    text += ",width=" + std::to_string (fraction_of (format.width, degrade_.size_divisor))
            + ",height=" + std::to_string (fraction_of (format.height, degrade_.size_divisor));
  g_autoptr (GstCaps) caps
      = smaller || encodes_jpeg () ? gst_caps_from_string (text.c_str ()) : gst_caps_new_any ();
  g_object_set (formats_.get (), "caps", caps, nullptr);
}

void
Pipeline::degrade (const Degrade &degrade)
{
  const Degrade before = std::exchange (degrade_, degrade);
  gate_.hold_back (degrade.rate_divisor, degrade.one_per_second ? one_second : 0,
                   degrade.store_paused);
  if (store_)
    g_object_set (store_.get (), "hold", static_cast<gboolean> (degrade.store_paused), nullptr);
  if (degrade.quality_less != before.quality_less)
    apply_quality ();
  if (degrade.size_divisor != before.size_divisor)
    update_formats ();
}

std::string
Pipeline::degraded () const
{
  const bool jpeg = format_.get ().jpeg;
  const bool smaller = degrade_.size_divisor > 1, coarser = degrade_.quality_less > 0;
  std::string text;
  if (coarser && !jpeg && quality_)
    add_words (text, "JPEG quality less " + std::to_string (degrade_.quality_less));
  if (degrade_.one_per_second)
    add_words (text, "one frame a second");
  else if (degrade_.rate_divisor > 1)
    add_words (text, "half the frame rate");
  if (smaller && !jpeg)
    add_words (text, "half the size");
  if (degrade_.store_paused && store_)
    add_words (text, "nothing is stored");
  if ((smaller || coarser) && jpeg)
    add_words (text, "the camera's own JPEG keeps its quality and size");
  else if (coarser && !quality_)
    add_words (text, "the encoder has no quality that could be lowered");
  return text;
}

} // namespace camwarden
