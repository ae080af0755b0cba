// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/workerexit.h"

#include "core/exitcodes.h"

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

WorkerExit::Meaning
WorkerExit::meaning () const
{
  if (kind != Kind::Code)
    return Meaning::Died;
  if (value == exitcode::Locked)
    return Meaning::Locked;
  const bool pointless = value == exitcode::Usage || value == exitcode::Configuration;
  return pointless ? Meaning::Configuration : Meaning::Died;
}

} // namespace camwarden
