// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "buildconfig.h"

#include <glib.h>
#include <libintl.h>

namespace camwarden
{

/* Where the translations are. TEXTDOMAINDIR, which gettext(1) knows too, names another directory:
 * that of a build tree. */
inline void
bind_catalogue ()
{
  const char *directory = g_getenv ("TEXTDOMAINDIR");
  bindtextdomain (CAMWARDEN_PACKAGE, directory && *directory ? directory : CAMWARDEN_LOCALEDIR);
  bind_textdomain_codeset (CAMWARDEN_PACKAGE, "UTF-8");
}

} // namespace camwarden
