// SPDX-License-Identifier: LGPL-2.1-or-later
/* The dashboard over a fake daemon, for a browser: fakedashboard FRAMES-FOLDER [CAMERA...]
 * The folder's *.jpg are shown in the order of their names at 15 a second. Prints its URL, obeys
 * lines on its standard input (see obey()), ends with it. */
#include "daemon/httpapi/server.h"
#include "fakes/fakemodel.h"

#include <algorithm>
#include <gio/gunixinputstream.h>
#include <unistd.h>

using namespace camwarden;

namespace
{

struct Fake
{
  FakeModel model;
  std::vector<GBytes *> frames;
  size_t position = 0;
  bool frozen = false;
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
  fake->model.daemon.uptime = g_get_real_time () - fake->model.daemon.started;
  if (fake->frozen) {
    for (auto &camera : fake->model.list)
      camera.last_frame_age = *camera.last_frame_age + 66'667;
    return G_SOURCE_CONTINUE;
  }
  fake->position = (fake->position + 1) % fake->frames.size ();
  GBytes *frame = fake->frames[fake->position];
  fake->model.set_picture (frame);
  for (auto &camera : fake->model.list) {
    camera.frames++;
    camera.published++;
    camera.last_frame_age = 12'000;
    fake->model.push (camera.id, frame);
  }
  return G_SOURCE_CONTINUE;
}

static void
obey (Fake &fake, const std::string &line)
{
  auto &camera = fake.model.list.front ();
  if (line == "stall") {
    fake.frozen = true;
    camera.state = CameraState::Stalled;
    camera.verdict = "stall";
    camera.fps = 0;
    camera.last_error = "v4l2src: no frame for 1.0 s";
  } else if (line == "hostile") {
    camera.last_error = "<img src=x onerror=document.title='owned'><script>alert(1)</script>";
  } else if (line == "redis-away") {
    fake.model.daemon.redis.connected = false;
    fake.model.daemon.redis.error = "Connection refused";
  } else if (line == "heal") {
    fake.frozen = false;
    const auto id = camera.id;
    camera = healthy_camera (id);
    fake.model.daemon.redis.connected = true;
    fake.model.daemon.redis.error.clear ();
  }
  g_print ("done %s\n", line.c_str ());
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

int
main (int argc, char **argv)
{
  if (argc < 2)
    return 64;
  Fake fake;
  load_frames (fake, argv[1]);
  if (argc > 2)
    fake.model.list.clear ();
  for (int i = 2; i < argc; i++)
    fake.model.list.push_back (healthy_camera (argv[i]));
  ApiServerOptions options;
  options.listen = { "127.0.0.1:0" };
  ApiServer server (fake.model, std::move (options));
  g_autoptr (GError) error = nullptr;
  if (!server.start (&error))
    g_error ("%s", error->message);
  g_print ("%s\n", server.urls ().front ().c_str ());
  show_next (&fake);
  g_timeout_add (66, show_next, &fake);
  g_autoptr (GInputStream) input = g_unix_input_stream_new (STDIN_FILENO, FALSE);
  fake.commands = g_data_input_stream_new (input);
  g_data_input_stream_read_line_async (fake.commands, G_PRIORITY_DEFAULT, nullptr, read_line,
                                       &fake);
  g_main_loop_run (fake.loop);
  server.stop ();
  for (GBytes *frame : fake.frames)
    g_bytes_unref (frame);
  g_object_unref (fake.commands);
  g_main_loop_unref (fake.loop);
  return 0;
}
