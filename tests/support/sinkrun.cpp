// SPDX-License-Identifier: LGPL-2.1-or-later
#include "support/sinkrun.h"

#include <algorithm>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <sys/socket.h>

namespace camwarden
{

static constexpr const char *DROPPED[]
    = { "dropped-queue",   "dropped-offline", "dropped-link",
        "dropped-refused", "dropped-stopped", "dropped-invalid" };

SinkRun::SinkRun (const std::string &launch)
{
  g_autoptr (GError) error = nullptr;
  pipeline_ = gst_parse_launch_full (launch.c_str (), nullptr, GST_PARSE_FLAG_NONE, &error);
  if (error)
    g_error ("%s: %s", launch.c_str (), error->message);
  sink_ = gst_bin_get_by_name (GST_BIN (pipeline_), "sink");
  g_assert_nonnull (sink_);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline_);
  gst_bus_set_sync_handler (bus, on_message, this, nullptr);
  g_autoptr (GstPad) pad = gst_element_get_static_pad (sink_, "sink");
  gst_pad_add_probe (
      pad, GST_PAD_PROBE_TYPE_BUFFER,
      [] (GstPad *, GstPadProbeInfo *, gpointer data) {
        static_cast<SinkRun *> (data)->buffers_++;
        return GST_PAD_PROBE_OK;
      },
      this, nullptr);
  made_ = true;
}

SinkRun::~SinkRun ()
{
  gst_element_set_state (pipeline_, GST_STATE_NULL);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline_);
  gst_bus_set_sync_handler (bus, nullptr, nullptr, nullptr);
  gst_object_unref (sink_);
  gst_object_unref (pipeline_);
}

GstBusSyncReply
SinkRun::on_message (GstBus *, GstMessage *message, gpointer data)
{
  auto *self = static_cast<SinkRun *> (data);
  if (self->made_)
    self->take_message (message);
  gst_message_unref (message);
  return GST_BUS_DROP;
}

void
SinkRun::take_message (GstMessage *message)
{
  g_autoptr (GError) error = nullptr;
  g_autofree char *debug = nullptr;
  const GstStructure *structure = gst_message_get_structure (message);
  std::lock_guard<std::mutex> lock (mutex_);
  switch (GST_MESSAGE_TYPE (message)) {
  case GST_MESSAGE_ERROR:
    gst_message_parse_error (message, &error, &debug);
    errors_++;
    break;
  case GST_MESSAGE_WARNING:
    gst_message_parse_warning (message, &error, &debug);
    warnings_++;
    break;
  case GST_MESSAGE_EOS:
    ended_ = true;
    break;
  case GST_MESSAGE_ELEMENT:
    if (gst_structure_has_name (structure, "redissink")) {
      states_.emplace_back (gst_structure_get_string (structure, "state"));
      detail_ = gst_structure_get_string (structure, "detail");
    }
    break;
  default:
    break;
  }
  if (error)
    detail_ = std::string (error->message) + " " + (debug ? debug : "");
}

void
SinkRun::play ()
{
  g_assert_cmpint (gst_element_set_state (pipeline_, GST_STATE_PLAYING), !=,
                   GST_STATE_CHANGE_FAILURE);
}

double
SinkRun::stop ()
{
  const gint64 begin = g_get_monotonic_time ();
  gst_element_set_state (pipeline_, GST_STATE_NULL);
  return static_cast<double> (g_get_monotonic_time () - begin) / 1000;
}

bool
SinkRun::run_to_end (double seconds)
{
  play ();
  const bool ended = wait_until (seconds, [this] { return ended_ || errors_ > 0; });
  stop ();
  return ended && errors_ == 0;
}

GstElement *
SinkRun::element (const char *name) const
{
  GstElement *element = gst_bin_get_by_name (GST_BIN (pipeline_), name);
  g_assert_nonnull (element);
  gst_object_unref (element);
  return element;
}

GstStructure *
SinkRun::stats () const
{
  GstStructure *stats = nullptr;
  g_object_get (sink_, "stats", &stats, nullptr);
  g_assert_nonnull (stats);
  return stats;
}

