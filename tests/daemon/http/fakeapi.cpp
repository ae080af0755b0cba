// SPDX-License-Identifier: LGPL-2.1-or-later
/* The HTTP interface over a model that knows everything there is, for clients in other languages:
 *
 *   fakeapi [TOKEN-FILE]
 *
 * Prints its URL; ends when its standard input does. A frame comes every 50 ms. */
#include "daemon/httpapi/server.h"
#include "fakes/samples.h"
#include "gobject/timer.h"

#include <glib-unix.h>

using namespace camwarden;

static gboolean
input (int fd, GIOCondition, gpointer loop)
{
  char buffer[64];
  if (read (fd, buffer, sizeof buffer) > 0)
    return G_SOURCE_CONTINUE;
  g_main_loop_quit (static_cast<GMainLoop *> (loop));
  return G_SOURCE_REMOVE;
}

int
main (int argc, char **argv)
{
  FakeModel model;
  fill_with_samples (model);
  const std::string picture ("\xff\xd8\xff\xe0 picture \xff\xd9");
  g_autoptr (GBytes) jpeg = g_bytes_new (picture.data (), picture.size ());
  model.set_picture (jpeg);
  ApiServerOptions options;
  options.listen = { "127.0.0.1:0" };
  if (argc > 1)
    options.token_file = argv[1];
  ApiServer server (model, std::move (options));
  g_autoptr (GError) error = nullptr;
  if (!server.start (&error))
    g_error ("%s", error->message);
  g_print ("%s\n", server.urls ().front ().c_str ());
  g_autoptr (GMainLoop) loop = g_main_loop_new (nullptr, FALSE);
  const auto timer = Timer::every (50, [&] { model.push (model.list.front ().id, jpeg); });
  g_unix_fd_add (0, static_cast<GIOCondition> (G_IO_IN | G_IO_HUP), input, loop);
  g_main_loop_run (loop);
  return 0;
}
