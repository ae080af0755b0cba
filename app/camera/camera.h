// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "camera/controllink.h"
#include "camera/pipeline.h"
#include "camera/statethread.h"
#include "gobject/timer.h"

#include <list>

namespace camwarden
{

struct CameraOptions
{
  int link_fd = -1; /* -1: by hand */
  bool verbose = false;
};

/* One camera's worker: carries out orders, reports what happens, ends with an exit code. It decides
 * nothing about recovery: that is the daemon's. Everything on the main thread but what the state
 * thread and the streaming thread do inside. */
class Camera final : public CameraOrders
{
public:
  Camera (const CameraConfig &config, CameraOptions options);
  ~Camera () override;

  /* Until it is told to stop or cannot go on; the process's exit code. */
  [[nodiscard]] int run ();

  uint64_t progress () const override;
  void restart_source (Done done) override;
  void rebuild_pipeline (Done done) override;
  void test (ValuesDone done) override;
  void snapshot (ImageDone done) override;
  bool apply (GVariant *settings, GError **error) override;
  void prune (uint64_t bytes, NumberDone done) override;
  GVariant *stats () override;
  std::string graph () override;
  void stop (unsigned drain_ms) override;
  void link_closed () override;

private:
  using PictureDone = std::function<void (const Picture &picture, const GError *error)>;
  struct Capture
  {
    unsigned number;
    PictureDone done;
    Timer patience;
  };

  /* Ordered settings that stand in no configuration. */
  struct Extras
  {
    int quality = -1; /* -1: as configured */
    bool preview = false;
    double max_framerate = 0; /* 0: no limit */
  };

  void start (Done done);
  void found (std::optional<CameraSource> source, GError *error, const Done &done);
  void playing (bool good, const Done &done);
  void teardown (std::function<void ()> done);
  [[nodiscard]] Pipeline::Events pipeline_events ();

  void error (const Fault &fault);
  void warning (const Fault &fault);
  void element_message (const GstStructure *message);
  void health_message (const GstStructure *message);
  void store_message (const GstStructure *message);
  void source_ended ();
  void begin_anew ();
  void report (const Fault &fault);

  void capture (PictureDone done);
  void captured (unsigned number, const Picture &picture);
  void fail_capture (unsigned number, const char *why);
  void fail_captures (const char *why);
  [[nodiscard]] GVariant *test_result (const Picture &picture, int64_t elapsed) const;

  /* The way out: drain, then (only if the source is believed to be sound) NULL, then the code. */
  void leave (int code, unsigned drain_ms, bool tidy);
  void drained ();
  void quit ();
  [[noreturn]] void die (int code);

  [[nodiscard]] GVariant *health () const;
  [[nodiscard]] const char *state () const;
  [[nodiscard]] double probe_number (const char *field) const;
  [[nodiscard]] std::string probe_text (const char *field) const;
  void tick ();
  [[nodiscard]] static bool take_extra (Extras &extras, const char *key, GVariant *value);
  void apply_extras ();

  CameraConfig config_;
  const CameraOptions options_;
  MainQueue queue_;
  std::unique_ptr<StateThread> states_;
  std::unique_ptr<ControlLink> link_;
  std::unique_ptr<Pipeline> pipeline_;
  GMainLoop *loop_;
  SourceId sigterm_, sigint_;
  Timer tick_, drain_timer_, last_resort_, anew_;

  std::string source_name_;
  Extras extras_;
  bool playing_ = false;
  bool source_job_ = false;    /* the source is being restarted, or the pipeline rebuilt */
  uint64_t frames_before_ = 0; /* of the source's current run, counted from here */
  int64_t begun_ = 0;
  uint64_t old_frames_ = 0; /* of pipelines that were rebuilt */
  GstStructure *probe_report_ = nullptr;
  std::string redis_state_ = "disconnected";
  std::string store_paused_;

  std::list<Capture> captures_;
  unsigned next_capture_ = 0;

  bool leaving_ = false;
  bool gone_ = false;
  bool tidy_ = true;
  int code_ = 0;
};

} // namespace camwarden
