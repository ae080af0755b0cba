// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/statusview.h"

#include "config/values.h"
#include "ctl/jsonvalue.h"
#include "support/asserttext.h"

#include <cstring>

using namespace camwarden;

static void
test_spans ()
{
  const struct
  {
    double seconds;
    const char *text;
  } spans[] = { { 0, "0 ms" },        { 0.0124, "12 ms" }, { 0.9994, "999 ms" }, { 1.2, "1 s" },
                { 119, "119 s" },     { 121, "2 min" },    { 7300, "2 h" },      { 200000, "2 d" },
                { 1e300, "99999 d" }, { -5, "0 ms" } };
  for (const auto &span : spans)
    ASSERT_TEXT (format_span (span.seconds), span.text);
}

static void
test_fields ()
{
  ASSERT_TEXT (pad ("ab", 4), "ab  ");
  ASSERT_TEXT (pad ("abcdefgh", 5), "ab...");
  ASSERT_TEXT (clip ("\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2", 5), "\xe6\xbc\xa2...");
  ASSERT_TEXT (clip ("a\033[1mb", 80), "a?[1mb");
  ASSERT_TEXT (clip ("abc", 2), "..");
  g_assert_cmpuint (text_width ("\xe6\xbc\xa2x"), ==, 3);
  ASSERT_TEXT (wrap ("one two three", 7, 2), "one two\n  three");
  ASSERT_TEXT (wrap ("", 10, 2), "");
}

/* The widest line there can be. */
static void
test_columns ()
{
  StatusFacts facts{ .version = "0.1.0",
                     .hostname = std::string (200, 'h'),
                     .overall = "warning",
                     .ready = true,
                     .not_ready = {},
                     .uptime = 1e9,
                     .redis_embedded = true,
                     .redis_connected = false,
                     .redis_uri = std::string (200, 'r'),
                     .redis_server = {},
                     .redis_ms = {},
                     .cameras = {},
                     .issues = {} };
  facts.cameras.push_back (
      { std::string (32, 'c'), "critical", "respawning", "unknown", 9999.9, 172800 });
  facts.issues.push_back ({ "warning", std::string (500, 'i'), "redis", "x" });
  for (const bool utf8 : { false, true }) {
    const std::string text = format_status (facts, Terminal{ .utf8 = utf8, .columns = 80 });
    for (const auto &line : split_words (text, "\n"))
      g_assert_cmpuint (text_width (line), <=, 80);
    g_assert_nonnull (strstr (text.c_str (), "9999.0 fps"));
  }
}

static void
test_json ()
{
  const JsonNodePtr root
      = parse_json_object ("{\"t\": \"x\", \"n\": 3, \"d\": 2.5, \"b\": true, \"o\": {},"
                           " \"a\": [{}, 1, {}], \"z\": null}");
  JsonObject *object = json_node_get_object (root.get ());
  ASSERT_TEXT (json_text (object, "t"), "x");
  ASSERT_TEXT (json_text (object, "n"), "");
  g_assert_cmpfloat (json_number (object, "n").value_or (0), ==, 3);
  g_assert_cmpfloat (json_number (object, "d").value_or (0), ==, 2.5);
  g_assert_false (json_number (object, "t").has_value ());
  g_assert_false (json_number (object, "z").has_value ());
  g_assert_true (json_flag (object, "b"));
  g_assert_false (json_flag (object, "n"));
  g_assert_nonnull (json_object (object, "o"));
  g_assert_null (json_object (object, "a"));
  g_assert_cmpuint (json_objects (object, "a").size (), ==, 2);
  g_assert_cmpuint (json_objects (nullptr, "a").size (), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/statusview/spans", test_spans);
  g_test_add_func ("/statusview/fields", test_fields);
  g_test_add_func ("/statusview/columns", test_columns);
  g_test_add_func ("/statusview/json", test_json);
  return g_test_run ();
}
