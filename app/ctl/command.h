// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "ctl/client.h"
#include "ctl/optionparser.h"
#include "ctl/options.h"
#include "ctl/terminal.h"

#include <glib.h>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace camwarden
{

struct CtlContext;

/* Each command has a file of its own, and a row in the table of main.cpp. `run` gets the words from
 * the command's name on; its result is the exit status (exitstatus.h). */
struct Command
{
  const char *name;
  const char *arguments; /* for --help, such as "ID [test|recover]"; words with bars are verbs */
  const char *summary;   /* one line, to be translated */
  int (*run) (CtlContext &context, int argc, char **argv);
};

using Words = std::vector<std::string>;

/* What a command works with. */
struct CtlContext
{
  const Command *command = nullptr;
  Options options;
  Terminal terminal = Terminal::of_stdout ();

  /* Set: parse() tells the options there, and nothing is done. */
  std::vector<OptionInfo> *listing = nullptr;

  /* Reads `entries` (NULL: none of its own; ends in a short row) and the options of every command,
   * which use the letters j s u t c. Gives the words that are left, without the command's name.
   * Nothing: it has complained, the exit status is EXIT_USAGE. --help ends the program.
   * `description` stands below the options there, translated. */
  [[nodiscard]] std::optional<Words> parse (const GOptionEntry *entries, int argc, char **argv,
                                            const char *description = nullptr);

  /* The same for a command that takes no words. */
  [[nodiscard]] bool parse_alone (const GOptionEntry *entries, int argc, char **argv,
                                  const char *description = nullptr);

  /* Not before parse(). */
  [[nodiscard]] Client &client ();

private:
  std::unique_ptr<Client> client_;
};

/* "camwardenctl: TEXT" to stderr. */
void complain (const std::string &text);

/* The same; returns the error's exit status. */
[[nodiscard]] int complain (const ClientError &error);

/* The same; returns that status. */
[[nodiscard]] int fail (int status, const std::string &text);

/* The same; returns EXIT_USAGE. */
[[nodiscard]] int wrong_usage (const std::string &text);

/* TEXT as UTF-8 to standard output, in what the terminal reads. */
void print (const Terminal &terminal, const std::string &text);

extern const Command status_command;
extern const Command health_command;
extern const Command cameras_command;
extern const Command camera_command;
extern const Command watch_command;
extern const Command alerts_command;
extern const Command events_command;
extern const Command config_command;
extern const Command token_command;
extern const Command reload_command;
extern const Command restart_command;
extern const Command reboot_command;
extern const Command version_command;
extern const Command logs_command;
extern const Command backup_command;
extern const Command doctor_command;
extern const Command selftest_command;
extern const Command tune_command;

} // namespace camwarden
