// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/cameraview.h"

#include "config/i18n.h"
#include "config/values.h"
#include "ctl/daemonanswers.h"
#include "ctl/daemonwords.h"
#include "ctl/recordsview.h"
#include "gobject/ref.h"

#include <algorithm>
#include <cmath>

namespace camwarden
{

static constexpr size_t most_rates = 60;

static std::string
count (JsonObject *object, const char *name)
{
  return take_string (
      g_strdup_printf ("%.0f", std::clamp (json_number (object, name).value_or (0), 0.0, 1e15)));
}

/* "  label     text": nothing if there is nothing to say. */
static std::string
row (const Terminal &terminal, const char *label, const std::string &text)
{
  constexpr unsigned indent = 2;
  const unsigned column
      = indent
        + widest ({ _ ("size"), _ ("source"), _ ("caps"), _ ("channel"), _ ("frames"), _ ("worker"),
                    _ ("restarts"), _ ("recovery"), _ ("last error") })
        + 1;
  if (text.empty ())
    return {};
  return std::string (indent, ' ') + pad (label, column - indent)
         + wrap (text, terminal.columns - column, 0, std::string (column, ' ')) + "\n";
}

static std::string
frames_text (JsonObject *camera)
{
  return take_string (
      g_strdup_printf (_ ("%s, published %s, dropped %s, stored %s"),
                       count (camera, "frames").c_str (), count (camera, "published").c_str (),
                       count (camera, "dropped").c_str (), count (camera, "stored").c_str ()));
}

static std::string
size_text (JsonObject *camera)
{
  const auto width = json_number (camera, "width").value_or (0);
  if (!(width > 0))
    return {};
  std::string text = count (camera, "width") + "x" + count (camera, "height");
  if (const auto target = json_number (camera, "target_fps"))
    text += take_string (
        g_strdup_printf (_ (", %.4g fps wanted"), std::clamp (*target, 0.0, 9999.0)));
  return text;
}

static std::string
worker_text (JsonObject *camera)
{
  JsonObject *worker = json_object (camera, "worker");
  if (!json_number (worker, "pid"))
    return _ ("none runs");
  return take_string (g_strdup_printf (_ ("process %s, since %s"), count (worker, "pid").c_str (),
                                       local_time (json_text (worker, "started")).c_str ()));
}

/* How often each tier was ordered. */
static std::string
cures_text (JsonObject *recovery)
{
  JsonObject *restarts = json_object (recovery, "restarts");
  std::string text;
  for (const char *tier : { "source", "pipeline", "device", "worker", "machine" })
    if (json_number (restarts, tier).value_or (0) > 0)
      text += (text.empty () ? "" : ", ") + std::string (tier) + " " + count (restarts, tier);
  return text;
}

static std::string
recovery_text (JsonObject *recovery)
{
  const std::string tier = json_text (recovery, "tier");
  if (json_flag (recovery, "given_up"))
    return _ ("every means is used up; a quiet try now and then");
  if (tier.empty ())
    return {};
  const std::string next = json_text (recovery, "next_attempt");
  return tier
         + (next.empty () ? "" : take_string (g_strdup_printf (_ (", next at %s"), next.c_str ())));
}

std::string
format_camera (JsonObject *camera, const Terminal &terminal)
{
  JsonObject *recovery = json_object (camera, "recovery");
  const std::string error = json_text (camera, "last_error");
  std::string text = format_cameras ({ camera_line_of (camera) }, terminal);
  text += row (terminal, _ ("size"), size_text (camera));
  text += row (terminal, _ ("source"), json_text (camera, "source"));
  text += row (terminal, _ ("caps"), json_text (camera, "caps"));
  text += row (terminal, _ ("channel"), json_text (camera, "channel"));
  text += row (terminal, _ ("frames"), frames_text (camera));
  text += row (terminal, _ ("worker"), worker_text (camera));
  text += row (terminal, _ ("restarts"), cures_text (recovery));
  text += row (terminal, _ ("recovery"), recovery_text (recovery));
  if (!error.empty ())
    text += row (terminal, _ ("last error"),
                 local_time (json_text (camera, "last_error_timestamp")) + " " + error);
  return text;
}

std::string
format_camera_test (JsonObject *answer, const Terminal &terminal)
{
  const std::string verdict = json_text (answer, "verdict");
  const bool good = verdict == "ok" || verdict == "unknown" || verdict.empty ();
  const Tone tone = good ? Tone::Good : Tone::Warning;
  std::string text = take_string (
      g_strdup_printf (_ ("%s: a new frame of %sx%s, %s bytes, verdict %s"),
                       json_text (answer, "camera").c_str (), count (answer, "width").c_str (),
                       count (answer, "height").c_str (), count (answer, "frame_size").c_str (),
                       verdict_word (verdict.empty () ? "unknown" : verdict).c_str ()));
  if (const auto luma = json_number (answer, "luma"))
    text += take_string (
        g_strdup_printf (_ (", brightness %.0f of 255"), std::clamp (*luma, 0.0, 255.0)));
  if (const auto took = json_number (answer, "took"))
    text += take_string (g_strdup_printf (_ (", in %s"), format_span (*took).c_str ()));
  return terminal.paint (tone, terminal.mark (tone)) + " " + wrap (text, terminal.columns - 2, 2)
         + "\n";
}

void
MonitorLine::keep (double fps)
{
  rates_.push_back (fps);
  if (rates_.size () > most_rates)
    rates_.erase (rates_.begin ());
}

static unsigned
plain_width (const CameraLine &camera)
{
  std::string line = format_cameras ({ camera }, Terminal{});
  line.pop_back ();
  return text_width (line);
}

std::string
MonitorLine::next (const CameraLine &camera)
{
  keep (camera.fps.value_or (0));
  std::string line = format_cameras ({ camera }, terminal_);
  line.pop_back ();
  const unsigned width = plain_width (camera);
  const unsigned used = width + verdict_columns
                        - std::min (text_width (verdict_word (camera.verdict)), verdict_columns);
  if (used + 2 >= terminal_.columns)
    return line;
  const double highest = *std::max_element (rates_.begin (), rates_.end ());
  return line + std::string (used - width + 1, ' ')
         + terminal_.paint (
             tone_of (camera.level),
             spark_line (rates_, highest, terminal_.columns - used - 1, terminal_.utf8));
}

std::string
MonitorLine::missed (const std::string &why)
{
  keep (0);
  const std::string line = why.substr (0, why.find ('\n'));
  return terminal_.paint (Tone::Bad, terminal_.mark (Tone::Bad)) + " "
         + clip (line, terminal_.columns - 3);
}

} // namespace camwarden
