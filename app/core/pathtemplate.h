// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace camwarden
{

/* The values of a template's {names}, in its order. */
using PathParameters = std::vector<std::pair<std::string, std::string>>;

/* Does a path fit a template such as /api/cameras/{id}/stream.mjpg? A {name} stands for one whole
 * segment of 1 to 64 characters out of [0-9A-Za-z._-], not starting with a dot: never a way to
 * another directory. */
[[nodiscard]] std::optional<PathParameters> match_path (std::string_view path_template,
                                                        std::string_view path);

} // namespace camwarden
