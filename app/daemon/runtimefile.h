// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>
#include <string>

namespace camwarden
{

/* Small files in the runtime directory. */

/* Written beside, then renamed: a reader sees the old text or the new one. */
bool write_file (const std::string &path, const std::string &text, int mode, GError **error);

/* "" when it cannot be read. */
[[nodiscard]] std::string read_file (const std::string &path);

/* The secret in the file; made of 32 random bytes (mode 0600) when there is none. "" on error. */
[[nodiscard]] std::string ensure_secret (const std::string &path, GError **error);

/* An exclusive lock on a file, made when missing; held until the last descriptor of this opening is
 * closed, so that a child that inherits it goes on holding it. -1 with errno: EWOULDBLOCK when
 * somebody else holds it. */
[[nodiscard]] int lock_file (const std::string &path);

} // namespace camwarden
