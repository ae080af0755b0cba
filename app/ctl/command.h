// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <span>
#include <string>

namespace camwarden
{

struct Options
{
  std::string socket;      /* --socket; empty: found by itself */
  std::string url;         /* --url; empty: the socket */
  std::string token_file;  /* --token-file */
  std::string config_file; /* --config */
  bool json = false;       /* --json */
};

/* Each command has a file of its own. `words` are those behind the command's name. The result is
 * the exit status. */
struct Command
{
  const char *name;
  const char *arguments; /* for --help, such as "check" */
  const char *doc;       /* to be translated */
  int (*run) (const Options &options, std::span<const std::string> words);
};

extern const Command status_command;
extern const Command config_command;
extern const Command version_command;

/* "camwardenctl: TEXT" to stderr. */
void complain (const std::string &text);

} // namespace camwarden
