// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

namespace camwarden
{

/* How a worker ended. */
struct WorkerExit
{
  enum class Kind {
    Code,   /* value: exit code */
    Signal, /* value: signal number */
    Spawn,  /* could not be started at all */
  };
  enum class Meaning {
    Died,
    Locked,        /* another process holds the camera */
    Configuration, /* it says that trying again is pointless */
  };
  Kind kind = Kind::Code;
  int value = 0;

  /* "exit 75", "signal 9", "not started". */
  [[nodiscard]] std::string text () const;
  [[nodiscard]] Meaning meaning () const;
};

} // namespace camwarden
