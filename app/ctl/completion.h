// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "ctl/command.h"

namespace camwarden
{

/* For the shells: what the last of the words could become, a line each, "WORD TAB DESCRIPTION", or
 * ":files" for a file's name. The words are those behind the program's name. */
[[nodiscard]] int complete (std::span<const Command *const> commands, const Words &words);

} // namespace camwarden
