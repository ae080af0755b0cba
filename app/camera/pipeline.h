// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "camera/faultclassifier.h"
#include "camera/framegate.h"
#include "camera/mainqueue.h"
#include "camera/picturelog.h"
#include "camera/sourcechoice.h"
#include "core/degradeladder.h"
#include "core/pacer.h"

#include <optional>

namespace camwarden
{

/* One camera's pipeline:
 *
 *   source ! clocksync ! healthprobe ! (gate) !
 *     [videoscale ! videoconvert ! capsfilter ! encoder !] [tee ! framestoresink tee. !] redissink
 *
 * The encoder is linked when the source turns out to give raw video, left out when it gives JPEG.
 * There is one streaming thread and no queue: both sinks have their own. */
class Pipeline
{
public:
  /* On the main thread. */
  struct Events
  {
    std::function<void (const Fault &)> error;
    std::function<void (const Fault &)> warning;
    std::function<void (const std::string &)> remark;   /* an echo of the error before it, or a
                                                           warning that tells of no fault */
    std::function<void ()> drained;                     /* after drain(): the sinks are through */
    std::function<void ()> began;                       /* a run of the source, before its frames */
    std::function<void ()> ended;                       /* the source has no more frames */
    std::function<void (const GstStructure *)> message; /* the elements' own messages */
  };

  /* What outlives a pipeline. */
  struct Surroundings
  {
    MainQueue &queue;
    ErrorLog &log;
    PictureLog &pictures;
  };

  /* Main thread. NULL: something is missing, or the description is wrong. */
  [[nodiscard]] static std::unique_ptr<Pipeline> build (const CameraConfig &config,
                                                        const CameraSource &source,
                                                        Surroundings surroundings, Events events,
                                                        GError **error);
  ~Pipeline (); /* after stop(), or without play() */
  Pipeline (const Pipeline &) = delete;
  Pipeline &operator= (const Pipeline &) = delete;

  /* These may hang with the driver: the state thread's business. */
  /* False, of all three: an error is on the bus, unless GError says it. The sinks run from play()
   * on, whatever becomes of the source. */
  [[nodiscard]] bool play ();
  [[nodiscard]] bool start_source ();
  [[nodiscard]] bool restart_source (bool renew, bool expect_camera, GError **error);
  void stop ();
  void drain (); /* what is on its way is stored and published, then Events::drained */

  /* Main thread. */
  void handle_messages ();                 /* those that wait on the bus, at once */
  void apply (const CameraConfig &config); /* its keys that may change while it runs */
  [[nodiscard]] bool set_quality (int quality, GError **error);
  /* Does less, or what it did before, while everything runs. */
  void degrade (const Degrade &degrade);
  /* What is held back, and what cannot be, for people; empty: nothing. */
  [[nodiscard]] std::string degraded () const;
  [[nodiscard]] GstStructure *redis_stats () const; /* the caller's */
  [[nodiscard]] GstStructure *store_stats () const; /* NULL: nothing is stored */
  [[nodiscard]] std::string graph () const;
  /* Asks no element for its properties: a driver that hangs does not matter. */
  [[nodiscard]] std::string safe_graph () const;

  [[nodiscard]] FrameGate &
  gate ()
  {
    return gate_;
  }
  /* The sink that stores; none: nothing is stored. */
  [[nodiscard]] const Ref<GstElement> &
  store () const
  {
    return store_;
  }
  /* In this run of the source, as Events::began tells of them. */
  [[nodiscard]] bool
  gave_frames () const
  {
    return gate_.frames () != run_frames_;
  }
  /* Who gives the frames. */
  struct Source
  {
    std::string name; /* for people */
    SourceFacts facts;
    bool found = false; /* by source=auto */
  };
  [[nodiscard]] Source source () const;
  [[nodiscard]] bool
  live () const
  {
    return !paced_;
  }

