// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fakes/fakemodel.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace camwarden
{

CameraStatus
healthy_camera (const std::string &id)
{
  CameraStatus camera;
  camera.id = id;
  camera.state = CameraState::Streaming;
  camera.verdict = "ok";
  camera.source = "videotestsrc is-live=true";
  camera.channel = "cam:" + id + ":frame";
  camera.caps = "image/jpeg, width=1280, height=720, framerate=30/1";
  camera.fps = 29.97;
  camera.target_fps = 30;
  camera.width = 1280;
  camera.height = 720;
  camera.last_frame_age = 21'000;
  camera.last_frame_time = g_get_real_time () - 21'000;
  camera.frames = camera.published = 1000;
  camera.worker_pid = 4711;
  camera.worker_started = g_get_real_time () - 60'000'000;
  return camera;
}

FakeModel::FakeModel ()
{
  daemon.version = "0.1.0";
  daemon.hostname = "workshop";
  daemon.started = g_get_real_time () - 90'000'000;
  daemon.uptime = 90'000'000;
  daemon.ready = true;
  daemon.redis.embedded = true;
  daemon.redis.connected = true;
  daemon.redis.uri = "redis://127.0.0.1:6390";
  daemon.redis.host = "127.0.0.1";
  daemon.redis.port = 6390;
  daemon.redis.server = "redis 7.0.15";
  daemon.redis.rtt = 180;
  list.push_back (healthy_camera ("front"));
  order.ok = test_result.result.ok = reboot_allowed.ok = true;
}

void
FakeModel::set_picture (GBytes *jpeg)
{
  picture_.reset (jpeg ? g_bytes_ref (jpeg) : nullptr);
}

DaemonStatus
FakeModel::status () const
{
  return daemon;
}

std::vector<CameraStatus>
FakeModel::cameras () const
{
  return list;
}

void
FakeModel::answer (const SnapshotDone &done) const
{
  if (picture_) {
    done (picture_.get (), nullptr);
    return;
  }
  g_autoptr (GError) error = g_error_new (G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "No frame came in 5 s");
  done (nullptr, error);
}

void
FakeModel::snapshot (const std::string &, SnapshotDone done)
{
  if (hold_snapshots)
    held_.push_back (std::move (done));
  else
    answer (done);
}

void
FakeModel::answer_snapshots ()
{
  for (const auto &done : std::exchange (held_, {}))
    answer (done);
}

uint64_t
FakeModel::watch_frames (const std::string &camera, FrameArrived arrived)
{
  if (std::none_of (list.begin (), list.end (),
                    [&] (const auto &known) { return known.id == camera; }))
    return 0;
  watches_[++last_token_] = { camera, std::move (arrived) };
  return last_token_;
}

void
FakeModel::unwatch_frames (uint64_t token)
{
  watches_.erase (token);
}

MachineStatus
FakeModel::machine () const
{
  return sampled;
}

std::vector<Alert>
FakeModel::alerts (const AlertQuery &query) const
{
  std::vector<Alert> found;
  for (const Alert &alert : alert_list)
    if ((alert.until ? query.over : query.open) && (query.part.empty () || query.part == alert.part)
        && found.size () < query.limit)
      found.push_back (alert);
  return found;
}

bool
FakeModel::acknowledge (int64_t id, const std::string &who)
{
  for (Alert &alert : alert_list)
    if (alert.id == id) {
      alert.acknowledged = g_get_real_time ();
      alert.acknowledged_by = who;
      tell (alert);
      return true;
    }
  return false;
}

void
FakeModel::test_alerts (AlertTested done)
{
  done ({ { "log", true, "written" }, { "webhook", false, "the server answered 500" } });
}

void
FakeModel::events (const EventQuery &query, EventsDone done)
{
  std::vector<Event> found;
  const auto fits = [&query] (const Event &event) {
    return event.id > query.after && (!query.before || event.id < query.before)
           && (!query.from || event.time >= query.from) && (!query.to || event.time <= query.to)
           && (query.camera.empty () || query.camera == event.camera)
           && (query.kind.empty () || query.kind == event.kind) && event.severity >= query.least;
  };
  std::copy_if (event_list.begin (), event_list.end (), std::back_inserter (found), fits);
  if (!query.after)
    std::reverse (found.begin (), found.end ());
  if (found.size () > query.limit)
    found.resize (query.limit);
  done (found, "");
}

void
FakeModel::history (const HistoryQuery &, HistoryDone done)
{
  done (history_answer);
}

void
FakeModel::log (const LogQuery &, LogDone done)
{
  done (log_answer, "");
}

LogCounts
FakeModel::log_counts () const
{
  return log_counted;
}

uint64_t
FakeModel::watch (Watch watch)
{
  listeners_[++last_token_] = std::move (watch);
  return last_token_;
}

void
FakeModel::unwatch (uint64_t token)
{
  listeners_.erase (token);
}

void
FakeModel::tell (const Event &event)
{
  for (const auto &[token, listener] : std::map (listeners_))
    if (listener.event)
      listener.event (event);
}

void
FakeModel::tell (const Alert &alert)
{
  for (const auto &[token, listener] : std::map (listeners_))
    if (listener.alert)
      listener.alert (alert);
}

void
FakeModel::test_camera (const std::string &camera, TestDone done)
{
  orders.push_back ("test " + camera);
  if (hold_tests)
    held_tests_.push_back (std::move (done));
  else
    done (test_result);
}

void
FakeModel::answer_tests ()
{
  hold_tests = false;
  for (const auto &done : std::exchange (held_tests_, {}))
    done (test_result);
}

void
FakeModel::graph (const std::string &, GraphDone done)
{
  if (!dot.empty ())
    return done (dot, nullptr);
  g_autoptr (GError) error = g_error_new (G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "It does not answer");
  done ("", error);
}

void
FakeModel::recover (const std::string &camera, Tier from, const std::string &who, OrderDone done)
{
  orders.push_back ("recover " + camera + " " + std::string (tier_name (from)) + " by " + who);
  done (order);
}

void
FakeModel::restart_services (const std::string &who, OrderDone done)
{
  orders.push_back ("restart-services by " + who);
  done (order);
}

OrderResult
FakeModel::may_reboot () const
{
  return reboot_allowed;
}

void
FakeModel::reboot (const std::string &who, OrderDone done)
{
  orders.push_back ("reboot by " + who);
  done (order);
}

void
FakeModel::clear_reboots (const std::string &who, OrderDone done)
{
  orders.push_back ("clear-reboots by " + who);
  done (order);
}

std::string
FakeModel::configuration () const
{
  return configuration_json;
}

void
FakeModel::push (const std::string &camera, GBytes *jpeg)
{
  /* A watcher may leave while it is told. */
  std::vector<uint64_t> tokens;
  for (const auto &[token, watch] : watches_)
    if (watch.camera == camera)
      tokens.push_back (token);
  for (const uint64_t token : tokens)
    if (const auto found = watches_.find (token); found != watches_.end ()) {
      const FrameArrived arrived = found->second.arrived;
      arrived (jpeg);
    }
}

} // namespace camwarden
