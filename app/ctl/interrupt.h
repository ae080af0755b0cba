// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "gobject/ref.h"

#include <gio/gio.h>

namespace camwarden
{

/* Ctrl-C and SIGTERM end what goes on until somebody has enough, in good order: exit status 0. A
 * reader that has gone (SIGPIPE) ends the program as usual. */
class Interrupt
{
public:
  Interrupt ();

  [[nodiscard]] bool
  came () const
  {
    return g_cancellable_is_cancelled (cancellable_.get ());
  }
  [[nodiscard]] GCancellable *
  cancellable () const
  {
    return cancellable_.get ();
  }

  /* Lets the main loop run for so long; false: it was interrupted. */
  [[nodiscard]] bool wait (double seconds);

private:
  Ref<GCancellable> cancellable_;
  SourceId sigint_, sigterm_;
};

} // namespace camwarden
