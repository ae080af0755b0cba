// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/logline.h"

#include "support/asserttext.h"

#include <glib.h>

using namespace camwarden;

namespace
{

void
check (const char *line, int severity, const char *text)
{
  const LogLine found = read_log_line (line);
  g_assert_cmpint (found.severity, ==, severity);
  ASSERT_TEXT (found.text, text);
}

void
test_severity ()
{
  check ("<4>no camera found", 4, "no camera found");
  check ("<7>", 7, "");
  check ("no prefix", LogLine::notice, "no prefix");
  for (const char *line : { "", "<", "<4", "<9>nine", "<x>", "<12>twelve", " <4>behind a space" })
    check (line, LogLine::notice, line);
}

void
test_colours ()
{
  check ("[1:02:03.4] [77] \x1b[1;33m WARN \x1b[1;37mV4L2 \x1b[0mno such control", LogLine::notice,
         "[1:02:03.4] [77]  WARN V4L2 no such control");
  check ("<3>\x1b[31;1mred\x1b[m\x1b[K", 3, "red");
  check ("\x1b[0mall\x1b[0m", LogLine::notice, "all");
  /* What is no whole sequence is left to be made visible. */
  for (const char *line : { "\x1b", "\x1b[", "\x1b[1;3", "\x1b]0;title\x07", "a\x1b[1\xc3\xa4" })
    check (line, LogLine::notice, line);
}

void
test_prefix ()
{
  ASSERT_TEXT (prefixed_lines (5, "one"), "<5>one\n");
  ASSERT_TEXT (prefixed_lines (4, "one\n\ntwo\n"), "<4>one\n<4>two\n");
  ASSERT_TEXT (prefixed_lines (4, ""), "");
}

} // namespace

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/logline/severity", test_severity);
  g_test_add_func ("/logline/colours", test_colours);
  g_test_add_func ("/logline/prefix", test_prefix);
  return g_test_run ();
}
