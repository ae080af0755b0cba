// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

namespace camwarden
{

/* Disks that fail or hang, for a test's own process: a program that links this has its write(),
 * fsync() and fdatasync() go through here, those of the plugins it loads included. Only files whose
 * path contains `where` are concerned. */
class FaultyFiles
{
public:
  enum class Call { write, sync };

  static void fail (Call call, int error_number, const char *where);
  /* The call does not return before thaw(). */
  static void freeze (Call call, const char *where);
  static void thaw ();
  /* How many calls are frozen at the moment. */
  static int frozen ();
};

} // namespace camwarden
