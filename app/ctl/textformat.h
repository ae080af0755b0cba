// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <glib.h>
#include <string>

namespace camwarden
{

/* As printf does. */
[[nodiscard]] std::string text_of (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* "850 B", "12.3 KB", "4.56 GB": powers of ten, as disks and networks are sold. */
[[nodiscard]] std::string format_bytes (double bytes);

/* us UTC as "2026-01-31 12:00:00" in local time, and as ISO 8601 in UTC. */
[[nodiscard]] std::string format_time (int64_t time);
[[nodiscard]] std::string iso_time (int64_t time);

/* 0 to 23, in local time. */
[[nodiscard]] int local_hour (int64_t time);

} // namespace camwarden
