// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/watchview.h"

#include "config/i18n.h"
#include "ctl/jsonvalue.h"
#include "ctl/statusview.h"
#include "gobject/ref.h"

#include <algorithm>

namespace camwarden
{

static std::string
span (const std::optional<int64_t> &us)
{
  return us ? format_span (static_cast<double> (*us) / 1e6) : "?";
}

static std::string
amount (double bytes)
{
  if (bytes < 1e6)
    return take_string (g_strdup_printf ("%.0f kB", bytes / 1e3));
  return take_string (g_strdup_printf ("%.1f MB", bytes / 1e6));
}

static double
bytes_each (const FrameFigures &figures)
{
  return figures.frames ? static_cast<double> (figures.bytes) / static_cast<double> (figures.frames)
                        : 0;
}

std::string
format_figures (const FrameFigures &figures, const std::vector<double> &rates,
                const Terminal &terminal)
{
  const std::string rate = take_string (g_strdup_printf (_ ("%.1f fps"), figures.fps ()));
  const std::string latency = take_string (
      g_strdup_printf (_ ("latency %s (%s)"), span (figures.latency.quantile (0.5)).c_str (),
                       span (figures.latency.greatest ()).c_str ()));
  const std::string lost
      = take_string (g_strdup_printf (_ ("lost %s"), std::to_string (figures.lost).c_str ()));
  const Tone tone = figures.frames == 0 ? Tone::Bad : figures.lost ? Tone::Warning : Tone::Good;
  std::string line = terminal.paint (tone, pad (rate, 10)) + " " + pad (latency, 27) + " "
                     + pad (lost, 9) + " " + pad (amount (bytes_each (figures)), 7);
  constexpr unsigned used = 10 + 1 + 27 + 1 + 9 + 1 + 7 + 1;
  if (!rates.empty () && terminal.columns > used + 4)
    line += " "
            + spark_line (rates, *std::max_element (rates.begin (), rates.end ()),
                          terminal.columns - used - 1, terminal.utf8);
  return line;
}

std::string
format_summary (const FrameFigures &figures, const Terminal &terminal)
{
  std::string text = take_string (g_strdup_printf (
      _ ("%s frames in %.1f s: %.1f fps, %s each, %s a second; lost %s; longest gap %s"),
      std::to_string (figures.frames).c_str (), figures.seconds, figures.fps (),
      amount (bytes_each (figures)).c_str (),
      amount (figures.seconds > 0 ? static_cast<double> (figures.bytes) / figures.seconds : 0)
          .c_str (),
      std::to_string (figures.lost).c_str (), span (figures.longest_gap).c_str ()));
  if (figures.latency.greatest ())
    text += take_string (g_strdup_printf (_ ("; latency %s, %s for 99 of 100, %s at most"),
                                          span (figures.latency.quantile (0.5)).c_str (),
                                          span (figures.latency.quantile (0.99)).c_str (),
                                          span (figures.latency.greatest ()).c_str ()));
  if (figures.runs)
    text += take_string (
        g_strdup_printf (ngettext ("; the camera began anew %s time",
                                   "; the camera began anew %s times", figures.runs),
                         std::to_string (figures.runs).c_str ()));
  return wrap (text + ".", terminal.columns, 2) + "\n";
}

std::string
figures_json (const FrameFigures &figures, bool total)
{
  const JsonBuilderPtr json (json_builder_new ());
  const auto number = [&] (const char *name, double value) {
    json_builder_set_member_name (json.get (), name);
    json_builder_add_double_value (json.get (), value);
  };
  const auto count = [&] (const char *name, uint64_t value) {
    json_builder_set_member_name (json.get (), name);
    json_builder_add_int_value (json.get (), static_cast<gint64> (value));
  };
  const auto milliseconds = [&] (const char *name, const std::optional<int64_t> &us) {
    if (us)
      return number (name, static_cast<double> (*us) / 1e3);
    json_builder_set_member_name (json.get (), name);
    json_builder_add_null_value (json.get ());
  };
  json_builder_begin_object (json.get ());
  json_builder_set_member_name (json.get (), "total");
  json_builder_add_boolean_value (json.get (), total);
  number ("seconds", figures.seconds);
  count ("frames", figures.frames);
  number ("fps", figures.fps ());
  count ("bytes", figures.bytes);
  count ("lost", figures.lost);
  count ("runs", figures.runs);
  milliseconds ("longest_gap_ms", figures.longest_gap);
  milliseconds ("latency_ms", figures.latency.quantile (0.5));
  milliseconds ("latency_p99_ms", figures.latency.quantile (0.99));
  milliseconds ("latency_max_ms", figures.latency.greatest ());
  json_builder_end_object (json.get ());
  const JsonNodePtr root (json_builder_get_root (json.get ()));
  return take_string (json_to_string (root.get (), FALSE)) + "\n";
}

} // namespace camwarden
