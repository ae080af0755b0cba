// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>

namespace camwarden
{

/* Every command this project sends to Redis stands in one table; the ACL users are generated from
 * it, and the element tests run under them. A command that is not in the table cannot be sent. */

enum class RedisUser {
  Worker,  /* publishes frames, answers requests, keeps the status */
  Reader,  /* subscribes, reads streams and keys, asks for frames */
  Doctor,  /* looks at the server */
  Default, /* the unauthenticated user of the embedded server: a reader */
};

/* The ACL rules of a user below "cam:", without name and password:
 * "resetkeys ~cam:* resetchannels &cam:* -@all +publish ...". */
[[nodiscard]] std::string acl_rules (RedisUser user);

/* A whole ACL file for other people's servers; passwords to be filled in. */
[[nodiscard]] std::string acl_file ();

/* True for a command of the table. */
[[nodiscard]] bool is_known_command (std::string_view name);

} // namespace camwarden
