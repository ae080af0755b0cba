// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

namespace camwarden
{

/* An exclusive lock on a file, which holds the process's id. It ends with the process, however that
 * ends, and is not handed on to programs the process starts. */
class LockFile
{
public:
  enum class Result {
    Held,
    Busy,   /* by another process */
    Failed, /* errno says why */
  };

  LockFile () = default;
  ~LockFile ();
  LockFile (const LockFile &) = delete;
  LockFile &operator= (const LockFile &) = delete;

  [[nodiscard]] Result take (const std::string &path);

private:
  int fd_ = -1;
};

} // namespace camwarden
