// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>
#include <string>

namespace camwarden
{

/* What went wrong, in words that programs can compare: never a translated text. */
struct Fault
{
  std::string part;     /* source, encoder, redis, store, pipeline */
  std::string code;     /* "resource-not-found", "stream-failed", "stall", "eos", ... */
  std::string evidence; /* factory, domain, number and debug text */
};

/* part: of the element that posted it. */
[[nodiscard]] Fault fault_from_message (GstMessage *message, const std::string &part);

} // namespace camwarden
