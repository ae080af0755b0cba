// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

namespace camwarden
{

/* The writers' name in the private redis-server; everybody else may only read. */
#define EMBEDDED_REDIS_USER "camwarden-worker"

/* Where things live: as systemd says (RUNTIME_DIRECTORY, STATE_DIRECTORY, LOGS_DIRECTORY; the first
 * one where it names several), else as the XDG base directories say, each with "camwarden" in it.
 * The functions only name a directory, ensure_directory() makes it. */

/* RUNTIME_DIRECTORY, else XDG_RUNTIME_DIR/camwarden, else /tmp/camwarden-UID. */
[[nodiscard]] std::string runtime_directory ();

/* STATE_DIRECTORY, else XDG_STATE_HOME/camwarden, else ~/.local/state/camwarden. */
[[nodiscard]] std::string state_directory ();

/* LOGS_DIRECTORY, else state_directory()/log. */
[[nodiscard]] std::string logs_directory ();

[[nodiscard]] std::string control_socket_path ();        /* the daemon's HTTP over a Unix socket */
[[nodiscard]] std::string embedded_redis_socket_path (); /* the private redis-server's socket */
[[nodiscard]] std::string embedded_redis_password_path (); /* of the user below, 0600 */
[[nodiscard]] std::string camera_lock_path (const std::string &camera); /* held by its worker */

/* Makes the directory and its parents, 0700. Refuses one that is a link, not a directory, or
 * belongs to somebody else: in /tmp anybody could have made it first. Returns what is wrong, empty:
 * nothing. */
[[nodiscard]] std::string ensure_directory (const std::string &path);

} // namespace camwarden
