// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

namespace camwarden
{

class Exchange;

/* One of the page's files, out of this program; 404 when there is none of that name. */
void reply_dashboard (Exchange &exchange, const std::string &file);

} // namespace camwarden
