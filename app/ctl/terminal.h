// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

namespace camwarden
{

enum class Tone { Plain, Good, Warning, Bad, Faint };

/* What the reader of standard output can be given. */
struct Terminal
{
  bool colours = false; /* a terminal, TERM is not "dumb", and no NO_COLOR */
  bool utf8 = false;    /* else plain ASCII */
  bool screen = false;  /* a terminal that can write over a line */
  bool true_colour = false;
  unsigned columns = 80; /* no more than that; fewer on a narrow terminal */

  [[nodiscard]] static Terminal of_stdout ();

  [[nodiscard]] std::string paint (Tone tone, const std::string &text) const;

  /* A sign of one column in front of a line: a tick, an exclamation mark, a cross. */
  [[nodiscard]] std::string mark (Tone tone) const;
};

/* The last values as a row of bars of `columns`, the highest bar at `highest` or above. */
[[nodiscard]] std::string spark_line (const std::vector<double> &values, double highest,
                                      unsigned columns, bool utf8);

/* Columns that a text takes on a terminal. */
[[nodiscard]] unsigned text_width (const std::string &text);
[[nodiscard]] unsigned widest (std::initializer_list<const char *> labels);

/* The text without control characters, cut to at most that many columns, the cut marked by "...".
 */
[[nodiscard]] std::string clip (const std::string &text, unsigned columns);

/* The same filled up with blanks. */
[[nodiscard]] std::string pad (const std::string &text, unsigned columns);

/* Words put into lines of at most that many columns, those after the first indented. `prefix` comes
 * before each of these and does not count. */
[[nodiscard]] std::string wrap (const std::string &text, unsigned columns, unsigned indent,
                                const std::string &prefix = {});

/* UTF-8 to what the terminal reads. */
[[nodiscard]] std::string to_terminal (const std::string &text, bool utf8);

} // namespace camwarden
