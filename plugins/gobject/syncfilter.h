// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>
#include <memory>

namespace camwarden
{

/* One element with one sink and one source pad, run in the caller's thread without a pipeline:
 * a buffer goes in, what comes out is the result. For codecs that answer each frame at once
 * (jpegenc, jpegdec). It has no bus: an error is a NULL result. Not for two threads at a time. */
class SyncFilter
{
public:
  /* NULL when the factory is not installed or does not start. output: the caps it may answer with,
   * NULL for any. */
  [[nodiscard]] static std::unique_ptr<SyncFilter>
  make (const char *factory, const char *output)
  {
    GstElement *element = gst_element_factory_make (factory, nullptr);
    if (!element)
      return nullptr;
    std::unique_ptr<SyncFilter> filter (new SyncFilter (element, output));
    return filter->start () ? std::move (filter) : nullptr;
  }

  ~SyncFilter ()
  {
    gst_pad_set_active (in_, FALSE);
    gst_element_set_state (element_, GST_STATE_NULL);
    gst_pad_set_active (out_, FALSE);
    gst_clear_buffer (&result_);
    gst_clear_caps (&caps_);
    gst_clear_caps (&result_caps_);
    gst_object_unref (in_);
    gst_object_unref (out_);
    gst_object_unref (element_);
  }
  SyncFilter (const SyncFilter &) = delete;
  SyncFilter &operator= (const SyncFilter &) = delete;

  /* Takes the buffer, returns the result (the caller's) or NULL. */
  [[nodiscard]] GstBuffer *
  run (GstBuffer *buffer, GstCaps *caps)
  {
    gst_clear_buffer (&result_);
    if (!set_caps (caps)) {
      gst_buffer_unref (buffer);
      return nullptr;
    }
    gst_pad_push (in_, buffer);
    GstBuffer *result = result_;
    result_ = nullptr;
    return result;
  }

  /* The caps of the last result, NULL before the first. */
  [[nodiscard]] GstCaps *
  result_caps () const
  {
    return result_caps_;
  }

private:
  SyncFilter (GstElement *element, const char *output)
      : element_ (GST_ELEMENT (gst_object_ref_sink (element)))
  {
    GstCaps *allowed = output ? gst_caps_from_string (output) : gst_caps_new_any ();
    GstPadTemplate *templ = gst_pad_template_new ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, allowed);
    gst_object_ref_sink (templ);
    gst_caps_unref (allowed);
    in_ = GST_PAD (gst_object_ref_sink (gst_pad_new ("src", GST_PAD_SRC)));
    out_ = GST_PAD (gst_object_ref_sink (gst_pad_new_from_template (templ, "sink")));
    gst_object_unref (templ);
    gst_pad_set_element_private (out_, this);
    gst_pad_set_chain_function (out_, chain);
    gst_pad_set_event_function (out_, event);
  }

  bool
  start ()
  {
    GstPad *sink = gst_element_get_static_pad (element_, "sink");
    GstPad *src = gst_element_get_static_pad (element_, "src");
    const bool linked
        = sink && src
          && gst_pad_link_full (in_, sink, GST_PAD_LINK_CHECK_NOTHING) == GST_PAD_LINK_OK
          && gst_pad_link_full (src, out_, GST_PAD_LINK_CHECK_NOTHING) == GST_PAD_LINK_OK;
    gst_clear_object (&sink);
    gst_clear_object (&src);
    if (!linked)
      return false;
    gst_pad_set_active (out_, TRUE);
    if (gst_element_set_state (element_, GST_STATE_PAUSED) == GST_STATE_CHANGE_FAILURE)
      return false;
    gst_pad_set_active (in_, TRUE);
    return gst_pad_push_event (in_, gst_event_new_stream_start ("syncfilter"));
  }

  bool
  set_caps (GstCaps *caps)
  {
    if (caps_ && gst_caps_is_equal (caps_, caps))
      return true;
    gst_caps_replace (&caps_, nullptr);
    if (!gst_pad_push_event (in_, gst_event_new_caps (caps)))
      return false;
    GstSegment segment;
    gst_segment_init (&segment, GST_FORMAT_TIME);
    gst_pad_push_event (in_, gst_event_new_segment (&segment));
    gst_caps_replace (&caps_, caps);
    return true;
  }

  static GstFlowReturn
  chain (GstPad *pad, GstObject *, GstBuffer *buffer)
  {
    auto *self = static_cast<SyncFilter *> (gst_pad_get_element_private (pad));
    gst_clear_buffer (&self->result_);
    self->result_ = buffer;
    return GST_FLOW_OK;
  }

  static gboolean
  event (GstPad *pad, GstObject *, GstEvent *event)
  {
    auto *self = static_cast<SyncFilter *> (gst_pad_get_element_private (pad));
    if (GST_EVENT_TYPE (event) == GST_EVENT_CAPS) {
      GstCaps *caps = nullptr;
      gst_event_parse_caps (event, &caps);
      gst_caps_replace (&self->result_caps_, caps);
    }
    gst_event_unref (event);
    return TRUE;
  }

  GstElement *element_;
  GstPad *in_;
  GstPad *out_;
  GstCaps *caps_ = nullptr;
  GstCaps *result_caps_ = nullptr;
  GstBuffer *result_ = nullptr;
};

} // namespace camwarden
