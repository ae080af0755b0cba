// SPDX-License-Identifier: LGPL-2.1-or-later
/* Writes the ACL users for a Redis server of one's own, at build time. */
#include "redis/rediscommands.h"

#include <cstdio>

int
main ()
{
  return std::fputs (camwarden::acl_file ().c_str (), stdout) < 0 ? 1 : 0;
}
