// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "gobject/ref.h"

#include <gio/gio.h>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace camwarden
{

/* A program that is run for a test and ends with it, whatever becomes of this one. */
class ChildProcess
{
public:
  ChildProcess () = default;
  ~ChildProcess (); /* SIGKILL */
  ChildProcess (const ChildProcess &) = delete;
  ChildProcess &operator= (const ChildProcess &) = delete;

  using Environment = std::vector<std::pair<std::string, std::string>>;

  /* What it prints goes to the file `log`. What is wrong; empty: it runs. */
  [[nodiscard]] std::string start (const std::vector<std::string> &words,
                                   const Environment &environment, const std::string &log);

  [[nodiscard]] bool running () const;
  /* SIGTERM; SIGKILL after so many seconds. Its exit status; -1: a signal ended it. */
  int stop (double patience);
  /* Until it ends by itself; nothing: it has not in that time, or there was an interruption. */
  [[nodiscard]] std::optional<int> wait (double patience);

private:
  [[nodiscard]] int status () const;

  Ref<GSubprocess> process_;
};

/* A directory of this program's own below the temporary one, deleted with its owner. */
class ScratchFolder
{
public:
  ScratchFolder ();
  ~ScratchFolder ();
  ScratchFolder (const ScratchFolder &) = delete;
  ScratchFolder &operator= (const ScratchFolder &) = delete;

  /* Empty: it could not be made. */
  [[nodiscard]] const std::string &
  path () const
  {
    return path_;
  }

private:
  std::string path_;
};

/* A redis-server on a socket in the folder, without a port and a disk. */
class ScratchRedis
{
public:
  /* What is wrong; empty: it answers. */
  [[nodiscard]] std::string start (const std::string &folder);

  [[nodiscard]] const std::string &
  socket () const
  {
    return socket_;
  }

private:
  ChildProcess process_;
  std::string socket_;
};

/* The last lines of a text file, for a message. */
[[nodiscard]] std::string last_lines (const std::string &path, size_t lines);

} // namespace camwarden
