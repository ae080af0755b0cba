// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/textcheck.h"
#include "common/jsoncheck.h"

#include <glib.h>
#include <string>

using namespace camwarden;

/* GLib decides what is UTF-8; it also refuses NUL, which is a character. */
static void
test_utf8_like_glib ()
{
  std::string text;
  for (unsigned i = 0; i < 0x1000000; i += 7) {
    text.clear ();
    for (int shift = 24; shift >= 0; shift -= 8)
      text += static_cast<char> (((i << 8 | 0x80) * 2654435761u >> shift) | 1);
    g_assert_cmpint (is_valid_utf8 (text), ==,
                     g_utf8_validate (text.data (), static_cast<gssize> (text.size ()), nullptr));
  }
}

static void
test_utf8_edges ()
{
  using namespace std::string_view_literals;
  for (const auto text :
       { ""sv, "a"sv, "\0"sv, "\x7f"sv, "\xc2\x80"sv, "\xdf\xbf"sv, "\xe0\xa0\x80"sv,
         "\xed\x9f\xbf"sv, "\xef\xbf\xbf"sv, "\xf0\x90\x80\x80"sv, "\xf4\x8f\xbf\xbf"sv })
    g_assert_true (is_valid_utf8 (text));
  for (const auto text : { "\x80"sv, "\xc0\x80"sv, "\xc1\xbf"sv, "\xe0\x9f\xbf"sv, "\xed\xa0\x80"sv,
                           "\xf0\x8f\xbf\xbf"sv, "\xf4\x90\x80\x80"sv, "\xf5\x80\x80\x80"sv,
                           "\xff"sv, "\xe2\x82"sv, "a\xf0\x9f\x98"sv })
    g_assert_false (is_valid_utf8 (text));
}

static void
test_depth ()
{
  g_assert_cmpuint (json_depth (""), ==, 0);
  g_assert_cmpuint (json_depth ("[[]]"), ==, 2);
  g_assert_cmpuint (json_depth (R"({"a":"[[[[\"[["})"), ==, 1);
  g_assert_cmpuint (json_depth ("]]]][["), ==, 2);
  g_assert_cmpuint (json_depth (std::string (100000, '[')), ==, 100000);
}

static bool
json (std::string_view text, unsigned depth = 4)
{
  return JsonCheck (text, depth).is_object ();
}

static void
test_json ()
{
  for (const char *text :
       { "{}", " {\t\n\r} ", R"({"":0})", R"({"a":-0,"b":0.5,"c":1e5,"d":1E+05,"e":-1.5e-3})",
         R"({"a":[true,false,null,"x",[],{}]})", R"({"a":"\"\\\/\b\f\n\r\t\u00e4"})",
         R"({"a":"\ud83d\ude00"})", R"({"a" : [ 1 , 2 ] , "b" : 3 })" })
    g_assert_true (json (text));
  for (const char *text : { "",
                            " ",
                            "[]",
                            "1",
                            "{",
                            "}",
                            "{}}",
                            "{]",
                            "{}x",
                            R"({"a"})",
                            R"({"a":})",
                            R"({a:1})",
                            R"({"a":1,})",
                            R"({,"a":1})",
                            R"({"a":[1,]})",
                            R"({"a":01})",
                            R"({"a":+1})",
                            R"({"a":.5})",
                            R"({"a":1.})",
                            R"({"a":1e})",
                            R"({"a":0x10})",
                            R"({"a":-})",
                            R"({"a":Infinity})",
                            R"({"a":nul})",
                            R"({"a":TRUE})",
                            R"({"a":"\x"})",
                            R"({"a":"\u12g4"})",
                            R"({"a":"\ud83d"})",
                            R"({"a":"\ud83dx"})",
                            R"({"a":"\ud83d\n"})",
                            R"({"a":"\ude00"})",
                            R"({"a":"b)",
                            R"({"a":"\)",
                            R"({"a":"\u)",
                            "{\"a\":\"\t\"}",
                            R"({"a":1 "b":2})",
                            R"({"a"=1})",
                            "// x\n{}",
                            "{}//x",
                            R"({"a":"x",/**/"b":1})" })
    g_assert_false (json (text));
  g_assert_false (json (std::string_view ("{\"a\":1\0}", 8)));
  g_assert_true (json (R"({"a":[[[1]]]})", 4));
  g_assert_false (json (R"({"a":[[[1]]]})", 3));
  g_assert_false (json ("{}", 0));
  g_assert_false (json ("{\"a\":" + std::string (100000, '['), 8));
}

/* No cut text may be taken for a whole one, none may be read past its end. */
static void
test_json_cut ()
{
  const std::string text = R"({"a":[true,-1.5e-3,"\u00e4\ud83d\ude00\n"],"b":{"c":null}})";
  g_assert_true (json (text));
  for (size_t length = 0; length < text.size (); length++) {
    g_autofree char *copy = static_cast<char *> (g_memdup2 (text.data (), length));
    g_assert_false (json ({ copy, length }));
  }
}

static void
test_printable ()
{
  using namespace std::string_view_literals;
  const std::pair<std::string_view, std::string_view> cases[]
      = { { "ERR häßlich 🐈", "ERR häßlich 🐈" },
          { "a\r\nb\x1b[31m\x7f", "a??b?[31m?" },
          { "\xff\xc3(\xe2\x82", "?"
                                 "?(?"
                                 "?" },
          { "a\0b"sv, "a?b" } };
  for (const auto &[text, expected] : cases)
    g_assert_true (printable (text) == expected);
  g_assert_cmpuint (printable (std::string (1000000, 'x')).size (), ==, 200);
  g_assert_true (printable ("ab🐈", 5) == "ab");
  g_assert_true (printable ("ab🐈", 6) == "ab🐈");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/textcheck/utf8-like-glib", test_utf8_like_glib);
  g_test_add_func ("/textcheck/utf8-edges", test_utf8_edges);
  g_test_add_func ("/textcheck/depth", test_depth);
  g_test_add_func ("/textcheck/json", test_json);
  g_test_add_func ("/textcheck/json-cut", test_json_cut);
  g_test_add_func ("/textcheck/printable", test_printable);
  return g_test_run ();
}
