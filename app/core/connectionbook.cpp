// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/connectionbook.h"

#include <algorithm>
#include <limits>

namespace camwarden
{

size_t
ConnectionBook::count (Peer peer, bool streams) const
{
  return static_cast<size_t> (std::count_if (entries_.begin (), entries_.end (), [&] (auto &item) {
    return item.second.peer == peer && item.second.stream == streams;
  }));
}

std::string
ConnectionBook::refusal (Peer peer, const std::string &address) const
{
  if (count (peer, false) >= limits_.requests)
    return "all " + std::to_string (limits_.requests) + " connections are in use";
  if (peer != Peer::Other)
    return {};
  const auto same = std::count_if (entries_.begin (), entries_.end (), [&] (auto &item) {
    return item.second.peer == peer && item.second.address == address;
  });
  if (static_cast<size_t> (same) >= limits_.per_address)
    return "this address has " + std::to_string (same) + " connections already, which is the most";
  return {};
}

ConnectionBook::Id
ConnectionBook::admit (Peer peer, const std::string &address, int64_t now)
{
  const Id id = ++last_id_;
  entries_.emplace (id, Entry{ peer, address, false, ConnectionPhase::Header, now });
  return id;
}

void
ConnectionBook::remove (Id id)
{
  entries_.erase (id);
}

void
ConnectionBook::enter (Id id, ConnectionPhase phase, int64_t now)
{
  const auto found = entries_.find (id);
  /* A refused connection is on its way out: nothing brings it back. */
  if (found == entries_.end () || found->second.phase == ConnectionPhase::Lingering)
    return;
  found->second.phase = phase;
  found->second.since = now;
}

void
ConnectionBook::progress (Id id, int64_t now)
{
  const auto found = entries_.find (id);
  if (found != entries_.end () && found->second.phase == ConnectionPhase::Writing)
    found->second.since = now;
}

bool
ConnectionBook::become_stream (Id id)
{
  const auto found = entries_.find (id);
  if (found == entries_.end ())
    return false;
  if (!found->second.stream && count (found->second.peer, true) >= limits_.streams)
    return false;
  found->second.stream = true;
  return true;
}

int64_t
ConnectionBook::allowed (ConnectionPhase phase) const
{
  switch (phase) {
  case ConnectionPhase::Header:
    return limits_.header_time;
  case ConnectionPhase::Body:
    return limits_.body_time;
  case ConnectionPhase::Writing:
    return limits_.write_time;
  case ConnectionPhase::Idle:
    return limits_.idle_time;
  case ConnectionPhase::Lingering:
    return limits_.linger_time;
  case ConnectionPhase::Working:
  case ConnectionPhase::Streaming:
    break;
  }
  return std::numeric_limits<int64_t>::max ();
}

std::vector<ConnectionBook::Id>
ConnectionBook::overdue (int64_t now) const
{
  std::vector<Id> ids;
  for (const auto &[id, entry] : entries_)
    if (now - entry.since >= allowed (entry.phase))
      ids.push_back (id);
  return ids;
}

ConnectionPhase
ConnectionBook::phase (Id id) const
{
  const auto found = entries_.find (id);
  return found == entries_.end () ? ConnectionPhase::Lingering : found->second.phase;
}

} // namespace camwarden
