// SPDX-License-Identifier: LGPL-2.1-or-later
#include "framestore/storeoutage.h"

#include <algorithm>
#include <cerrno>

namespace camwarden
{

namespace
{

constexpr int64_t second = 1'000'000;

/* The medium itself failed, as against a shortage of memory or descriptors. */
bool
is_medium_error (int error_number)
{
  return error_number == EIO || error_number == ENXIO || error_number == EREMOTEIO
         || error_number == EUCLEAN;
}

} // namespace

const char *
outage_reason_name (OutageReason reason)
{
  switch (reason) {
  case OutageReason::none:
    return "";
  case OutageReason::full:
    return "full";
  case OutageReason::readonly:
    return "readonly";
  case OutageReason::io:
    return "io";
  case OutageReason::missing:
    return "missing";
  case OutageReason::permission:
    return "permission";
  }
  return "";
}

OutageReason
outage_reason_of (int error_number)
{
  switch (error_number) {
  case ENOSPC:
  case EDQUOT:
    return OutageReason::full;
  case EROFS:
    return OutageReason::readonly;
  case ENOENT:
  case ENOTDIR:
  case ENODEV:
  case ELOOP:
  case ESTALE:
    return OutageReason::missing;
  case EACCES:
  case EPERM:
    return OutageReason::permission;
  default:
    return OutageReason::io;
  }
}

void
StoreOutage::configure (int64_t first_wait, int64_t longest_wait)
{
  first_ = first_wait;
  longest_ = std::max (first_wait, longest_wait);
}

int64_t
StoreOutage::longest_wait (OutageReason reason) const
{
  switch (reason) {
  case OutageReason::full:
    return std::min (longest_, second);
  case OutageReason::missing:
    return std::min (longest_, 5 * second);
  default:
    return std::min (longest_, 30 * second);
  }
}

bool
StoreOutage::failed (OutageReason reason, int error_number, int64_t mono)
{
  const bool news = reason != reason_;
  if (is_medium_error (error_number))
    wait_ = longest_;
  else
    wait_ = std::min (news ? first_ : wait_ * 2, longest_wait (reason));
  reason_ = reason;
  error_number_ = error_number;
  try_at_ = mono + wait_;
  return news;
}

void
StoreOutage::end ()
{
  reason_ = OutageReason::none;
  error_number_ = 0;
}

bool
StoreOutage::may_try (int64_t mono) const
{
  return !active () || mono >= try_at_;
}

} // namespace camwarden
