// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/historycopy.h"

#include "ctl/stopsignals.h"

#include <memory>
#include <sqlite3.h>

namespace camwarden
{

namespace
{

struct CloseDatabase
{
  void
  operator() (sqlite3 *database) const
  {
    sqlite3_close (database);
  }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;

Database
open_database (const std::string &path, int flags, int &result)
{
  sqlite3 *database = nullptr;
  result = sqlite3_open_v2 (path.c_str (), &database, flags, nullptr);
  if (database)
    sqlite3_busy_timeout (database, 5000);
  return Database (database);
}

std::string
problem (const std::string &path, int result)
{
  return path + ": " + sqlite3_errstr (result);
}

} // namespace

std::string
copy_history (const std::string &from, const std::string &to)
{
  constexpr int pages = 1024; /* between two looks at the signals */
  int result = SQLITE_OK;
  const Database source = open_database (from, SQLITE_OPEN_READONLY, result);
  if (result != SQLITE_OK)
    return problem (from, result);
  const Database copy = open_database (to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, result);
  if (result != SQLITE_OK)
    return problem (to, result);
  sqlite3_backup *backup = sqlite3_backup_init (copy.get (), "main", source.get (), "main");
  if (!backup)
    return problem (from, sqlite3_errcode (copy.get ()));
  do {
    result = sqlite3_backup_step (backup, pages);
    if (result == SQLITE_BUSY || result == SQLITE_LOCKED)
      sqlite3_sleep (50);
  } while (!interrupted ()
           && (result == SQLITE_OK || result == SQLITE_BUSY || result == SQLITE_LOCKED));
  (void)sqlite3_backup_finish (backup);
  if (interrupted ())
    return problem (from, SQLITE_INTERRUPT);
  return result == SQLITE_DONE ? std::string () : problem (from, result);
}

} // namespace camwarden
