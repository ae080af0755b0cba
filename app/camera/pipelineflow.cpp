// SPDX-License-Identifier: LGPL-2.1-or-later
/* What happens to a pipeline while frames flow: probes on the streaming thread, bus messages on the
 * main thread. */
#include "camera/pipeline.h"
#include "core/capschoice.h"

namespace camwarden
{

namespace
{

/* A source this much faster than asked for is slowed down by the gate. */
constexpr double too_fast = 1.05;

double
frames_per_second (const GstStructure *structure)
{
  int numerator = 0, denominator = 1;
  gst_structure_get_fraction (structure, "framerate", &numerator, &denominator);
  return denominator > 0 ? static_cast<double> (numerator) / denominator : 0;
}

GstCaps *
tier_caps (const std::vector<std::string> &tier)
{
  GstCaps *caps = gst_caps_new_empty ();
  for (const auto &text : tier)
    gst_caps_append (caps, gst_caps_from_string (text.c_str ()));
  return caps;
}

} // namespace

void
Pipeline::watch_pads ()
{
  gst_pad_add_probe (source_pad_.get (), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_source, this,
                     nullptr);
  gst_pad_add_probe (source_pad_.get (), GST_PAD_PROBE_TYPE_BUFFER, on_frame, this, nullptr);
  const auto entry = Ref<GstPad>::adopt (gst_element_get_static_pad (pace_.get (), "sink"));
  gst_pad_add_probe (entry.get (), GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM, on_query, this, nullptr);
  const auto gate = Ref<GstPad>::adopt (gst_element_get_static_pad (probe_.get (), "src"));
  gst_pad_add_probe (gate.get (),
                     static_cast<GstPadProbeType> (GST_PAD_PROBE_TYPE_BUFFER
                                                   | GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM),
                     on_gate, this, nullptr);
  gst_pad_add_probe (encode_pad_.get (), GST_PAD_PROBE_TYPE_EVENT_UPSTREAM, on_reconfigure, this,
                     nullptr);
  gst_pad_add_probe (publish_pad_.get (), GST_PAD_PROBE_TYPE_BUFFER, on_encoded, this, nullptr);
  wanted_handler_ = SignalHandler (redis_.get (), g_signal_connect (redis_.get (), "notify::wanted",
                                                                    G_CALLBACK (on_wanted), this));
}

void
Pipeline::watch_bus ()
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline_.get ());
  bus_watch_ = SourceId (gst_bus_add_watch (bus, on_message, this));
}

void
Pipeline::on_wanted (GObject *sink, GParamSpec * /*spec*/, gpointer data)
{
  gboolean wanted = FALSE;
  g_object_get (sink, "wanted", &wanted, nullptr);
  static_cast<Pipeline *> (data)->gate_.set_redis (wanted);
}

/* The end of the source is not the end of the camera. */
GstPadProbeReturn
Pipeline::on_source (GstPad * /*pad*/, GstPadProbeInfo *info, gpointer data)
{
  auto *self = static_cast<Pipeline *> (data);
  if (GST_EVENT_TYPE (gst_pad_probe_info_get_event (info)) != GST_EVENT_EOS)
    return GST_PAD_PROBE_OK;
  /* Over the bus: it stays behind the error that may be the reason. */
  self->tell (gst_structure_new_empty ("camwarden-ended"));
  return GST_PAD_PROBE_DROP;
}

GstPadProbeReturn
Pipeline::on_frame (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  auto *self = static_cast<Pipeline *> (data);
  if (self->paced_)
    self->pace (pad, gst_pad_probe_info_get_buffer (info));
  return GST_PAD_PROBE_OK;
}

