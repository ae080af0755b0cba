// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gio/gio.h>

namespace camwarden
{

/* A connection that can be told how much its other end may still send. libsoup before 3.8 puts the
 * pieces of a WebSocket message together without any limit, and reads on as long as there is
 * something to read: only below it can both be bounded. */
[[nodiscard]] GSocketConnection *metered_connection_new (GSocket *socket);

/* From now on it may send so many bytes; a read beyond them fails, and one turn of the main loop
 * reads no more than a quarter of them. */
void metered_connection_limit (GIOStream *connection, gint64 most);

/* So many bytes more, up to the limit: those read so far have been dealt with. */
void metered_connection_credit (GIOStream *connection, gint64 bytes);

} // namespace camwarden
