// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "buildconfig.h"

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
  bindtextdomain (GETTEXT_PACKAGE, CAMWARDEN_LOCALEDIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
}

} // namespace camwarden