guint64
SinkRun::stat (const char *name) const
{
  g_autoptr (GstStructure) all = stats ();
  const GValue *value = gst_structure_get_value (all, name);
  if (!value)
    g_error ("stats has no field %s", name);
  GValue number = G_VALUE_INIT;
  g_value_init (&number, G_TYPE_UINT64);
  g_assert_true (g_value_transform (value, &number));
  return g_value_get_uint64 (&number);
}

std::string
SinkRun::text_stat (const char *name) const
{
  g_autoptr (GstStructure) all = stats ();
  const char *text = gst_structure_get_string (all, name);
  return text ? text : "";
}

bool
SinkRun::wanted () const
{
  gboolean wanted = FALSE;
  g_object_get (sink_, "wanted", &wanted, nullptr);
  return wanted;
}

guint64
SinkRun::dropped () const
{
  guint64 sum = 0;
  for (const char *name : DROPPED)
    sum += stat (name);
  return sum;
}

void
SinkRun::assert_law () const
{
  std::string text;
  for (const char *name : DROPPED)
    if (const guint64 count = stat (name))
      text += std::string (", ") + name + " " + std::to_string (count);
  g_test_message ("sent %" G_GUINT64_FORMAT ", published %" G_GUINT64_FORMAT "%s", stat ("sent"),
                  stat ("published"), text.c_str ());
  g_assert_cmpuint (stat ("sent"), ==, stat ("published") + dropped ());
}

void
SinkRun::assert_all_sent () const
{
  const guint64 sent = stat ("sent");
  g_assert_cmpuint (sent, <=, buffers_);
  g_assert_cmpuint (sent + 1, >=, buffers_);
}

std::string
SinkRun::last_detail () const
{
  std::lock_guard<std::mutex> lock (mutex_);
  return detail_;
}

unsigned
SinkRun::states (const char *state) const
{
  std::lock_guard<std::mutex> lock (mutex_);
  return static_cast<unsigned> (std::count (states_.begin (), states_.end (), state));
}

bool
wait_until (double seconds, const std::function<bool ()> &condition)
{
  const gint64 end = g_get_monotonic_time () + static_cast<gint64> (seconds * G_USEC_PER_SEC);
  while (!condition ()) {
    if (g_get_monotonic_time () > end)
      return false;
    g_usleep (2000);
  }
  return true;
}

/* --- a reader ----------------------------------------------------------------------------------
 */

Subscriber::Subscriber (int port, const std::string &channel, const std::string &pattern)
{
  redisContext *context = redisConnect ("127.0.0.1", port);
  g_assert_true (context && context->err == 0);
  auto *reply = static_cast<redisReply *> (
      channel.empty () ? redisCommand (context, "PSUBSCRIBE %s", pattern.c_str ())
                       : redisCommand (context, "SUBSCRIBE %s", channel.c_str ()));
  g_assert_true (reply && reply->type == REDIS_REPLY_ARRAY);
  freeReplyObject (reply);
  context_ = context;
  fd_ = context->fd;
  thread_ = std::thread ([this] { listen (); });
}

Subscriber::~Subscriber ()
{
  quit_ = true;
  shutdown (fd_, SHUT_RDWR);
  thread_.join ();
  redisFree (static_cast<redisContext *> (context_));
}

void
Subscriber::listen ()
{
  auto *context = static_cast<redisContext *> (context_);
  while (!quit_) {
    void *data = nullptr;
    if (redisGetReply (context, &data) != REDIS_OK)
      return;
    auto *reply = static_cast<redisReply *> (data);
    if (reply->type == REDIS_REPLY_ARRAY && reply->elements >= 3) {
      const redisReply *last = reply->element[reply->elements - 1];
      std::lock_guard<std::mutex> lock (mutex_);
      messages_.emplace_back (last->str, static_cast<size_t> (last->len));
    }
    freeReplyObject (reply);
  }
}

std::vector<std::string>
Subscriber::messages () const
{
  std::lock_guard<std::mutex> lock (mutex_);
  return messages_;
}

size_t
Subscriber::count () const
{
  std::lock_guard<std::mutex> lock (mutex_);
  return messages_.size ();
}

} // namespace camwarden
