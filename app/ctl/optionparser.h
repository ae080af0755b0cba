// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "ctl/options.h"

#include <glib.h>
#include <optional>
#include <string>
#include <vector>

namespace camwarden
{

/* For completion. */
struct OptionInfo
{
  std::string name; /* without -- */
  std::string text; /* translated */
  bool argument = false, file = false;
};

/* A GOptionContext whose first group is that of every command. */
class OptionParser
{
public:
  explicit OptionParser (Options &options) : options_ (options) {}

  std::string program; /* for "Usage:" */
  std::string arguments, summary, description;
  const GOptionEntry *entries = nullptr;
  bool stop_at_word = false;                  /* the options behind the first word are not ours */
  std::vector<OptionInfo> *listing = nullptr; /* tell the options instead of parsing anything */

  /* The words; nothing: it has complained, or it has told them. */
  [[nodiscard]] std::optional<std::vector<std::string>> parse (int argc, char **argv);

private:
  [[nodiscard]] bool parse_into (struct OptionTexts &texts, int argc, char **argv) const;

  Options &options_;
};

} // namespace camwarden
