// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>

namespace camwarden
{

/* The text with the password of each URL in it replaced: "rtsp://me:***@host/". For what people see
 * of a pipeline, which may name a camera on the network. */
[[nodiscard]] std::string without_passwords (std::string_view text);

} // namespace camwarden
