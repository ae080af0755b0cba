// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace camwarden
{

struct LogFileSettings
{
  std::string path;      /* empty: no file */
  uint64_t max_size = 0; /* bytes; the file is rotated before it gets larger */
  unsigned keep = 0;     /* rotated files: path.1 is the newest */
};

/* The log where there is no journal: a file (0640) of limited size. Not for several threads at
 * once. Does not log itself. */
class LogFile
{
public:
  LogFile () = default;
  ~LogFile ();
  LogFile (const LogFile &) = delete;
  LogFile &operator= (const LogFile &) = delete;

  void configure (LogFileSettings settings);

  /* One line with its end. What went wrong, once until it goes well again; else "". */
  [[nodiscard]] std::string write (std::string_view line);

private:
  [[nodiscard]] bool put (std::string_view line);
  [[nodiscard]] bool open ();
  [[nodiscard]] bool rotate ();
  [[nodiscard]] std::string old_file (unsigned number) const;
  void close ();

  LogFileSettings settings_;
  int fd_ = -1;
  bool said_ = false;
};

} // namespace camwarden
