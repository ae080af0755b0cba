// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/pipeline.h"

#include "config/i18n.h"

namespace camwarden
{

namespace
{

void
set_string (const Ref<GstElement> &element, const char *name, const std::string &value)
{
  g_object_set (element.get (), name, value.empty () ? nullptr : value.c_str (), nullptr);
}

/* Elements count in nanoseconds, the configuration in microseconds. */
void
set_time (const Ref<GstElement> &element, const char *name, int64_t us)
{
  g_object_set (element.get (), name, static_cast<guint64> (us) * GST_USECOND, nullptr);
}

Ref<GstPad>
static_pad (const Ref<GstElement> &element, const char *name)
{
  return Ref<GstPad>::adopt (gst_element_get_static_pad (element.get (), name));
}

GstStructure *
stats_of (const Ref<GstElement> &element)
{
  GstStructure *stats = nullptr;
  if (element)
    g_object_get (element.get (), "stats", &stats, nullptr);
  return stats;
}

GateSettings
gate_settings (const CameraConfig &config)
{
  return { .always = config.encode_always,
           .store = config.store,
           .store_interval = config.store_interval };
}

} // namespace

Pipeline::Pipeline (const CameraConfig &config, Surroundings surroundings, Events events)
    : config_ (config), surroundings_ (surroundings), events_ (std::move (events)),
      gate_ (gate_settings (config)), classifier_ (surroundings.log)
{}

Pipeline::~Pipeline ()
{
  wanted_handler_.reset ();
  bus_watch_.reset ();
  *alive_ = false;
}

std::unique_ptr<Pipeline>
Pipeline::build (const CameraConfig &config, const CameraSource &source, Surroundings surroundings,
                 Events events, GError **error)
{
  std::unique_ptr<Pipeline> pipeline (new Pipeline (config, surroundings, std::move (events)));
  if (!pipeline->make_elements (source, error) || !pipeline->link (error))
    return nullptr;
  pipeline->watch_pads ();
  pipeline->watch_bus ();
  return pipeline;
}

bool
Pipeline::add (const Ref<GstElement> &element)
{
  return gst_bin_add (GST_BIN (pipeline_.get ()), element.get ());
}

bool
Pipeline::make_elements (const CameraSource &source, GError **error)
{
  pipeline_ = Ref<GstElement>::adopt (
      GST_ELEMENT (gst_object_ref_sink (gst_pipeline_new (("camera-" + config_.id).c_str ()))));
  /* A source that is the clock would stop the time together with itself. */
  g_autoptr (GstClock) clock = gst_system_clock_obtain ();
  gst_pipeline_use_clock (GST_PIPELINE (pipeline_.get ()), clock);
  /* Time counts from here on, not from PLAYING: a source that is not live runs before that, and one
   * that stamps its frames by the clock would, until it is told the base time, stamp them with the
   * time since the machine's start. */
  gst_element_set_start_time (pipeline_.get (), GST_CLOCK_TIME_NONE);
  gst_element_set_clock (pipeline_.get (), clock);
  gst_element_set_base_time (pipeline_.get (), gst_clock_get_time (clock));
  source_ = Ref<GstElement>::adopt (GST_ELEMENT (gst_object_ref_sink (gst_bin_new ("source"))));
  source_pad_ = Ref<GstPad>::share (gst_ghost_pad_new_no_target ("src", GST_PAD_SRC));
  gst_element_add_pad (source_.get (), source_pad_.get ());
  put_source (source);
  pace_ = make_element (config_, "clocksync", error);
  probe_ = pace_ ? make_element (config_, "healthprobe", error) : Ref<GstElement>{};
  if (!probe_ || !make_encoder (error) || !make_sinks (error))
    return false;
  for (const auto &element :
       { source_, pace_, probe_, scale_, convert_, formats_, encoder_, redis_ })
    if (element && !add (element))
      g_error ("camera %s: %s cannot be added", config_.id.c_str (),
               GST_OBJECT_NAME (element.get ()));
  apply_thresholds (config_);
  return configure_redis (error);
}

bool
Pipeline::encodes_jpeg () const
{
  return config_.encoder == "jpegenc" || config_.encoder.starts_with ("jpegenc ");
}

bool
Pipeline::make_encoder (GError **error)
{
  encoder_ = parse_bin (config_, "encoder", config_.encoder, true, error);
  scale_ = encoder_ ? make_element (config_, "videoscale", error) : Ref<GstElement>{};
  convert_ = scale_ ? make_element (config_, "videoconvert", error) : Ref<GstElement>{};
  formats_ = convert_ ? make_element (config_, "capsfilter", error) : Ref<GstElement>{};
  if (!formats_)
    return false;
  if (!static_pad (encoder_, "sink")) {
    g_set_error (error, GST_PARSE_ERROR, GST_PARSE_ERROR_LINK,
                 _ ("camera %s: encoder=%s: takes nothing, it has no open sink pad"),
                 config_.id.c_str (), config_.encoder.c_str ());
    return false;
  }
  quality_ = Ref<GObject>::share (quality_owner ());
  update_formats ();
  return true;
}

bool
Pipeline::make_sinks (GError **error)
{
  redis_ = make_element (config_, "redissink", error);
  if (!redis_)
    return false;
  if (!config_.store)
    return true;
  tee_ = make_element (config_, "tee", error);
  store_ = tee_ ? make_element (config_, "framestoresink", error) : Ref<GstElement>{};
  if (!store_ || !add (tee_) || !add (store_))
    return false;
  configure_store ();
  return true;
}

bool
Pipeline::configure_redis (GError **error)
{
  gst_util_set_object_arg (G_OBJECT (redis_.get ()), "modes", config_.modes.c_str ());
  set_string (redis_, "password-file", config_.password_file);
  set_string (redis_, "ca-file", config_.ca_file);
  set_time (redis_, "retry-delay", config_.redis_backoff);
  set_time (redis_, "max-retry-delay", config_.redis_backoff_max);
  set_string (redis_, "request-channel", config_.request_channel);
  set_string (redis_, "camera", config_.id);
  set_string (redis_, "location", config_.location);
  g_object_set (redis_.get (), "track-demand", TRUE, nullptr);
  g_autofree char *location = nullptr;
  g_object_get (redis_.get (), "location", &location, nullptr);
  if (g_strcmp0 (location, config_.location.c_str ()) != 0) {
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
                 _ ("camera %s: location: redissink refuses it"), config_.id.c_str ());
    return false;
  }
  return true;
}

