// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/recordsview.h"

#include "config/i18n.h"
#include "ctl/daemonwords.h"
#include "gobject/ref.h"

namespace camwarden
{

std::string
local_time (const std::string &iso)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_iso8601 (iso.c_str (), nullptr);
  g_autoptr (GDateTime) here = time ? g_date_time_to_local (time) : nullptr;
  return here ? take_string (g_date_time_format (here, "%Y-%m-%d %H:%M:%S")) : iso;
}

static Tone
tone_of_severity (const std::string &severity)
{
  if (severity == "critical")
    return Tone::Bad;
  return severity == "warning" ? Tone::Warning : Tone::Faint;
}

static std::string
marked (Tone tone, const std::string &text, unsigned indent, const Terminal &terminal)
{
  return terminal.paint (tone, terminal.mark (tone)) + " "
         + wrap (text, terminal.columns - 2, indent, "  ") + "\n";
}

static std::string
note (const char *label, const std::string &text, const Terminal &terminal)
{
  constexpr unsigned column = 15;
  if (text.empty ())
    return {};
  return "      " + pad (label, column - 6)
         + wrap (text, terminal.columns - column, 0, std::string (column, ' ')) + "\n";
}

std::string
format_alert (JsonObject *alert, const Terminal &terminal)
{
  const bool open = json_flag (alert, "open");
  const Tone tone = open ? tone_of_severity (json_text (alert, "severity")) : Tone::Faint;
  std::string head
      = take_string (g_strdup_printf ("%.0f ", json_number (alert, "id").value_or (0)));
  head += local_time (json_text (alert, "timestamp")) + " "
          + translated (json_text (alert, "message"));
  std::string text = marked (tone, head, 4, terminal);
  text += note (_ ("cause"), translated (json_text (alert, "cause")), terminal);
  text += note (_ ("done"), json_text (alert, "done"), terminal);
  if (!open)
    text += note (_ ("over"), local_time (json_text (alert, "until")), terminal);
  if (const std::string when = json_text (alert, "acknowledged"); !when.empty ())
    text += note (_ ("known"), local_time (when) + " " + json_text (alert, "acknowledged_by"),
                  terminal);
  return text;
}

std::string
format_event (JsonObject *event, const Terminal &terminal)
{
  std::string text = local_time (json_text (event, "timestamp")) + " ";
  const std::string camera = json_text (event, "camera"), message = json_text (event, "message");
  if (!camera.empty () && message.find (camera) == std::string::npos)
    text += camera + ": ";
  const std::string kind = json_text (event, "kind");
  if (!message.starts_with (kind + " ") && !message.starts_with (kind + ":"))
    text += kind + ": ";
  text += translated (message);
  return marked (tone_of_severity (json_text (event, "severity")), text, 20, terminal);
}

static std::string
value_behind (std::string_view line, size_t length)
{
  line.remove_prefix (length);
  if (line.starts_with (' '))
    line.remove_prefix (1);
  return std::string (line);
}

std::optional<EventLines::Message>
EventLines::line (std::string_view line)
{
  static constexpr size_t largest = 1 << 20;
  if (line.empty ()) {
    Message whole = std::exchange (message_, {});
    return whole.data.empty () ? std::nullopt : std::optional (std::move (whole));
  }
  if (line.starts_with ("id:"))
    message_.id = value_behind (line, 3);
  else if (line.starts_with ("data:") && message_.data.size () < largest)
    message_.data += (message_.data.empty () ? "" : "\n") + value_behind (line, 5);
  return {};
}

} // namespace camwarden
