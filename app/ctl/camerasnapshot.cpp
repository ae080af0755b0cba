// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/i18n.h"
#include "ctl/cameracommands.h"
#include "ctl/exitstatus.h"
#include "ctl/picture.h"
#include "gobject/ref.h"

#include <cerrno>
#include <cstdio>
#include <sys/ioctl.h>
#include <unistd.h>

namespace camwarden
{

static constexpr size_t largest_picture = 64 << 20;

static int
cannot_write (const std::string &file, const char *why)
{
  complain (take_string (g_strdup_printf (_ ("cannot write %s: %s"), file.c_str (), why)));
  return EXIT_CANNOT_WRITE;
}

/* Whole or not at all. */
static int
write_file (const std::string &file, const std::string &jpeg)
{
  g_autoptr (GError) error = nullptr;
  if (g_file_set_contents_full (file.c_str (), jpeg.data (), static_cast<gssize> (jpeg.size ()),
                                G_FILE_SET_CONTENTS_CONSISTENT, 0666, &error))
    return EXIT_HEALTHY;
  return cannot_write (file, error->message);
}

static int
write_stdout (const std::string &jpeg)
{
  const bool good
      = fwrite (jpeg.data (), 1, jpeg.size (), stdout) == jpeg.size () && fflush (stdout) == 0;
  return good ? EXIT_HEALTHY : cannot_write (_ ("standard output"), g_strerror (errno));
}

static int
draw (const Terminal &terminal, const std::string &jpeg)
{
  winsize size{};
  if (ioctl (STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
    size = { .ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0 };
  const auto picture = decode_jpeg (jpeg, size.ws_col);
  if (!picture) {
    complain (_ ("the picture is not a JPEG that can be drawn; --output FILE keeps it"));
    return EXIT_UNKNOWN;
  }
  const unsigned lines = size.ws_row > 2 ? size.ws_row - 1U : 1U;
  fputs (draw_picture (*picture, size.ws_col, lines, terminal).c_str (), stdout);
  return EXIT_HEALTHY;
}

static void
print_facts (const CameraTask &task, const std::string &jpeg)
{
  const auto picture = decode_jpeg (jpeg, UINT16_MAX);
  const JsonBuilderPtr json (json_builder_new ());
  json_builder_begin_object (json.get ());
  const auto number = [&] (const char *name, size_t value) {
    json_builder_set_member_name (json.get (), name);
    json_builder_add_int_value (json.get (), static_cast<gint64> (value));
  };
  json_builder_set_member_name (json.get (), "camera");
  json_builder_add_string_value (json.get (), task.id.c_str ());
  json_builder_set_member_name (json.get (), "file");
  json_builder_add_string_value (json.get (), clip (task.output, 4096).c_str ());
  number ("bytes", jpeg.size ());
  number ("width", picture ? picture->width : 0);
  number ("height", picture ? picture->height : 0);
  json_builder_end_object (json.get ());
  fputs (to_text (json).c_str (), stdout);
}

int
take_snapshot (CtlContext &context, const CameraTask &task)
{
  const bool file = !task.output.empty () && task.output != "-";
  if (context.options.json && !file)
    return wrong_usage (_ ("--json of a snapshot needs --output FILE"));
  if (task.output == "-" && isatty (STDOUT_FILENO))
    return wrong_usage (_ ("a terminal shows no JPEG: send standard output elsewhere, or leave "
                           "--output out"));
  ClientError error;
  const auto reply = context.client ().send (
      { .path = task.path ("/snapshot.jpg"), .largest = largest_picture }, error);
  if (!reply)
    return complain (error);
  if (!reply->good ())
    return complain (context.client ().explain (*reply));
  if (!file)
    return isatty (STDOUT_FILENO) ? draw (context.terminal, reply->body)
                                  : write_stdout (reply->body);
  const int result = write_file (task.output, reply->body);
  if (result == EXIT_HEALTHY && context.options.json)
    print_facts (task, reply->body);
  return result;
}

} // namespace camwarden
