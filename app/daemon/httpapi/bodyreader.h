// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "daemon/httpapi/exchange.h"

#include <string>

namespace camwarden
{

/* Reads the members of a body, a JSON object or nothing. The first thing that makes no sense
 * becomes the reply, 400; after that good() is false. */
class BodyReader
{
public:
  explicit BodyReader (Exchange &exchange);

  /* Empty when there is no such member. */
  [[nodiscard]] std::string text (const char *name);

  [[nodiscard]] bool
  good () const
  {
    return good_;
  }

private:
  void refuse (const std::string &why);

  Exchange &exchange_;
  JsonObject *object_ = nullptr; /* the exchange's */
  bool good_ = true;
};

} // namespace camwarden
