// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/respawnpolicy.h"

namespace camwarden
{

std::string
WorkerExit::text () const
{
  switch (kind) {
  case Kind::Code:
    return "exit " + std::to_string (value);
  case Kind::Signal:
    return "signal " + std::to_string (value);
  case Kind::Spawn:
    break;
  }
  return "not started";
}

RespawnPolicy::RespawnPolicy (Settings settings)
    : settings_ (settings), jitter_ (settings.base, settings.cap)
{}

void
RespawnPolicy::streaming (int64_t now)
{
  if (streaming_since_ < 0)
    streaming_since_ = now;
  if (now - streaming_since_ < settings_.healthy_after)
    return;
  jitter_.reset ();
  first_ = true;
}

void
RespawnPolicy::interrupted ()
{
  streaming_since_ = -1;
}

RespawnPolicy::Decision
RespawnPolicy::exited (const WorkerExit &exit, RandomSource &random)
{
  interrupted ();
  if (exit.kind == WorkerExit::Kind::Code) {
    if (exit.value == exitcode::Locked)
      return { settings_.lock_retry, Why::Locked };
    if (exit.value == exitcode::Usage || exit.value == exitcode::Configuration)
      return { settings_.configuration_retry, Why::Configuration };
  }
  if (std::exchange (first_, false))
    return { 0, Why::Died };
  return { jitter_.next (random), Why::Died };
}

} // namespace camwarden
