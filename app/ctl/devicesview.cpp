// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/devicesview.h"

#include "config/i18n.h"
#include "config/values.h"
#include "gobject/ref.h"

#include <cmath>

namespace camwarden
{

static constexpr unsigned indent = 14;

static std::string
size_text (const VideoMode &mode)
{
  std::string text = std::to_string (mode.width) + "x" + std::to_string (mode.height);
  if (mode.fps)
    text += "@" + format_number (std::round (*mode.fps * 10) / 10);
  return text;
}

/* A line or more for each format. */
static std::string
modes_text (const VideoDevice &device, const Terminal &terminal)
{
  std::string text, line, format;
  const auto flush = [&] {
    if (!line.empty ())
      text += std::string (indent, ' ')
              + wrap (line, terminal.columns - indent, 5, std::string (indent, ' ')) + "\n";
  };
  for (const auto &mode : device.modes) {
    if (mode.format != format) {
      flush ();
      format = mode.format;
      line = pad (format, 4);
    }
    line += " " + size_text (mode);
  }
  flush ();
  return text;
}

static std::string
detail (const std::string &text, const Terminal &terminal)
{
  return std::string (indent, ' ') + clip (text, terminal.columns - indent) + "\n";
}

static std::string
holders_text (const VideoDevice &device)
{
  std::string names;
  for (const auto &holder : device.holders)
    names += (names.empty () ? "" : ", ") + holder.name + " (" + std::to_string (holder.pid) + ")";
  return take_string (g_strdup_printf (_ ("held by %s"), names.c_str ()));
}

static std::string
device_text (const VideoDevice &device, const Terminal &terminal)
{
  std::string head = device.name;
  for (const auto &more : { device.driver, device.bus })
    head += more.empty () ? "" : ", " + more;
  if (device.kind == DeviceKind::Sensor)
    head += _ (", for libcamera");
  if (device.kind == DeviceKind::Other)
    head += _ (", no camera");
  std::string text
      = pad (device.node, indent - 2) + "  " + clip (head, terminal.columns - indent) + "\n";
  if (!device.stable.empty ())
    text += detail (device.stable, terminal);
  text += modes_text (device, terminal);
  if (!device.holders.empty ())
    text += detail (holders_text (device), terminal);
  if (!device.problem.empty ())
    text += detail (
        take_string (g_strdup_printf (_ ("cannot be asked: %s"), device.problem.c_str ())),
        terminal);
  return text;
}

std::string
format_devices (const std::vector<VideoDevice> &devices, bool all, const Terminal &terminal)
{
  std::string text;
  for (const auto &device : devices)
    if (all || device.kind != DeviceKind::Other)
      text += device_text (device, terminal);
  if (text.empty ())
    text = std::string (_ ("No camera is connected to this machine.")) + "\n";
  return text;
}

static void
add_text (JsonBuilder *json, const char *name, const std::string &text)
{
  json_builder_set_member_name (json, name);
  if (text.empty ())
    json_builder_add_null_value (json);
  else
    json_builder_add_string_value (json, clip (text, 4096).c_str ());
}

static void
add_number (JsonBuilder *json, const char *name, long number)
{
  json_builder_set_member_name (json, name);
  json_builder_add_int_value (json, number);
}

static void
write_mode (JsonBuilder *json, const VideoMode &mode)
{
  json_builder_begin_object (json);
  add_text (json, "format", mode.format);
  add_number (json, "width", mode.width);
  add_number (json, "height", mode.height);
  json_builder_set_member_name (json, "fps");
  if (mode.fps)
    json_builder_add_double_value (json, *mode.fps);
  else
    json_builder_add_null_value (json);
  json_builder_end_object (json);
}

static void
write_device (JsonBuilder *json, const VideoDevice &device)
{
  json_builder_begin_object (json);
  add_text (json, "node", device.node);
  add_text (json, "name", device.name);
  add_text (json, "driver", device.driver);
  add_text (json, "bus", device.bus);
  add_text (json, "stable", device.stable);
  add_text (json, "kind", device_kind_name (device.kind));
  add_text (json, "problem", device.problem);
  json_builder_set_member_name (json, "modes");
  json_builder_begin_array (json);
  for (const auto &mode : device.modes)
    write_mode (json, mode);
  json_builder_end_array (json);
  json_builder_set_member_name (json, "holders");
  json_builder_begin_array (json);
  for (const auto &holder : device.holders) {
    json_builder_begin_object (json);
    add_number (json, "pid", holder.pid);
    add_text (json, "name", holder.name);
    json_builder_end_object (json);
  }
  json_builder_end_array (json);
  json_builder_end_object (json);
}

void
write_devices (JsonBuilder *json, const std::vector<VideoDevice> &devices)
{
  json_builder_begin_array (json);
  for (const auto &device : devices)
    write_device (json, device);
  json_builder_end_array (json);
}

} // namespace camwarden
