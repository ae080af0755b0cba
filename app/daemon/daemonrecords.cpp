// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/daemonmodel.h"

namespace camwarden
{

std::vector<Alert>
DaemonModel::alerts (const AlertQuery &query) const
{
  return parts_.records ? parts_.records->alerts (query) : std::vector<Alert> ();
}

bool
DaemonModel::acknowledge (int64_t alert, const std::string &who)
{
  if (!parts_.records || !parts_.records->acknowledge (alert, who))
    return false;
  note_order ("", "acknowledge", who + " acknowledged alert " + std::to_string (alert));
  return true;
}

void
DaemonModel::test_alerts (AlertTested done)
{
  if (parts_.records)
    parts_.records->test (std::move (done));
  else
    done ({});
}

void
DaemonModel::events (const EventQuery &query, EventsDone done)
{
  if (parts_.records)
    parts_.records->events (query, std::move (done));
  else
    done ({}, "The daemon is starting");
}

void
DaemonModel::history (const HistoryQuery &query, HistoryDone done)
{
  if (parts_.records)
    return parts_.records->history (query, std::move (done));
  HistoryAnswer answer;
  answer.error = "The daemon is starting";
  done (answer);
}

uint64_t
DaemonModel::watch (Watch watch)
{
  return parts_.records ? parts_.records->watch (std::move (watch)) : 0;
}

void
DaemonModel::unwatch (uint64_t token)
{
  if (parts_.records)
    parts_.records->unwatch (token);
}

} // namespace camwarden
