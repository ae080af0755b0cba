// SPDX-License-Identifier: LGPL-2.1-or-later
#include "redis/frameheader.h"

#include <clocale>
#include <glib.h>
#include <json-glib/json-glib.h>

using namespace camwarden;

static FrameHeader
sample ()
{
  FrameHeader header;
  header.camera = "front";
  header.run = "00c0ffee";
  header.seq = 42;
  header.ts = 1700000000123456;
  header.mono = 987654321;
  header.synced = true;
  header.width = 1280;
  header.height = 720;
  header.fps = 29.97;
  header.caps = "image/jpeg, width=(int)1280, framerate=(fraction)30000/1001";
  header.health = "ok";
  header.dropped = 7;
  header.request = R"({"angle": 250, "name": "Ümläut"})";
  return header;
}

static void
assert_same (const FrameHeader &a, const FrameHeader &b)
{
  g_assert_cmpstr (a.camera.c_str (), ==, b.camera.c_str ());
  g_assert_cmpstr (a.run.c_str (), ==, b.run.c_str ());
  g_assert_cmpuint (a.seq, ==, b.seq);
  g_assert_cmpint (a.ts, ==, b.ts);
  g_assert_cmpint (a.mono, ==, b.mono);
  g_assert_cmpint (a.synced, ==, b.synced);
  g_assert_cmpint (a.width, ==, b.width);
  g_assert_cmpint (a.height, ==, b.height);
  g_assert_cmpfloat_with_epsilon (a.fps, b.fps, 0.0005);
  g_assert_cmpstr (a.caps.c_str (), ==, b.caps.c_str ());
  g_assert_cmpstr (a.health.c_str (), ==, b.health.c_str ());
  g_assert_cmpuint (a.dropped, ==, b.dropped);
}

static FrameHeader
parsed (const std::string &json)
{
  const auto header = parse_frame_header (json);
  g_assert_true (header.has_value ());
  return *header;
}

static void
test_round_trip ()
{
  const FrameHeader header = sample ();
  const std::string json = to_json (header);
  g_assert_nonnull (strstr (json.c_str (), header.request.c_str ())); /* unchanged */
  const FrameHeader back = parsed (json);
  assert_same (header, back);
  g_autoptr (JsonNode) request = json_from_string (back.request.c_str (), nullptr);
  g_assert_cmpint (json_object_get_int_member (json_node_get_object (request), "angle"), ==, 250);
  assert_same (FrameHeader (), parsed (to_json (FrameHeader ())));
}

static void
test_extremes ()
{
  FrameHeader header;
  header.seq = G_MAXINT64;
  header.ts = G_MAXINT64;
  header.mono = G_MININT64;
  header.width = G_MAXINT;
  header.fps = 1000000;
  assert_same (header, parsed (to_json (header)));
}

static void
test_escaping ()
{
  FrameHeader header;
  std::string every;
  for (char c = 1; c < 0x7f; c++)
    every += c;
  for (const std::string &text :
       { every, std::string ("\"\\/\b\f\n\r\t"), std::string ("Кость 猫 🐈 é"),
         std::string ("</script>"), std::string ("\x7f") }) {
    header.camera = header.caps = header.health = text;
    const std::string json = to_json (header);
    for (const char c : json)
      g_assert_true (static_cast<unsigned char> (c) >= 0x20);
    assert_same (header, parsed (json));
  }
}

static void
test_no_locale_in_numbers ()
{
  FrameHeader header = sample ();
  for (const char *name : { "C", "de_DE.UTF-8", "fr_FR.UTF-8" }) {
    if (!setlocale (LC_ALL, name))
      continue;
    g_assert_nonnull (strstr (to_json (header).c_str (), "\"fps\":29.97,"));
  }
  setlocale (LC_ALL, "C");
  for (const auto &[fps, text] :
       { std::pair (30.0, "\"fps\":30,"), std::pair (0.5, "\"fps\":0.5,"),
         std::pair (7.0 / 3, "\"fps\":2.333,"), std::pair (0.05, "\"fps\":0.05,") }) {
    header.fps = fps;
    g_assert_nonnull (strstr (to_json (header).c_str (), text));
  }
}

/* Caps with codec headers, the longest request, the longest camera: still a JPEG comment. */
static void
test_size ()
{
  FrameHeader header = sample ();
  header.caps = std::string (100000, 'x');
  header.request = R"({"a":")" + std::string (MAX_REQUEST - 8, 'b') + R"("})";
  g_assert_cmpuint (header.request.size (), ==, MAX_REQUEST);
  g_assert_true (is_valid_request (header.request));
  header.camera = std::string (128, '\x01');
  const std::string json = to_json (header);
  g_assert_cmpuint (json.size (), <=, MAX_HEADER);
  const FrameHeader back = parsed (json);
  g_assert_cmpuint (back.request.size (), ==, MAX_REQUEST);
  g_assert_cmpstr (back.caps.c_str (), ==, "");
  g_assert_false (parse_frame_header (json + std::string (MAX_HEADER, ' ')).has_value ());
}