  /* What the source gives, once it is known. */
  struct Format
  {
    int width = 0;
    int height = 0;
    bool jpeg = false;
    std::string caps;
  };
  [[nodiscard]] Format format () const;

private:
  Pipeline (const CameraConfig &config, Surroundings surroundings, Events events);

  [[nodiscard]] bool make_elements (const CameraSource &source, GError **error);
  [[nodiscard]] bool make_encoder (GError **error);
  [[nodiscard]] bool make_sinks (GError **error);
  [[nodiscard]] bool configure_redis (GError **error);
  void configure_store ();
  void apply_thresholds (const CameraConfig &config);
  void apply_store_limits (const CameraConfig &config);
  [[nodiscard]] bool link (GError **error);
  [[nodiscard]] bool add (const Ref<GstElement> &element);
  void put_source (const CameraSource &source);
  [[nodiscard]] bool source_is_whole () const;
  void watch_pads ();
  void watch_bus ();

  [[nodiscard]] bool encodes_jpeg () const;
  [[nodiscard]] GObject *quality_owner () const;
  void apply_quality ();
  void update_formats ();
  [[nodiscard]] std::string part_of (GstObject *object) const;
  void set_pacing (bool on);
  void begin_run ();
  void tell (GstStructure *structure);
  void application_message (const GstStructure *message);
  void error_message (GstMessage *message);
  void warning_message (GstMessage *message);

  /* Streaming thread. */
  void answer_caps (GstQuery *query);
  void caps_arrived (GstPad *gate, GstCaps *caps);
  void link_behind_gate (GstPad *gate, bool jpeg);
  static GstPadProbeReturn on_source (GstPad *pad, GstPadProbeInfo *info, gpointer data);
  void pace (GstPad *pad, GstBuffer *frame);
  static GstPadProbeReturn on_frame (GstPad *pad, GstPadProbeInfo *info, gpointer data);
  static GstPadProbeReturn on_query (GstPad *pad, GstPadProbeInfo *info, gpointer data);
  static GstPadProbeReturn on_reconfigure (GstPad *pad, GstPadProbeInfo *info, gpointer data);
  static GstPadProbeReturn on_gate (GstPad *pad, GstPadProbeInfo *info, gpointer data);
  static GstPadProbeReturn on_encoded (GstPad *pad, GstPadProbeInfo *info, gpointer data);
  static void on_wanted (GObject *sink, GParamSpec *spec, gpointer data);
  static gboolean on_message (GstBus *bus, GstMessage *message, gpointer data);

  /* Constant. */
  const CameraConfig config_; /* as built; apply() changes the elements, not this */
  const Surroundings surroundings_;
  const Events events_;

  FrameGate gate_;

  /* Constant once built. */
  Ref<GstElement> pipeline_, source_, pace_, probe_, scale_, convert_, formats_, encoder_, tee_,
      store_, redis_;
  Ref<GObject> quality_; /* the element that has such a property; none: there is none */
  Ref<GstPad> source_pad_, encode_pad_, publish_pad_;

  Pacer pacer_;                  /* streaming thread; state thread while the source stands still */
  Ref<GstElement> inner_source_; /* in the bin source_; state thread only, once it plays */
  Locked<Source> described_;
  FaultClassifier classifier_; /* main thread only */
  int quality_wanted_ = -1;    /* -1: the encoder's own, not known yet; main thread only */
  Degrade degrade_;            /* main thread only */
  uint64_t run_frames_ = 0;    /* at the beginning of the source's run; main thread only */
  Locked<Format> format_;
  Locked<GstPad *> head_{ nullptr }; /* what the gate is linked to */
  std::atomic<bool> paced_ = false;  /* a source that is not live: the clock holds it back */
  SignalHandler wanted_handler_;
  SourceId bus_watch_;
  /* Ends with this object: what other threads posted for it is then void. */
  std::shared_ptr<bool> alive_ = std::make_shared<bool> (true);
};

} // namespace camwarden
