// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

namespace camwarden
{

/* For a worker of the daemon's: its log goes to stderr as plain lines with their severity in front,
 * "<4>text", to be read by the daemon, which adds time and level. By hand GLib's own lines, with
 * both, are better to read. */
void log_to_daemon ();

} // namespace camwarden
