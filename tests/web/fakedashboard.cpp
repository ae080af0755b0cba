// SPDX-License-Identifier: LGPL-2.1-or-later
/* The dashboard over a fake daemon, for a browser:
 *   fakedashboard [--tokens FILE] FRAMES-FOLDER [CAMERA...]
 * The folder's *.jpg are shown in the order of their names at 15 a second. With a file of tokens
 * nobody is trusted without one. Prints its URL, obeys lines on its standard input (see
 * FakeWorld::obey(); `orders` prints those that came), ends with it. */
#include "daemon/httpapi/server.h"
#include "web/fakeworld.h"

#include <algorithm>
#include <cstring>
#include <gio/gunixinputstream.h>
#include <unistd.h>

using namespace camwarden;

static constexpr unsigned frames_per_second = 15;

namespace
{

struct Fake
{
  explicit Fake (const std::vector<std::string> &cameras) : world (cameras) {}

  FakeWorld world;
  std::vector<GBytes *> frames;
  size_t position = 0;
  GMainLoop *loop = g_main_loop_new (nullptr, FALSE);
  GDataInputStream *commands = nullptr;
};

} // namespace

static void
load_frames (Fake &fake, const char *folder)
{
  g_autoptr (GDir) directory = g_dir_open (folder, 0, nullptr);
  g_assert_nonnull (directory);
  std::vector<std::string> names;
  while (const char *name = g_dir_read_name (directory))
    if (g_str_has_suffix (name, ".jpg"))
      names.emplace_back (std::string (folder) + "/" + name);
  std::sort (names.begin (), names.end ());
  for (const auto &name : names) {
    char *data = nullptr;
    gsize size = 0;
    g_assert_true (g_file_get_contents (name.c_str (), &data, &size, nullptr));
    fake.frames.push_back (g_bytes_new_take (data, size));
  }
  g_assert_false (fake.frames.empty ());
}

static gboolean
show_next (gpointer data)
{
  auto *fake = static_cast<Fake *> (data);
  fake->position = (fake->position + 1) % fake->frames.size ();
  fake->world.show (fake->frames[fake->position], frames_per_second);
  return G_SOURCE_CONTINUE;
}

static gboolean
live (gpointer data)
{
  static_cast<Fake *> (data)->world.live ();
  return G_SOURCE_CONTINUE;
}

static void
obey (Fake &fake, const std::string &line)
{
  if (line == "orders") {
    std::string all;
    for (const auto &order : fake.world.orders)
      all += (all.empty () ? "" : "|") + order;
    g_print ("%s\n", all.c_str ());
  } else {
    g_print ("%s %s\n", fake.world.obey (line) ? "done" : "unknown", line.c_str ());
  }
}

static void
read_line (GObject *stream, GAsyncResult *result, gpointer data)
{
  auto *fake = static_cast<Fake *> (data);
  g_autofree char *line = g_data_input_stream_read_line_finish (G_DATA_INPUT_STREAM (stream),
                                                                result, nullptr, nullptr);
  if (!line) {
    g_main_loop_quit (fake->loop);
    return;
  }
  obey (*fake, line);
  g_data_input_stream_read_line_async (fake->commands, G_PRIORITY_DEFAULT, nullptr, read_line,
                                       data);
}

static void
run (Fake &fake, ApiServerOptions options)
{
  ApiServer server (fake.world, std::move (options));
  g_autoptr (GError) error = nullptr;
  if (!server.start (&error))
    g_error ("%s", error->message);
  g_print ("%s\n", server.urls ().front ().c_str ());
  show_next (&fake);
  g_timeout_add (1000 / frames_per_second, show_next, &fake);
  g_timeout_add (1000, live, &fake);
  g_autoptr (GInputStream) input = g_unix_input_stream_new (STDIN_FILENO, FALSE);
  fake.commands = g_data_input_stream_new (input);
  g_data_input_stream_read_line_async (fake.commands, G_PRIORITY_DEFAULT, nullptr, read_line,
                                       &fake);
  g_main_loop_run (fake.loop);
  server.stop ();
}

int
main (int argc, char **argv)
{
  ApiServerOptions options;
  options.listen = { "127.0.0.1:0" };
  int next = 1;
  if (argc > 2 && strcmp (argv[1], "--tokens") == 0) {
    options.token_file = argv[2];
    options.trust_loopback = false;
    next = 3;
  }
  if (next >= argc)
    return 64;
  Fake fake (std::vector<std::string> (argv + next + 1, argv + argc));
  load_frames (fake, argv[next]);
  run (fake, std::move (options));
  for (GBytes *frame : fake.frames)
    g_bytes_unref (frame);
  g_object_unref (fake.commands);
  g_main_loop_unref (fake.loop);
  return 0;
}
