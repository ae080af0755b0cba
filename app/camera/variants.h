// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>
#include <string>
#include <vector>

namespace camwarden
{

/* An element's statistics or message as a{sv}, floating; NULL gives an empty one. Types that D-Bus
 * has no name for travel as text. */
[[nodiscard]] GVariant *structure_to_vardict (const GstStructure *structure);

/* As "as", floating. */
[[nodiscard]] GVariant *strings_to_variant (const std::vector<std::string> &strings);

} // namespace camwarden
