// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <glib.h>
#include <string>

namespace camwarden
{

class JsonWriter;

/* "Not Found"; libsoup does not know all of them. */
[[nodiscard]] const char *status_phrase (unsigned status);

/* An RFC 9457 problem document; the caller owns it. */
[[nodiscard]] GBytes *problem_body (unsigned status, const std::string &detail);
/* With further members, which `extra` writes. */
[[nodiscard]] GBytes *problem_body (unsigned status, const std::string &detail,
                                    const std::function<void (JsonWriter &)> &extra);

/* The same as a whole HTTP/1.1 answer that closes the connection, for clients that libsoup does not
 * see, or does not see any more. */
[[nodiscard]] std::string problem_response (unsigned status, const std::string &detail);

} // namespace camwarden
