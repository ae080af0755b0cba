// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string_view>

namespace camwarden
{

/* What to do about a fault's code, to be translated; nullptr: the code is not known. */
[[nodiscard]] const char *advice_for_code (std::string_view code);

/* The same for a line of the log, or its pattern: by the code in it, else by its words. nullptr:
 * nothing to be said about it. */
[[nodiscard]] const char *advice_for_line (std::string_view line);

} // namespace camwarden
