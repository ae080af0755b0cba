// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <sys/types.h>

namespace camwarden
{

/* "WHAT: " and what errno says. */
[[nodiscard]] std::string system_error (const std::string &what);

/* Reads a whole file of at most 1 MiB; "" if there is none. Nothing, and why: it cannot be read. */
[[nodiscard]] std::optional<std::string> read_whole (const std::string &path, std::string &error);

/* Replaces a file at once, on the disk too: its owner stays, and its mode unless `force_mode`. A
 * new one gets `mode`. Empty: done; else what is wrong. A link is followed. */
[[nodiscard]] std::string replace_file (const std::string &path, const std::string &text,
                                        mode_t mode, bool force_mode = false);

/* Deletes a file; of a link, what it leads to. Empty: done; else what is wrong. */
[[nodiscard]] std::string remove_file (const std::string &path);

/* For the user "camwarden" to read what root has made: its own, or only its group's. False: it
 * cannot be given away. Nothing is done for anybody but root, or where there is no such user. */
enum class GivenTo { User, Group };
[[nodiscard]] bool give_to_service (const std::string &path, GivenTo whom);

/* One change at a time: a lock on the file's folder, held until it is destroyed. */
class ChangeLock
{
public:
  explicit ChangeLock (const std::string &path);
  ~ChangeLock ();
  ChangeLock (const ChangeLock &) = delete;
  ChangeLock &operator= (const ChangeLock &) = delete;

  /* Empty: it is held. */
  [[nodiscard]] const std::string &
  error () const
  {
    return error_;
  }

private:
  int fd_ = -1;
  std::string error_;
};

} // namespace camwarden
