// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "common/locked.h"
#include "core/logring.h"
#include "daemon/logfile.h"

#include <glib.h>
#include <string>
#include <string_view>

namespace camwarden
{

/* GLib's log goes to the journal, with its fields, when stderr is connected to it; else to stderr
 * and to the log file as lines of "time level: text". g_message() is for what an operator wants to
 * read once, g_info() for details, g_debug() for developers. */
void set_up_log (const char *level);

/* error, warning, message, info or debug, also critical; false: there is no such level. */
[[nodiscard]] bool set_log_level (const char *level);

/* From now on; nothing is written to a file while there is a journal. */
void set_log_file (LogFileSettings settings);
/* What was logged is in the file, unless its disk hangs. */
void settle_log_file ();

/* The lines that were written since the program started, as far as they are kept. */
[[nodiscard]] Locked<LogRing> &kept_log ();

/* "2026-11-22 17:08:00.123 warning: text", local time; control characters are made visible, since
 * texts come from strangers too. */
[[nodiscard]] std::string log_line (GLogLevelFlags level, std::string_view message,
                                    int64_t wall_us);

} // namespace camwarden