void
Pipeline::apply_thresholds (const CameraConfig &config)
{
  set_time (probe_, "stall-timeout", config.stall_timeout);
  set_time (probe_, "startup-timeout", config.startup_timeout);
  set_time (probe_, "frozen-after", config.frozen_after);
  g_object_set (probe_.get (), "dark-below", config.dark_below, "bright-above", config.bright_above,
                "blur-below", config.blur_below, nullptr);
}

void
Pipeline::configure_store ()
{
  if (g_mkdir_with_parents (config_.store_location.c_str (), 0750) < 0)
    g_warning ("camera %s: %s: %s", config_.id.c_str (), config_.store_location.c_str (),
               g_strerror (errno));
  set_string (store_, "location", config_.store_location);
  set_string (store_, "camera", config_.id);
  apply_store_limits (config_);
}

void
Pipeline::apply_store_limits (const CameraConfig &config)
{
  set_time (store_, "interval", config.store_interval);
  set_time (store_, "max-age", config.store_max_age);
  set_time (store_, "retry-delay", config.storage_backoff);
  set_time (store_, "max-retry-delay", config.storage_backoff_max);
  g_object_set (store_.get (), "max-bytes", static_cast<guint64> (config.store_max_bytes),
                "keep-free", config.store_keep_free_text.c_str (), "slice-files",
                static_cast<guint> (config.prune_slice_files), nullptr);
  set_time (store_, "protect-newest", config.prune_keep_newest);
  set_time (store_, "slice-time", config.prune_slice_time);
}

bool
Pipeline::link (GError **error)
{
  bool linked = gst_element_link_pads (source_.get (), "src", pace_.get (), "sink")
                && gst_element_link (pace_.get (), probe_.get ())
                && gst_element_link_many (scale_.get (), convert_.get (), formats_.get (),
                                          encoder_.get (), nullptr);
  GstElement *head = redis_.get ();
  if (tee_) {
    /* The store first: at the end Redis may keep the tee waiting. */
    head = tee_.get ();
    linked = linked && gst_element_link (tee_.get (), store_.get ())
             && gst_element_link (tee_.get (), redis_.get ());
  }
  linked = linked && gst_element_link (encoder_.get (), head);
  if (!linked) {
    g_set_error (error, GST_CORE_ERROR, GST_CORE_ERROR_NEGOTIATION,
                 _ ("camera %s: source=%s with encoder=%s: does not fit together, the source must "
                    "give raw video or JPEG and the encoder take raw video"),
                 config_.id.c_str (), config_.source.c_str (), config_.encoder.c_str ());
    return false;
  }
  encode_pad_ = static_pad (scale_, "sink");
  publish_pad_ = Ref<GstPad>::adopt (gst_element_get_static_pad (head, "sink"));
  return true;
}

/* The source stands apart from the rest: what is behind it runs whether the camera is there or not,
 * and starting it for the first time is nothing else than starting it again. */
