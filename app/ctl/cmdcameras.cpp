// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/config.h"
#include "config/i18n.h"
#include "ctl/command.h"
#include "ctl/daemonanswers.h"
#include "ctl/devicesview.h"
#include "ctl/exitstatus.h"

#include <cstdio>

namespace camwarden
{

namespace
{

/* Cameras as the daemon has them; else as the configuration does, without their state. */
struct Cameras
{
  JsonNodePtr answer;
  std::vector<CameraLine> lines;
};

std::vector<CameraLine>
configured_cameras (const Options &options)
{
  const char *file = options.config_file.empty () ? nullptr : options.config_file.c_str ();
  std::vector<Finding> findings;
  std::vector<CameraLine> lines;
  if (const auto config = Config::load (ConfigSources::from_environment (file), findings))
    for (const auto &camera : config->all_cameras ())
      lines.push_back ({ camera.id, "off", camera.enabled ? "configured" : "off", "", {}, {} });
  return lines;
}

Cameras
ask_cameras (CtlContext &context, ClientError &error)
{
  Cameras cameras;
  cameras.answer = context.client ().get ("/api/cameras", error);
  if (!cameras.answer) {
    if (context.options.url.empty ())
      cameras.lines = configured_cameras (context.options);
    return cameras;
  }
  for (JsonObject *camera : json_objects (json_node_get_object (cameras.answer.get ()), "cameras"))
    cameras.lines.push_back (camera_line_of (camera));
  return cameras;
}

void
print_json (const Cameras &cameras, const std::vector<VideoDevice> &devices)
{
  const JsonBuilderPtr json (json_builder_new ());
  json_builder_begin_object (json.get ());
  json_builder_set_member_name (json.get (), "devices");
  write_devices (json.get (), devices);
  json_builder_set_member_name (json.get (), "cameras");
  JsonNode *list
      = cameras.answer
            ? json_object_get_member (json_node_get_object (cameras.answer.get ()), "cameras")
            : nullptr;
  if (list)
    json_builder_add_value (json.get (), json_node_copy (list));
  else
    json_builder_add_null_value (json.get ());
  json_builder_end_object (json.get ());
  fputs (to_text (json).c_str (), stdout);
}

int
run_cameras (CtlContext &context, int argc, char **argv)
{
  gboolean all = FALSE;
  const GOptionEntry entries[] = {
    { "all", 'a', 0, G_OPTION_ARG_NONE, &all, N_ ("Devices that are no cameras, too"), nullptr },
    {},
  };
  const char *about = _ ("The devices are those of this machine; with --url there are none. A mode "
                         "is\nWIDTHxHEIGHT@RATE, with the highest rate.");
  if (!context.parse_alone (entries, argc, argv, about))
    return EXIT_USAGE;
  const char *root = g_getenv ("CAMWARDEN_ROOT"); /* tests alone */
  std::vector<VideoDevice> devices;
  DeviceCalls calls;
  const bool here = context.options.url.empty ();
  if (here)
    devices = find_video_devices (root && *root ? root : "/", calls);
  ClientError error;
  const Cameras cameras = ask_cameras (context, error);
  if (context.options.json) {
    print_json (cameras, devices);
  } else {
    std::string text = here ? format_devices (devices, all, context.terminal) + "\n" : "";
    text += format_cameras (cameras.lines, context.terminal);
    print (context.terminal, text);
  }
  return cameras.answer ? EXIT_HEALTHY : complain (error);
}

} // namespace

const Command cameras_command{ "cameras", "", N_ ("Camera devices, and the configured cameras"),
                               run_cameras };

} // namespace camwarden
