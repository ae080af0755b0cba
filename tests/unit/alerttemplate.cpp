// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/alerttemplate.h"
#include "support/asserttext.h"

#include <glib.h>

using namespace camwarden;

static void
test_template ()
{
  const std::map<std::string, std::string> values{ { "text", "a \"b\"\\\n\x1f\x7f" },
                                                   { "code", "{text}" } };
  static const struct
  {
    const char *text, *filled;
  } rows[] = {
    { "", "" },
    { "say {text}", "say a \"b\"\\\n\x1f\x7f" },
    { R"({"a":"{text}"})", R"({"a":"a \"b\"\\\u000a\u001f\u007f"})" },
    { R"( ["{code}"])", R"( ["{text}"])" }, /* what was put in is not looked at again */
    { R"({"x":{"y":{}},"z":"{nobody}{code})", R"({"x":{"y":{}},"z":"{nobody}{text})" },
    { "{", "{" },
    { "{text", "{text" },
    { "}{text}{", "}a \"b\"\\\n\x1f\x7f{" },
  };
  for (const auto &row : rows)
    ASSERT_TEXT (fill_template (row.text, values), row.filled);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/alerttemplate/fill", test_template);
  return g_test_run ();
}
