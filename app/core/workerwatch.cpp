// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/workerwatch.h"

namespace camwarden
{

void
WorkerWatch::started (int64_t now)
{
  const bool absent = absent_;
  *this = WorkerWatch (settings_);
  started_ = now;
  absent_ = absent;
}

bool
WorkerWatch::ping_due (int64_t now) const
{
  return !ping_under_way_ && (pinged_ < 0 || now - pinged_ >= settings_.ping_interval);
}

void
WorkerWatch::ping_sent (int64_t now)
{
  pinged_ = now;
  ping_under_way_ = true;
}

void
WorkerWatch::ping_answered (int64_t now, uint64_t progress)
{
  ping_under_way_ = false;
  answered_ever_ = true;
  missed_ = 0;
  heard (now, progress);
}

void
WorkerWatch::ping_failed ()
{
  ping_under_way_ = false;
  missed_++;
}

bool
WorkerWatch::hangs (int64_t now) const
{
  /* Loading plugins for the first time on a slow card takes seconds, with the loop not up yet. */
  if (!answered_ever_)
    return now - started_ >= settings_.link_deadline;
  return missed_ >= settings_.pings_missed;
}

void
WorkerWatch::health (int64_t now, std::string_view state, std::string_view verdict,
                     uint64_t progress)
{
  stall_ = verdict == "stall";
  failed_ = state == "failed";
  heard (now, progress);
}

void
WorkerWatch::fault (const Fault &fault)
{
  if (fault.part != "source" || fault.first == Tier::Count)
    return;
  if (fault.fault_class == FaultClass::Absent)
    absent_ = true;
  else if (fault.fault_class != FaultClass::Quality)
    failed_ = true;
}

CameraState
WorkerWatch::state (int64_t now) const
{
  if (absent_)
    return CameraState::NoCamera;
  if (progress_ == 0)
    return stall_ || failed_ ? CameraState::Stalled : CameraState::Starting;
  if (stall_ || failed_ || now - heard_ >= settings_.silent_after)
    return CameraState::Stalled;
  return CameraState::Streaming;
}

void
WorkerWatch::heard (int64_t now, uint64_t progress)
{
  heard_ = now;
  if (progress != progress_)
    absent_ = false;
  progress_ = progress;
}

} // namespace camwarden
