// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "ctl/logdigest.h"
#include "ctl/terminal.h"

#include <string>

namespace camwarden
{

/* What "camwardenctl logs" shows. Lines of at most terminal.columns. `most`: groups. */
[[nodiscard]] std::string format_digest (const LogDigest &digest, const Terminal &terminal,
                                         size_t most);
[[nodiscard]] std::string digest_json (const LogDigest &digest, const std::string &source,
                                       size_t most);

/* One line as it comes, for --follow and --recent-errors; as long as it is. */
[[nodiscard]] std::string format_entry (const RecentLine &line, const Terminal &terminal);
[[nodiscard]] std::string entry_json (const RecentLine &line);

} // namespace camwarden
