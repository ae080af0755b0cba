// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

namespace camwarden
{

/* A copy of the database at `from` as it is at one moment, while another program writes to it. `to`
 * must not exist. What is wrong; empty: nothing. */
[[nodiscard]] std::string copy_history (const std::string &from, const std::string &to);

} // namespace camwarden
