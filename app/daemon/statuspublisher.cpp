// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/statuspublisher.h"

#include "daemon/jsonfields.h"

#include <glib.h>

namespace camwarden
{

namespace
{

constexpr int64_t REFRESH = 3 * G_USEC_PER_SEC;

} // namespace

std::string
camera_prefix (const std::string &id, const std::string &channel)
{
  constexpr std::string_view frame = "frame";
  const bool ours = channel.starts_with ("cam:") && channel.ends_with (":frame");
  return ours ? channel.substr (0, channel.size () - frame.size ()) : "cam:" + id + ":";
}

std::string
status_json (const CameraHealth &health, const std::string &channel, int64_t wall)
{
  const std::pair<const char *, int64_t> restarts[] = {
    { "source", health.cures[0] },
    { "pipeline", health.cures[1] },
    { "device", health.cures[2] },
    { "worker", health.cures[3] },
  };
  JsonFields fields;
  fields.number ("v", 1)
      .text ("cam", health.id)
      .number ("ts", wall)
      .text ("state", camera_state_name (health.state))
      .number ("since", health.state_since)
      .text ("health", health.verdict)
      .text ("detail", health.detail)
      .text ("channel", channel)
      .text ("source", health.source)
      .number ("w", health.width)
      .number ("h", health.height)
      .real ("fps", health.fps)
      .number ("age", health.age)
      .flag ("wanted", health.wanted)
      .number ("frames", static_cast<int64_t> (health.frames))
      .number ("published", static_cast<int64_t> (health.published))
      .number ("dropped", static_cast<int64_t> (health.dropped))
      .number ("stored", static_cast<int64_t> (health.stored))
      .text ("store-paused", health.store_paused)
      .number ("respawns", health.respawns)
      .number ("recycles", health.recycles)
      .numbers ("restarts", restarts)
      .text ("recovery", health.recovery)
      .flag ("given-up", health.given_up)
      .text ("last-fault", health.last_fault)
      .number ("degrade", health.degrade)
      .text ("degraded", health.degraded)
      .number ("held-back", static_cast<int64_t> (health.held_back))
      .text ("emergency", health.emergency);
  return fields.finish ();
}

std::string
event_json (const std::string &id, const char *what, const std::string &from, const std::string &to,
            const std::string &detail, int64_t wall)
{
  JsonFields fields;
  fields.number ("v", 1)
      .text ("cam", id)
      .number ("ts", wall)
      .text ("event", what)
      .text ("from", from)
      .text ("to", to)
      .text ("detail", detail);
  return fields.finish ();
}

void
StatusPublisher::event (const Known &known, const char *what, const std::string &from,
                        const std::string &to, const std::string &detail) const
{
  const std::string &id = known.health.id;
  send_ ({ "PUBLISH", camera_prefix (id, known.channel) + "event",
           event_json (id, what, from, to, detail, g_get_real_time ()) });
}

void
StatusPublisher::set (const Known &known) const
{
  send_ ({ "SET", camera_prefix (known.health.id, known.channel) + "status",
           status_json (known.health, known.channel, g_get_real_time ()), "EX",
           std::to_string (TTL) });
}

void
StatusPublisher::update (const CameraHealth &health, const std::string &channel, int64_t now)
{
  Known &known = known_[health.id];
  const CameraHealth before = std::exchange (known.health, health);
  const bool first = known.sent == 0;
  known.channel = channel;
  const bool state = first || before.state != health.state;
  const bool verdict = !first && before.verdict != health.verdict;
  const bool store = !first && before.store_paused != health.store_paused;
  const bool degrade = !first && before.degrade != health.degrade;
  const bool emergency = !first && before.emergency.empty () != health.emergency.empty ();
  if (!state && !verdict && !store && !degrade && !emergency && now - known.sent < REFRESH)
    return;
  known.sent = now;
  set (known);
  if (state)
    event (known, "state", first ? "offline" : std::string (camera_state_name (before.state)),
           std::string (camera_state_name (health.state)), health.detail);
  if (verdict)
    event (known, "health", before.verdict, health.verdict, "");
  if (store)
    event (known, "store-paused", before.store_paused, health.store_paused, "");
  if (degrade)
    event (known, "degrade", std::to_string (before.degrade), std::to_string (health.degrade),
           health.degraded);
  if (emergency)
    event (known, "emergency", before.emergency, health.emergency, "");
}

void
StatusPublisher::refresh ()
{
  for (const auto &[id, known] : known_)
    if (known.sent != 0)
      set (known);
}

void
StatusPublisher::offline (const std::string &id)
{
  const auto found = known_.find (id);
  if (found == known_.end ())
    return;
  Known &known = found->second;
  const std::string from (camera_state_name (known.health.state));
  send_ ({ "DEL", camera_prefix (id, known.channel) + "status" });
  event (known, "state", from, "offline", "");
  known_.erase (found);
}

} // namespace camwarden