bool
Pipeline::play ()
{
  gst_element_set_locked_state (source_.get (), TRUE);
  return gst_element_set_state (pipeline_.get (), GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE;
}

bool
Pipeline::start_source ()
{
  begin_run ();
  /* What is not live comes as fast as it is taken: the clock has to hold it back. */
  set_pacing (true);
  gst_element_set_locked_state (source_.get (), FALSE);
  const GstStateChangeReturn paused = gst_element_set_state (source_.get (), GST_STATE_PAUSED);
  if (paused == GST_STATE_CHANGE_NO_PREROLL)
    set_pacing (false);
  return paused != GST_STATE_CHANGE_FAILURE
         && gst_element_set_state (source_.get (), GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE;
}

/* While the source stands still: what it said before is on the bus before this, what it is going to
 * say will be behind it. */
void
Pipeline::begin_run ()
{
  pacer_.begin ();
  surroundings_.log.forget_numbers ();
  tell (gst_structure_new ("camwarden-run", "frames", G_TYPE_UINT64, gate_.frames (), nullptr));
}

void
Pipeline::tell (GstStructure *structure)
{
  gst_element_post_message (pipeline_.get (),
                            gst_message_new_application (GST_OBJECT (pipeline_.get ()), structure));
}

void
Pipeline::set_pacing (bool on)
{
  paced_ = on;
  g_object_set (pace_.get (), "sync", on, nullptr);
}

/* Locked, lest a source that has failed is started once more on the way down. */
void
Pipeline::stop ()
{
  gst_element_set_locked_state (source_.get (), TRUE);
  gst_element_set_state (pipeline_.get (), GST_STATE_NULL);
  gst_element_set_state (source_.get (), GST_STATE_NULL);
}

void
Pipeline::put_source (const CameraSource &source)
{
  gst_bin_add (GST_BIN (source_.get ()), source.element.get ());
  const auto pad = static_pad (source.element, "src");
  gst_ghost_pad_set_target (GST_GHOST_PAD (source_pad_.get ()), pad.get ());
  inner_source_ = source.element;
  described_.set ({ source.name, facts_of (source.element), source.found });
}

/* A demuxer loses its pads when it stops, and the parser links them only once. */
bool
Pipeline::source_is_whole () const
{
  if (!GST_IS_BIN (inner_source_.get ()))
    return true;
  g_autoptr (GstPad) open
      = gst_bin_find_unlinked_pad (GST_BIN (inner_source_.get ()), GST_PAD_SINK);
  return open == nullptr;
}

bool
Pipeline::restart_source (bool renew, bool expect_camera, GError **error)
{
  gst_element_set_locked_state (source_.get (), TRUE);
  gst_element_set_state (source_.get (), GST_STATE_NULL);
  if (renew || !source_is_whole ()) {
    const auto source = make_source (config_, expect_camera, error);
    if (!source) {
      begin_run ();
      return false;
    }
    gst_bin_remove (GST_BIN (source_.get ()), inner_source_.get ());
    put_source (*source);
  }
  return start_source ();
}

void
Pipeline::drain ()
{
  GstPad *head = head_.get ();
  if (head && gst_pad_send_event (head, gst_event_new_eos ()))
    return;
  surroundings_.queue.post ([this, alive = alive_] {
    if (*alive && events_.drained)
      events_.drained ();
  });
}

void
Pipeline::apply (const CameraConfig &config)
{
  gate_.configure (gate_settings (config));
  apply_thresholds (config);
  if (store_)
    apply_store_limits (config);
}

GstStructure *
Pipeline::redis_stats () const
{
  return stats_of (redis_);
}

GstStructure *
Pipeline::store_stats () const
{
  return stats_of (store_);
}

std::string
Pipeline::graph () const
{
  return take_string (
      gst_debug_bin_to_dot_data (GST_BIN (pipeline_.get ()), GST_DEBUG_GRAPH_SHOW_ALL));
}

std::string
Pipeline::safe_graph () const
{
  const auto details = static_cast<GstDebugGraphDetails> (GST_DEBUG_GRAPH_SHOW_MEDIA_TYPE
                                                          | GST_DEBUG_GRAPH_SHOW_CAPS_DETAILS
                                                          | GST_DEBUG_GRAPH_SHOW_STATES);
  return take_string (gst_debug_bin_to_dot_data (GST_BIN (pipeline_.get ()), details));
}

Pipeline::Source
Pipeline::source () const
{
  return described_.get ();
}

Pipeline::Format
Pipeline::format () const
{
  return format_.get ();
}

std::string
Pipeline::part_of (GstObject *object) const
{
  const auto within = [object] (const Ref<GstElement> &element) {
    return element
           && (object == GST_OBJECT (element.get ())
               || gst_object_has_as_ancestor (object, GST_OBJECT (element.get ())));
  };
  if (within (source_))
    return "source";
  if (within (redis_))
    return "redis";
  if (within (store_))
    return "store";
  if (within (encoder_) || within (scale_) || within (convert_) || within (formats_))
    return "encoder";
  return "pipeline";
}

} // namespace camwarden
