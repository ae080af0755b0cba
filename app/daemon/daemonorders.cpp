// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/daemonmodel.h"

namespace camwarden
{

static OrderResult
not_yet ()
{
  return { .ok = false, .status = 503, .message = "Not available" };
}

void
DaemonModel::log (const LogQuery &, LogDone done)
{
  done ({}, "Not available");
}

void
DaemonModel::test_camera (const std::string &, TestDone done)
{
  CameraTest test;
  test.result = not_yet ();
  done (test);
}

void
DaemonModel::recover (const std::string &, Tier, const std::string &, OrderDone done)
{
  done (not_yet ());
}

void
DaemonModel::restart_services (const std::string &, OrderDone done)
{
  done (not_yet ());
}

void
DaemonModel::reboot (const std::string &, OrderDone done)
{
  done (not_yet ());
}

void
DaemonModel::clear_reboots (const std::string &, OrderDone done)
{
  done (not_yet ());
}

std::string
DaemonModel::configuration () const
{
  return "{}";
}

} // namespace camwarden
