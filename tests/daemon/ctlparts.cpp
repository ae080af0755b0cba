// SPDX-License-Identifier: LGPL-2.1-or-later
/* What camwardenctl is made of, without a daemon. */
#include "config/values.h"
#include "ctl/configtext.h"
#include "ctl/filechange.h"
#include "ctl/framemeter.h"
#include "ctl/picture.h"
#include "ctl/recordsview.h"
#include "ctl/terminal.h"
#include "ctl/tokenlist.h"
#include "ctl/watchview.h"
#include "support/asserttext.h"
#include "support/tempdir.h"

#include <cstdio>
#include <cstring>
#include <jpeglib.h>
#include <set>
#include <sys/stat.h>

using namespace camwarden;

static void
test_spark_line ()
{
  ASSERT_TEXT (spark_line ({}, 1, 10, true), "");
  ASSERT_TEXT (spark_line ({ 0, 5, 10, 20 }, 10, 10, false), "_=##");
  ASSERT_TEXT (spark_line ({ 0, 10 }, 10, 10, true), "\u2581\u2588");
  ASSERT_TEXT (spark_line ({ 1, 2, 3 }, 3, 2, false), "+#");
  ASSERT_TEXT (spark_line ({ 1 }, 0, 2, false), "_");
}

static void
test_wrap_with_a_prefix ()
{
  ASSERT_TEXT (wrap ("one two three", 7, 1, "> "), "one two\n>  three");
}

/* --- frames --- */

static FrameSeen
seen (uint64_t seq, int64_t latency, const char *run = "a")
{
  return { .bytes = 1000, .has_header = true, .run = run, .seq = seq, .latency = latency };
}