static void
test_jpeg_comment ()
{
  const std::string json = to_json (sample ());
  const std::string head = jpeg_head (json);
  g_assert_cmpuint (head.size (), ==, json.size () + 6);
  g_assert_true (jpeg_comment (head + "\xFF\xD9") == json);
  g_assert_true (jpeg_comment (head) == json);
  g_assert_true (jpeg_head ("") == std::string ("\xFF\xD8\xFF\xFE\x00\x02", 6));
  for (size_t cut = 0; cut < head.size (); cut++)
    g_assert_true (jpeg_comment (std::string_view (head).substr (0, cut)).empty ());
  using namespace std::string_view_literals;
  for (const std::string_view text :
       { ""sv, "\xFF\xD8\xFF\xE0\x00\x10JFIF"sv, "\xFF\xD8\xFF\xFE\x00\x00xx"sv,
         "\xFF\xD8\xFF\xFE\x00\x01xx"sv, "\xFF\xD8\xFF\xFE\xFF\xFF{}"sv })
    g_assert_true (jpeg_comment (text).empty ());
}

/* What a stranger may send in place of a header: refused or harmless, never a crash. */
static void
test_hostile_headers ()
{
  const std::string deep (100000, '[');
  const std::string deep_objects = [] {
    std::string text;
    for (int i = 0; i < 1000; i++)
      text += "{\"a\":";
    return text;
  }();
  for (const std::string &text : { std::string (),
                                   std::string ("{"),
                                   std::string ("[]"),
                                   std::string ("null"),
                                   std::string ("1"),
                                   std::string ("{}"),
                                   std::string (R"({"v":2})"),
                                   std::string (R"({"v":1}x)"),
                                   std::string (R"({"v":NaN})"),
                                   deep,
                                   deep_objects,
                                   "{\"v\":1,\"a\":" + deep.substr (0, 4000),
                                   std::string ("{\"v\":1,\"cam\":\"\xff\"}"),
                                   std::string (R"({"v":1,"cam":"\ud800"})"),
                                   std::string (R"({"v":1,"cam":"\udc00\ud800"})"),
                                   std::string (R"(var x = {"v":1};)"),
                                   std::string ("{\"v\":1}\0", 8),
                                   std::string (R"({"v":[1]})"),
                                   std::string (R"({"v":{"v":1}})"),
                                   std::string (R"({"v":null})") })
    g_assert_false (parse_frame_header (text).has_value ());

  const FrameHeader header
      = parsed (R"({"v":1,"cam":5,"run":null,"seq":"x","ts":1e400,"mono":[],"w":{},"h":true,)"
                R"("fps":"fast","caps":["a"],"health":{},"drop":-1,"req":"pickle","more":[[{}]]})");
  g_assert_cmpstr (header.camera.c_str (), ==, "");
  g_assert_cmpuint (header.seq, ==, 0);
  g_assert_cmpstr (header.request.c_str (), ==, "");
  g_assert_cmpfloat (header.fps, ==, 0);
}

static void
test_requests ()
{
  for (const std::string &text :
       { std::string ("{}"), std::string (R"({"angle": 250})"), std::string (" {\"a\":[1,2]}\r\n"),
         std::string (R"({"a":{"b":{"c":{"d":{"e":{"f":{"g":1}}}}}}})"),
         std::string (R"({"🐈":"\u00e4\ud83d\ude00"})"),
         std::string (R"({"[[[[[[[[[[":"{{{{{{{"})") })
    g_assert_true (is_valid_request (text));
  for (const std::string &text :
       { std::string (), std::string ("[]"), std::string ("5"), std::string ("\"x\""),
         std::string (R"({"a":{"b":{"c":{"d":{"e":{"f":{"g":{"h":{}}}}}}}}})"),
         std::string (100000, '['), std::string ("\x80\x04\x95\x10\x00.", 6),
         std::string ("(dp0\nS'angle'\np1\nI250\ns."), std::string (R"({"a":NaN})"),
         std::string (R"({'a':1})"), std::string (R"({"a":1,})"), std::string (R"({"a":1}{"b":2})"),
         std::string ("{\"a\":\"\xc3\x28\"}"), std::string ("{\"a\":\"\n\"}"),
         std::string ("/* hi */ {\"a\":1}"), std::string ("var x = {\"a\":1};"),
         "{\"a\":\"" + std::string (MAX_REQUEST, 'x') + "\"}" })
    g_assert_false (is_valid_request (text));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/frameheader/round-trip", test_round_trip);
  g_test_add_func ("/frameheader/extremes", test_extremes);
  g_test_add_func ("/frameheader/escaping", test_escaping);
  g_test_add_func ("/frameheader/no-locale-in-numbers", test_no_locale_in_numbers);
  g_test_add_func ("/frameheader/size", test_size);
  g_test_add_func ("/frameheader/jpeg-comment", test_jpeg_comment);
  g_test_add_func ("/frameheader/hostile-headers", test_hostile_headers);
  g_test_add_func ("/frameheader/requests", test_requests);
  return g_test_run ();
}
