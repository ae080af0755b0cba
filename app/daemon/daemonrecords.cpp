// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/daemonmodel.h"

namespace camwarden
{

std::vector<Alert>
DaemonModel::alerts (const AlertQuery &) const
{
  return {};
}

bool
DaemonModel::acknowledge (int64_t, const std::string &)
{
  return false;
}

void
DaemonModel::test_alerts (AlertTested done)
{
  done ({});
}

void
DaemonModel::events (const EventQuery &, EventsDone done)
{
  done ({}, "");
}

void
DaemonModel::history (const HistoryQuery &, HistoryDone done)
{
  done ({});
}

uint64_t
DaemonModel::watch (Watch)
{
  return 0;
}

void
DaemonModel::unwatch (uint64_t)
{}

} // namespace camwarden