static void
test_meter_counts ()
{
  FrameMeter meter (0);
  for (int i = 0; i < 30; i++)
    meter.frame (seen (10 + i, 2000), i * 33'000);
  FrameFigures figures = meter.look (1'000'000);
  g_assert_cmpuint (figures.frames, ==, 30);
  g_assert_cmpuint (figures.bytes, ==, 30'000);
  g_assert_cmpuint (figures.lost, ==, 0);
  g_assert_cmpfloat (figures.fps (), ==, 30.0);
  g_assert_cmpint (*figures.longest_gap, ==, 33'000);
  figures = meter.look (2'000'000);
  g_assert_cmpuint (figures.frames, ==, 0);
  g_assert_false (figures.longest_gap.has_value ());
  g_assert_cmpuint (meter.all (2'000'000).frames, ==, 30);
  g_assert_cmpfloat (meter.all (2'000'000).fps (), ==, 15.0);
}

static void
test_meter_losses ()
{
  FrameMeter meter (0);
  meter.frame (seen (1, 0), 1);
  meter.frame (seen (5, 0), 2);
  meter.frame (seen (5, 0), 3); /* told again: nothing is lost by that */
  meter.frame (seen (3, 0), 4); /* out of order: neither */
  g_assert_cmpuint (meter.all (10).lost, ==, 3);
  meter.frame (seen (100, 0, "b"), 5); /* another run begins wherever it likes */
  meter.frame (seen (101, 0, "b"), 6);
  g_assert_cmpuint (meter.all (10).lost, ==, 3);
  g_assert_cmpuint (meter.all (10).runs, ==, 1);
  meter.frame ({ .bytes = 7, .run = {}, .latency = {} }, 7); /* without a header */
  g_assert_cmpuint (meter.all (10).frames, ==, 7);
}

static void
test_latencies ()
{
  LatencyBook book;
  g_assert_false (book.quantile (0.5).has_value ());
  for (int64_t us = 1; us <= 1000; us++)
    book.add (us * 100);
  for (const double share : { 0.1, 0.5, 0.9, 0.99 }) {
    const double exact = share * 100'000;
    g_assert_cmpfloat (static_cast<double> (*book.quantile (share)), >, exact * 0.97);
    g_assert_cmpfloat (static_cast<double> (*book.quantile (share)), <, exact * 1.03);
  }
  g_assert_cmpint (*book.greatest (), ==, 100'000);
  g_assert_cmpint (*book.quantile (1), <=, 100'000);
  book.add (-5);
  book.add (INT64_MAX);
  g_assert_cmpint (*book.greatest (), ==, INT64_MAX);
}

static void
test_watch_lines ()
{
  FrameMeter meter (0);
  meter.frame (seen (1, 2'500), 1);
  meter.frame (seen (4, 9'000), 40'000);
  Terminal terminal;
  for (const bool utf8 : { false, true }) {
    terminal.utf8 = utf8;
    const std::vector<double> rates (60, 1);
    const std::string line = format_figures (meter.all (1'000'000), rates, terminal);
    g_assert_cmpuint (text_width (line), <=, 80);
    g_assert_nonnull (strstr (line.c_str (), "lost 2"));
    g_assert_nonnull (strstr (line.c_str (), "latency 3 ms (9 ms)"));
  }
  const std::string summary = format_summary (meter.all (1'000'000), terminal);
  g_assert_nonnull (strstr (summary.c_str (), "2 frames in 1.0 s: 2.0 fps"));
  const std::string json = figures_json (meter.all (1'000'000), true);
  g_assert_nonnull (strstr (json.c_str (), "\"lost\":2"));
  g_assert_true (json.ends_with ("}\n"));
}

/* --- pictures --- */

static std::string
jpeg_of (unsigned width, unsigned height, const uint8_t left[3], const uint8_t right[3])
{
  jpeg_compress_struct jpeg{};
  jpeg_error_mgr errors{};
  jpeg.err = jpeg_std_error (&errors);
  jpeg_create_compress (&jpeg);
  unsigned char *data = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest (&jpeg, &data, &size);
  jpeg.image_width = width;
  jpeg.image_height = height;
  jpeg.input_components = 3;
  jpeg.in_color_space = JCS_RGB;
  jpeg_set_defaults (&jpeg);
  jpeg_set_quality (&jpeg, 95, TRUE);
  jpeg_start_compress (&jpeg, TRUE);
  std::vector<uint8_t> row (width * 3);
  for (unsigned x = 0; x < width; x++)
    memcpy (&row[x * 3], x < width / 2 ? left : right, 3);
  JSAMPROW rows = row.data ();
  while (jpeg.next_scanline < height)
    jpeg_write_scanlines (&jpeg, &rows, 1);
  jpeg_finish_compress (&jpeg);
  std::string text (reinterpret_cast<char *> (data), size);
  jpeg_destroy_compress (&jpeg);
  free (data);
  return text;
}

static constexpr uint8_t black[] = { 0, 0, 0 }, white[] = { 255, 255, 255 },
                         grey[] = { 130, 130, 130 };

static void
test_decoding ()
{
  const std::string jpeg = jpeg_of (640, 480, black, white);
  auto picture = decode_jpeg (jpeg, 80);
  g_assert_true (picture.has_value ());
  g_assert_cmpuint (picture->width, ==, 80);
  g_assert_cmpuint (picture->height, ==, 60);
  g_assert_cmpuint (picture->rgb.size (), ==, 80 * 60 * 3);
  g_assert_cmpuint (picture->rgb[0], <, 10);
  g_assert_cmpuint (picture->rgb[79 * 3], >, 245);
  picture = decode_jpeg (jpeg, 100);
  g_assert_cmpuint (picture->width, ==, 160);
  picture = decode_jpeg (jpeg, 10'000);
  g_assert_cmpuint (picture->width, ==, 640);
}

/* Nothing that comes makes it crash, whatever it makes of it. */
static void
test_broken_pictures ()
{
  const std::string jpeg = jpeg_of (64, 48, black, white);
  for (const std::string &bad :
       { std::string (), std::string ("<html>"), std::string ("\xff\xd8"), jpeg.substr (0, 100) })
    g_assert_false (decode_jpeg (bad, 8).has_value ());
  for (size_t i = 2; i < jpeg.size (); i += 3) {
    std::string bad = jpeg;
    bad[i] = static_cast<char> (bad[i] ^ 0x55);
    (void)decode_jpeg (bad, 8);
    (void)decode_jpeg (bad.substr (0, i), 8);
  }
  std::string huge = jpeg;
  const size_t frame = huge.find ("\xff\xc0");
  g_assert_cmpuint (frame, !=, std::string::npos);
  huge.replace (frame + 5, 4, "\xff\xff\xff\xff"); /* 65535 x 65535 */
  g_assert_false (decode_jpeg (huge, 8).has_value ());
}

static void
test_drawing ()
{
  const auto shades = decode_jpeg (jpeg_of (640, 320, grey, white), 100);
  const auto picture = decode_jpeg (jpeg_of (640, 320, black, white), 100);
  Terminal terminal;
  std::string text = draw_picture (*shades, 40, 100, terminal);
  const auto lines = split_words (text, "\n");
  g_assert_cmpuint (lines.size (), ==, 10); /* half as high, and characters are, too */
  for (const auto &line : lines)
    ASSERT_TEXT (line, std::string (20, '=') + std::string (20, '@'));
  g_assert_cmpuint (split_words (draw_picture (*picture, 40, 4, terminal), "\n").size (), ==, 4);
  terminal.colours = true;
  text = draw_picture (*picture, 40, 100, terminal);
  g_assert_nonnull (strstr (text.c_str (), "\033[48;5;16m "));
  g_assert_nonnull (strstr (text.c_str (), "\033[48;5;231m "));
  terminal.utf8 = terminal.true_colour = true;
  text = draw_picture (*picture, 40, 100, terminal);
  g_assert_nonnull (strstr (text.c_str (), "\033[38;2;0;0;0m\033[48;2;0;0;0m\u2580"));
  ASSERT_TEXT (draw_picture (Picture{}, 40, 10, terminal), "");
  ASSERT_TEXT (draw_picture (*picture, 0, 10, terminal), "");
}

/* --- configuration text --- */

static void
test_setting_keys ()
{
  ConfigText text ("# mine\n[redis]\nuri=a\n\n[camera:front]\nwidth = 1 \n# end\n");
  text.set ("redis", "uri", "redis://b");
  text.set ("camera:front", "width", "640");
  text.set ("camera:front", "height", "480");
  text.set ("log", "level", "debug");
  ASSERT_TEXT (text.text (), "# mine\n[redis]\nuri=redis://b\n\n[camera:front]\nwidth=640\n"
                             "height=480\n# end\n\n[log]\nlevel=debug\n");
}

static void
test_unsetting_keys ()
{
  ConfigText text ("[log]\nlevel=debug\n\n[camera:front]\nwidth=1\n");
  g_assert_false (text.unset ("log", "none"));
  g_assert_false (text.unset ("none", "level"));
  g_assert_true (text.unset ("log", "level"));
  g_assert_true (text.unset ("camera:front", "width"));
  ASSERT_TEXT (text.text (), "[camera:front]\n"); /* still a camera */
  ConfigText commented ("[log]\n# why\nlevel=a\n");
  g_assert_true (commented.unset ("log", "level"));
  ASSERT_TEXT (commented.text (), "[log]\n# why\n");
}

/* The last one counts, wherever the group stands; all of them go. */
static void
test_repeated_keys ()
{
  ConfigText text ("[log]\nlevel=a\n[redis]\n[log]\nlevel=b");
  text.set ("log", "level", "c");
  ASSERT_TEXT (text.text (), "[log]\nlevel=a\n[redis]\n[log]\nlevel=c\n");
  g_assert_true (text.unset ("log", "level"));
  g_assert_null (strstr (text.text ().c_str (), "level"));
}

/* --- files --- */

static void
test_replacing_files ()
{
  const TempDir folder;
  const std::string file = folder.path ("a.conf");
  ASSERT_TEXT (replace_file (file, "one", 0600), "");
  struct stat status
  {};
  g_assert_cmpint (stat (file.c_str (), &status), ==, 0);
  g_assert_cmpuint (status.st_mode & 0777, ==, 0600);
  g_assert_cmpint (chmod (file.c_str (), 0640), ==, 0);
  std::filesystem::create_symlink (file, folder.path ("link"));
  ASSERT_TEXT (replace_file (folder.path ("link"), "two", 0600), "");
  g_assert_true (std::filesystem::is_symlink (folder.path ("link")));
  g_assert_cmpint (stat (file.c_str (), &status), ==, 0);
  g_assert_cmpuint (status.st_mode & 0777, ==, 0640);
  ASSERT_TEXT (replace_file (file, "three", 0600, true), "");
  g_assert_cmpint (stat (file.c_str (), &status), ==, 0);
  g_assert_cmpuint (status.st_mode & 0777, ==, 0600);
  std::string problem;
  ASSERT_TEXT (read_whole (file, problem).value_or ("?"), "three");
  ASSERT_TEXT (read_whole (folder.path ("none"), problem).value_or ("?"), "");
  g_assert_false (read_whole (folder.path (), problem).has_value ());
  g_assert_false (replace_file (folder.path ("none/x"), "a", 0600).empty ());
}

/* --- tokens --- */

static void
test_tokens ()
{
  std::set<std::string> made;
  for (int i = 0; i < 100; i++) {
    const std::string token = make_token ();
    g_assert_cmpuint (token.size (), ==, 43);
    g_assert_cmpuint (token.find_first_not_of ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwx"
                                               "yz0123456789-_"),
                      ==, std::string::npos);
    made.insert (token);
  }
  g_assert_cmpuint (made.size (), ==, 100);
}

static void
test_token_list ()
{
  TokenList list ("# made by hand\n\nread abc\n");
  list.add ("admin", "Anna's laptop", "secret");
  list.add ("control", "", "other");
  auto entries = list.entries ();
  g_assert_cmpuint (entries.size (), ==, 3);
  ASSERT_TEXT (entries[0].name, "");
  ASSERT_TEXT (entries[0].fingerprint, "ba7816bf"); /* of the SHA-256 of "abc" */
  ASSERT_TEXT (entries[1].name, "Anna's laptop");
  g_assert_true (list.remove ("nobody") == TokenList::Removed::NotFound);
  g_assert_true (list.remove ("") == TokenList::Removed::NotFound);
  g_assert_true (list.remove ("Anna's laptop") == TokenList::Removed::Yes);
  ASSERT_TEXT (list.text (), "# made by hand\n\nread abc\ncontrol other\n");
  g_assert_true (list.remove ("ba7816bf") == TokenList::Removed::Yes);
  ASSERT_TEXT (list.text (), "# made by hand\n\ncontrol other\n");
  list.add ("read", "twice", "1");
  list.add ("read", "twice", "2");
  g_assert_true (list.remove ("twice") == TokenList::Removed::Several);
}

/* --- events --- */

static void
test_event_lines ()
{
  EventLines lines;
  for (const char *line : { "retry: 3000", "", ": still here", "", "id: 7", "event: fault" })
    g_assert_false (lines.line (line).has_value ());
  g_assert_false (lines.line ("data: {\"a\":").has_value ());
  g_assert_false (lines.line ("data:1}").has_value ());
  const auto message = lines.line ("");
  g_assert_true (message.has_value ());
  ASSERT_TEXT (message->id, "7");
  ASSERT_TEXT (message->data, "{\"a\":\n1}");
  g_assert_false (lines.line ("").has_value ());
  const std::string long_line = "data: " + std::string (1 << 20, 'x');
  for (int i = 0; i < 10; i++)
    g_assert_false (lines.line (long_line).has_value ());
  g_assert_cmpuint (lines.line ("")->data.size (), <, 3 << 20);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/terminal/spark-line", test_spark_line);
  g_test_add_func ("/terminal/wrap", test_wrap_with_a_prefix);
  g_test_add_func ("/frames/counts", test_meter_counts);
  g_test_add_func ("/frames/losses", test_meter_losses);
  g_test_add_func ("/frames/latencies", test_latencies);
  g_test_add_func ("/frames/lines", test_watch_lines);
  g_test_add_func ("/picture/decoding", test_decoding);
  g_test_add_func ("/picture/broken", test_broken_pictures);
  g_test_add_func ("/picture/drawing", test_drawing);
  g_test_add_func ("/config/set", test_setting_keys);
  g_test_add_func ("/config/unset", test_unsetting_keys);
  g_test_add_func ("/config/repeated", test_repeated_keys);
  g_test_add_func ("/file/replace", test_replacing_files);
  g_test_add_func ("/token/make", test_tokens);
  g_test_add_func ("/token/list", test_token_list);
  g_test_add_func ("/events/lines", test_event_lines);
  return g_test_run ();
}