/* A changed offset goes before this very frame, with the segment. */
void
Pipeline::pace (GstPad *pad, GstBuffer *frame)
{
  g_autoptr (GstEvent) event = gst_pad_get_sticky_event (pad, GST_EVENT_SEGMENT, 0);
  const GstClockTime stamp = GST_BUFFER_DTS_OR_PTS (frame);
  const GstClockTime now = gst_element_get_current_running_time (pipeline_.get ());
  if (!event || !GST_CLOCK_TIME_IS_VALID (stamp) || !GST_CLOCK_TIME_IS_VALID (now))
    return;
  const GstSegment *segment = nullptr;
  gst_event_parse_segment (event, &segment);
  if (segment->format != GST_FORMAT_TIME)
    return;
  guint64 running = 0;
  const int sign = gst_segment_to_running_time_full (segment, GST_FORMAT_TIME, stamp, &running);
  if (sign == 0)
    return;
  const GstClockTime interval = GST_BUFFER_DURATION (frame);
  const gint64 offset
      = pacer_.offset (sign * static_cast<int64_t> (running), static_cast<int64_t> (now),
                       GST_CLOCK_TIME_IS_VALID (interval) ? static_cast<int64_t> (interval) : 0);
  if (offset != gst_pad_get_offset (pad))
    gst_pad_set_offset (pad, offset);
}

GstPadProbeReturn
Pipeline::on_query (GstPad * /*pad*/, GstPadProbeInfo *info, gpointer data)
{
  GstQuery *query = gst_pad_probe_info_get_query (info);
  const bool asked = (GST_PAD_PROBE_INFO_TYPE (info) & GST_PAD_PROBE_TYPE_PUSH) != 0;
  if (!asked || GST_QUERY_TYPE (query) != GST_QUERY_CAPS)
    return GST_PAD_PROBE_OK;
  static_cast<Pipeline *> (data)->answer_caps (query);
  return GST_PAD_PROBE_HANDLED;
}

/* The source asks what is welcome and says what it can: it is told the best of that, in our order.
 * A capsfilter could not do this, it keeps the source's order. */
void
Pipeline::answer_caps (GstQuery *query)
{
  const WantedVideo wanted{ config_.width, config_.height, config_.framerate.numerator,
                            config_.framerate.denominator, encodes_jpeg () };
  GstCaps *filter = nullptr;
  gst_query_parse_caps (query, &filter);
  g_autoptr (GstCaps) answer = gst_caps_new_empty ();
  for (const auto &tier : caps_tiers (wanted)) {
    g_autoptr (GstCaps) mine = tier_caps (tier);
    if (!filter) {
      gst_caps_append (answer, g_steal_pointer (&mine));
      continue;
    }
    gst_caps_take (&answer, gst_caps_intersect_full (mine, filter, GST_CAPS_INTERSECT_FIRST));
    if (!gst_caps_is_empty (answer))
      break;
  }
  gst_query_set_caps_result (query, answer);
}

