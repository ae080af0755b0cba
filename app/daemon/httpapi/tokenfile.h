// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/accessrules.h"

#include <glib.h>
#include <optional>
#include <string>

namespace camwarden
{

/* Reads `ROLE TOKEN` lines from a file that only its owner may read. Errors name the file, the line
 * and the cure, never a token. A file without any token is an error too. */
[[nodiscard]] std::optional<TokenTable> read_token_file (const std::string &path, GError **error);

/* Puts a wrong token into the log, unless one was within the last minute. */
void note_wrong_token (AccessRules &access, const std::string &address, int64_t now);

} // namespace camwarden
