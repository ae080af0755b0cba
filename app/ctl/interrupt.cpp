// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/interrupt.h"

#include <csignal>
#include <glib-unix.h>

namespace camwarden
{

static gboolean
on_signal (gpointer data)
{
  g_cancellable_cancel (static_cast<GCancellable *> (data));
  return G_SOURCE_CONTINUE;
}

Interrupt::Interrupt ()
    : cancellable_ (Ref<GCancellable>::adopt (g_cancellable_new ())),
      sigint_ (g_unix_signal_add (SIGINT, on_signal, cancellable_.get ())),
      sigterm_ (g_unix_signal_add (SIGTERM, on_signal, cancellable_.get ()))
{}

bool
Interrupt::wait (double seconds)
{
  bool over = false;
  const auto end = [] (gpointer data) -> gboolean {
    *static_cast<bool *> (data) = true;
    return G_SOURCE_CONTINUE; /* removed below */
  };
  const SourceId timer (g_timeout_add (static_cast<guint> (seconds * 1000), end, &over));
  while (!over && !came ())
    g_main_context_iteration (nullptr, TRUE);
  return !came ();
}

} // namespace camwarden