/* A smaller picture is made behind here: the source has nothing to decide anew. */
GstPadProbeReturn
Pipeline::on_reconfigure (GstPad * /*pad*/, GstPadProbeInfo *info, gpointer /*data*/)
{
  const GstEvent *event = gst_pad_probe_info_get_event (info);
  return GST_EVENT_TYPE (event) == GST_EVENT_RECONFIGURE ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

GstPadProbeReturn
Pipeline::on_gate (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  auto *self = static_cast<Pipeline *> (data);
  if (GST_PAD_PROBE_INFO_TYPE (info) & GST_PAD_PROBE_TYPE_BUFFER)
    return self->gate_.arrive (gst_pad_probe_info_get_buffer (info)) ? GST_PAD_PROBE_OK
                                                                     : GST_PAD_PROBE_DROP;
  GstEvent *event = gst_pad_probe_info_get_event (info);
  if (GST_EVENT_TYPE (event) == GST_EVENT_CAPS) {
    GstCaps *caps = nullptr;
    gst_event_parse_caps (event, &caps);
    self->caps_arrived (pad, caps);
  }
  return GST_PAD_PROBE_OK;
}

void
Pipeline::caps_arrived (GstPad *gate, GstCaps *caps)
{
  const GstStructure *structure = gst_caps_get_structure (caps, 0);
  Format format;
  format.caps = take_string (gst_caps_to_string (caps));
  format.jpeg = gst_structure_has_name (structure, "image/jpeg");
  gst_structure_get_int (structure, "width", &format.width);
  gst_structure_get_int (structure, "height", &format.height);
  const bool wrong_size = (config_.width && format.width != static_cast<int> (config_.width))
                          || (config_.height && format.height != static_cast<int> (config_.height));
  if (wrong_size)
    g_warning ("camera %s: %dx%d instead of %ux%u: the source does not offer that size",
               config_.id.c_str (), format.width, format.height, config_.width, config_.height);
  const double limit = config_.framerate.value ();
  const bool limited = limit > 0 && frames_per_second (structure) > limit * too_fast;
  gate_.limit_source_rate (limited ? static_cast<int64_t> (G_USEC_PER_SEC / limit) : 0);
  link_behind_gate (gate, format.jpeg);
  format_.set (std::move (format));
  /* Half of what is now another size. */
  surroundings_.queue.post ([this, alive = alive_] {
    if (*alive && degrade_.size_divisor > 1)
      update_formats ();
  });
}

/* Before the first frame and whenever the source turns from raw video to JPEG or back. */
void
Pipeline::link_behind_gate (GstPad *gate, bool jpeg)
{
  GstPad *head = jpeg ? publish_pad_.get () : encode_pad_.get ();
  if (head == head_.get ())
    return;
  const auto unlink = [] (GstPad *pad) {
    g_autoptr (GstPad) peer = gst_pad_get_peer (pad);
    if (peer)
      gst_pad_unlink (peer, pad);
  };
  unlink (encode_pad_.get ());
  unlink (publish_pad_.get ());
  if (!jpeg) {
    const auto encoded = Ref<GstPad>::adopt (gst_element_get_static_pad (encoder_.get (), "src"));
    gst_pad_link (encoded.get (), publish_pad_.get ());
  }
  /* Without a RECONFIGURE event: the source has just decided. */
  const auto checks = static_cast<GstPadLinkCheck> (GST_PAD_LINK_CHECK_DEFAULT
                                                    | GST_PAD_LINK_CHECK_NO_RECONFIGURE);
  const GstPadLinkReturn result = gst_pad_link_full (gate, head, checks);
  if (result != GST_PAD_LINK_OK)
    g_warning ("camera %s: %s behind the gate: %s", config_.id.c_str (),
               jpeg ? "publishing" : "encoding", gst_pad_link_get_name (result));
  head_.set (head);
}

GstPadProbeReturn
Pipeline::on_encoded (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  auto *self = static_cast<Pipeline *> (data);
  GstBuffer *buffer = gst_pad_probe_info_get_buffer (info);
  self->gate_.encoded (buffer, pad);
  self->surroundings_.pictures.look (buffer, g_get_monotonic_time ());
  return GST_PAD_PROBE_OK;
}

void
Pipeline::application_message (const GstStructure *message)
{
  if (gst_structure_has_name (message, "camwarden-ended")) {
    events_.ended ();
    return;
  }
  guint64 frames = 0;
  gst_structure_get_uint64 (message, "frames", &frames);
  run_frames_ = frames;
  classifier_.run_began ();
  events_.began ();
}

void
Pipeline::error_message (GstMessage *message)
{
  const auto fault
      = classifier_.judge (message, part_of (GST_MESSAGE_SRC (message)), gave_frames ());
  if (fault)
    events_.error (*fault);
  else
    events_.remark (FaultClassifier::text_of (message));
}

void
Pipeline::warning_message (GstMessage *message)
{
  const auto fault = classifier_.judge_warning (message, part_of (GST_MESSAGE_SRC (message)));
  if (fault)
    events_.warning (*fault);
  else
    events_.remark ("warning: " + FaultClassifier::text_of (message));
}

gboolean
Pipeline::on_message (GstBus * /*bus*/, GstMessage *message, gpointer data)
{
  auto *self = static_cast<Pipeline *> (data);
  switch (GST_MESSAGE_TYPE (message)) {
  case GST_MESSAGE_ERROR:
    self->error_message (message);
    break;
  case GST_MESSAGE_WARNING:
    self->warning_message (message);
    break;
  case GST_MESSAGE_EOS:
    self->events_.drained ();
    break;
  case GST_MESSAGE_APPLICATION:
    self->application_message (gst_message_get_structure (message));
    break;
  case GST_MESSAGE_ELEMENT:
    self->events_.message (gst_message_get_structure (message));
    break;
  default:
    break;
  }
  return G_SOURCE_CONTINUE;
}

void
Pipeline::handle_messages ()
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline_.get ());
  while (GstMessage *message = gst_bus_pop (bus)) {
    on_message (bus, message, this);
    gst_message_unref (message);
  }
}

} // namespace camwarden
