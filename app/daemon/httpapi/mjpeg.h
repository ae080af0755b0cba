// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "daemon/httpapi/model.h"

#include <memory>
#include <string>

namespace camwarden
{

class Exchange;

/* Answers with the camera's frames as multipart/x-mixed-replace until the client goes. At most one
 * frame is on its way and one waits; a newer one takes the waiting one's place, so that a slow
 * reader gets fewer frames and never a longer queue. */
void stream_mjpeg (ApiModel &model, const std::shared_ptr<Exchange> &exchange,
                   const std::string &camera);

} // namespace camwarden
