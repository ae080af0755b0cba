// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <gio/gio.h>
#include <string>

namespace camwarden
{

/* Draws a graph with Graphviz' `dot`, within 10 s. error is NULL on success; G_IO_ERROR_NOT_FOUND:
 * it is not installed. Both are lent for the call. */
void draw_graph (const std::string &dot,
                 std::function<void (GBytes *svg, const GError *error)> done);

} // namespace camwarden
