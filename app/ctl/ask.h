// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

namespace camwarden
{

enum class Consent { Yes, No, CannotAsk };

/* Asks "TEXT [y/N] " on the terminal; without one nobody can be asked. `yes`: --yes. */
[[nodiscard]] Consent ask (const std::string &text, bool yes);

} // namespace camwarden
