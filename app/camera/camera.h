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
  bool expect_camera = false;    /* source=auto waits for one instead of showing the test picture */
  int64_t source_deadline = 0;   /* us, for a restart of the source */
  int64_t pipeline_deadline = 0; /* us, for starting or rebuilding the pipeline */
};

/* One camera's worker: carries out orders, reports what happens, ends with an exit code. It decides
 * nothing about recovery: that is the daemon's. After a fault it waits for an order, with what is
 * behind the source still running; by hand, without anybody to order, it ends. Everything on the
 * main thread but what the state thread and the streaming thread do inside. */
class Camera final : public CameraOrders
{
public:
  static constexpr unsigned fault_drain_ms
      = 2000; /* for queued frames, when nobody says how long */

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
  GVariant *evidence () override;
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
    Degrade degrade;
    int64_t source_deadline = 0;   /* us */
    int64_t pipeline_deadline = 0; /* us */
  };

  /* What a start of the pipeline or the source comes to. */
  struct Outcome
  {
    bool sinks = false;
    bool source = false;
    GError *error = nullptr; /* no source was there to be started */

    Outcome () = default;
    ~Outcome () { g_clear_error (&error); }
    Outcome (const Outcome &) = delete;
    Outcome &operator= (const Outcome &) = delete;
  };

  void start (Done done);
  void found (std::optional<CameraSource> source, GError *error, const Done &done);
  void cannot_build (const GError *problem, const Done &done);
  void started (const Outcome &outcome, const Done &done);
  void restart_source_again (Done done);
  [[nodiscard]] bool refuse_order (const Done &done) const;
  void teardown (int64_t deadline, std::function<void ()> done);
  [[nodiscard]] int64_t budget (int64_t own) const;
  [[nodiscard]] Pipeline::Events pipeline_events ();

  void error (const Fault &fault);
  void remark (const std::string &text);
  void no_source (const GError *problem);
  void element_message (const GstStructure *message);
  void health_message (const GstStructure *message);
  void stalled (const GstStructure *message);
  void picture_changed ();
  void store_message (const GstStructure *message);
  void run_began ();
  void source_ended ();
  void report (const Fault &fault);
  void witness (const Fault &fault);
  [[nodiscard]] int64_t told_after (const Fault &fault) const;

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

  [[nodiscard]] GVariant *health ();
  [[nodiscard]] const char *state () const;
  [[nodiscard]] std::string fault_code () const;
  [[nodiscard]] std::string device ();
  [[nodiscard]] double probe_number (const char *field) const;
  [[nodiscard]] std::string probe_text (const char *field) const;
  void tick ();
  [[nodiscard]] static bool take_extra (Extras &extras, const char *key, GVariant *value);
  [[nodiscard]] static bool take_degrade (Degrade &degrade, const char *key, GVariant *value);
  void apply_extras ();

  CameraConfig config_;
  const CameraOptions options_;
  MainQueue queue_;
  ErrorLog log_;
  PictureLog pictures_;
  std::unique_ptr<StateThread> states_;
  std::unique_ptr<ControlLink> link_;
  std::unique_ptr<Pipeline> pipeline_;
  GMainLoop *loop_;
  SourceId sigterm_, sigint_;
  Timer tick_, drain_timer_, last_resort_, anew_;

  std::string source_name_;
  std::string device_; /* what the source's device led to when it was last there */
  Extras extras_;
  bool playing_ = false;       /* what is behind the source */
  bool source_job_ = false;    /* the source is being restarted, or the pipeline rebuilt */
  bool ordered_ = false;       /* the source's run was ordered, it did not just begin anew */
  bool restarted_ = false;     /* the source, since the pipeline is there */
  bool built_ = false;         /* a pipeline could be built once */
  bool expect_camera_ = false; /* source=auto has had a camera */
  int64_t job_end_ = 0;        /* when a rebuild has to be through, monotonic us; 0: none runs */
  int64_t begun_ = 0;          /* the source's run, monotonic us */
  uint64_t old_frames_ = 0;    /* of pipelines that were rebuilt */

  /* The latest fault. */
  struct Evidence
  {
    std::string graph;
    PictureLog::Shared last_good;
    std::vector<std::string> messages;
  };
  std::optional<Fault> fault_;
  uint64_t fault_frames_ = 0;  /* progress when it happened */
  bool failed_ = false;        /* nothing comes until somebody orders a restart */
  bool ended_early_ = false;   /* the source's run, while it was still being started */
  bool stall_told_ = false;    /* of this run, or until frames come again */
  bool unsafe_source_ = false; /* stopping it may abort or hang */
  Evidence evidence_;

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
