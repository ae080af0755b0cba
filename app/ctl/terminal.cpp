// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/terminal.h"

#include "config/values.h"
#include "gobject/ref.h"

#include <algorithm>
#include <cmath>
#include <glib.h>
#include <string_view>
#include <sys/ioctl.h>
#include <unistd.h>

namespace camwarden
{

/* Room for a table; a terminal that does not know its width says 0. */
static unsigned
terminal_columns ()
{
  winsize size{};
  if (ioctl (STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
    return 80;
  return std::clamp<unsigned> (size.ws_col, 40, 80);
}

Terminal
Terminal::of_stdout ()
{
  Terminal terminal;
  const char *no_color = g_getenv ("NO_COLOR"), *term = g_getenv ("TERM");
  const char *depth = g_getenv ("COLORTERM");
  terminal.screen = isatty (STDOUT_FILENO) && !(term && g_str_equal (term, "dumb"));
  terminal.colours = terminal.screen && !(no_color && *no_color);
  terminal.true_colour = terminal.colours && depth
                         && (g_str_equal (depth, "truecolor") || g_str_equal (depth, "24bit"));
  terminal.utf8 = g_get_charset (nullptr);
  terminal.columns = terminal_columns ();
  return terminal;
}

std::string
spark_line (const std::vector<double> &values, double highest, unsigned columns, bool utf8)
{
  static constexpr const char *bars[]
      = { "\u2581", "\u2582", "\u2583", "\u2584", "\u2585", "\u2586", "\u2587", "\u2588" };
  static constexpr const char *signs[] = { "_", ".", ":", "-", "=", "+", "*", "#" };
  const size_t count = std::min<size_t> (values.size (), columns);
  std::string line;
  for (size_t i = values.size () - count; i < values.size (); i++) {
    const double share = highest > 0 && values[i] > 0 ? std::min (values[i] / highest, 1.0) : 0;
    const auto height = static_cast<size_t> (std::lround (share * 7));
    line += utf8 ? bars[height] : signs[height];
  }
  return line;
}

std::string
Terminal::paint (Tone tone, const std::string &text) const
{
  static const char *const codes[] = { "", "\033[32m", "\033[33m", "\033[1;31m", "\033[2m" };
  if (!colours || tone == Tone::Plain)
    return text;
  return codes[static_cast<size_t> (tone)] + text + "\033[0m";
}

std::string
Terminal::mark (Tone tone) const
{
  switch (tone) {
  case Tone::Good:
    return utf8 ? "\xe2\x9c\x93" : "+";
  case Tone::Warning:
    return "!";
  case Tone::Bad:
    return utf8 ? "\xe2\x9c\x97" : "x";
  default:
    return "-";
  }
}

static unsigned
point_width (gunichar point)
{
  if (g_unichar_iszerowidth (point))
    return 0;
  return g_unichar_iswide (point) ? 2 : 1;
}

unsigned
text_width (const std::string &text)
{
  unsigned width = 0;
  for (const char *p = text.c_str (); *p; p = g_utf8_next_char (p))
    width += point_width (g_utf8_get_char (p));
  return width;
}

/* Control characters of every kind, those that turn the writing direction too. */
static std::string
harmless (const std::string &text)
{
  g_autofree char *valid = g_utf8_make_valid (text.c_str (), -1);
  std::string clean;
  for (const char *p = valid; *p; p = g_utf8_next_char (p)) {
    const gunichar point = g_utf8_get_char (p);
    const bool bad = g_unichar_iscntrl (point) || g_unichar_type (point) == G_UNICODE_FORMAT
                     || point == 0x2028 || point == 0x2029;
    clean.append (bad ? "?" : p, bad ? 1 : static_cast<size_t> (g_utf8_next_char (p) - p));
  }
  return clean;
}

std::string
clip (const std::string &text, unsigned columns)
{
  std::string clean = harmless (text);
  if (text_width (clean) <= columns)
    return clean;
  const unsigned dots = columns < 3 ? columns : 3;
  unsigned width = 0;
  const char *p = clean.c_str ();
  for (; *p; p = g_utf8_next_char (p)) {
    const unsigned next = point_width (g_utf8_get_char (p));
    if (width + next > columns - dots)
      break;
    width += next;
  }
  return clean.substr (0, static_cast<size_t> (p - clean.c_str ())) + std::string (dots, '.');
}

std::string
pad (const std::string &text, unsigned columns)
{
  std::string field = clip (text, columns);
  field.append (columns - text_width (field), ' ');
  return field;
}

unsigned
widest (std::initializer_list<const char *> labels)
{
  unsigned width = 0;
  for (const char *label : labels)
    width = std::max (width, text_width (label));
  return width;
}

/* Chinese has no blanks: a line ends between any two of its characters, but does not begin with
 * what closes, nor end with what opens. */
static bool
may_end_between (gunichar before, gunichar after)
{
  constexpr std::u32string_view closing = U"\"',.;:!?)]}%\u2019\u201d\u2026\u3001\u3002\u300b\u300d"
                                          U"\u300f\u3011\uff01\uff09\uff0c\uff0e\uff1a\uff1b\uff1f";
  constexpr std::u32string_view opening = U"\"'([{\u2018\u201c\u300a\u300c\u300e\u3010\uff08";
  return (g_unichar_iswide (before) || g_unichar_iswide (after))
         && closing.find (after) == std::u32string_view::npos
         && opening.find (before) == std::u32string_view::npos;
}

namespace
{

struct Piece
{
  std::string text;
  bool blank; /* before it */
};

} // namespace

/* What a line ends between. */
static std::vector<Piece>
pieces_of (const std::string &text)
{
  std::vector<Piece> pieces;
  for (const auto &word : split_words (text, " ")) {
    pieces.push_back ({ {}, true });
    gunichar before = 0;
    for (const char *p = word.c_str (); *p; p = g_utf8_next_char (p)) {
      const gunichar point = g_utf8_get_char (p);
      if (before && may_end_between (before, point))
        pieces.push_back ({ {}, false });
      pieces.back ().text.append (p, static_cast<size_t> (g_utf8_next_char (p) - p));
      before = point;
    }
  }
  return pieces;
}

std::string
wrap (const std::string &text, unsigned columns, unsigned indent, const std::string &prefix)
{
  std::string lines, line;
  const auto room = [&] { return lines.empty () ? columns : columns - indent; };
  const auto break_line = [&] {
    lines += (lines.empty () ? "" : prefix + std::string (indent, ' ')) + line + "\n";
    line.clear ();
  };
  for (const auto &piece : pieces_of (harmless (text))) {
    const std::string gap = piece.blank ? " " : "";
    if (!line.empty () && text_width (line + gap + piece.text) > room ())
      break_line ();
    line += (line.empty () ? "" : gap) + clip (piece.text, columns - indent);
  }
  break_line ();
  lines.pop_back ();
  return lines;
}

std::string
to_terminal (const std::string &text, bool utf8)
{
  return utf8 ? text : take_string (g_str_to_ascii (text.c_str (), "C"));
}

} // namespace camwarden
