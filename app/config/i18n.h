// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "gobject/catalogue.h"

#include <clocale>

#ifndef GETTEXT_PACKAGE
#define GETTEXT_PACKAGE CAMWARDEN_PACKAGE
#endif
#include <glib/gi18n-lib.h>

namespace camwarden
{

/* Once, at the start of main(): the user's language for what people read. Numbers keep the C form,
 * so that what one program prints another can read. */
inline void
init_i18n ()
{
  setlocale (LC_ALL, "");
  setlocale (LC_NUMERIC, "C");
  bind_catalogue ();
  textdomain (GETTEXT_PACKAGE); /* for ngettext () */
}

/* From here on nobody is spoken to: logs, the API and Redis carry one language, and whatever the
 * system and the libraries say there is searched for. Before a second thread starts. */
inline void
speak_english ()
{
  setlocale (LC_MESSAGES, "C");
}

} // namespace camwarden
