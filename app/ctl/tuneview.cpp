// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/tuneview.h"

#include "buildconfig.h"
#include "config/i18n.h"
#include "ctl/jsonwriter.h"
#include "ctl/textformat.h"

#include <algorithm>

namespace camwarden
{

namespace
{

constexpr unsigned shown_quality = 85;
constexpr double day = 86400;

std::string
size_text (const PictureSize &size)
{
  return text_of ("%ux%u", size.width, size.height);
}

std::string
milliseconds (double seconds)
{
  return text_of ("%.2f", seconds * 1000);
}

/* The quality that the table for people is about. */
unsigned
table_quality (const std::vector<TuneRow> &rows)
{
  const bool usual = std::any_of (rows.begin (), rows.end (),
                                  [] (const TuneRow &row) { return row.quality == shown_quality; });
  return usual || rows.empty () ? shown_quality : rows.front ().quality;
}

std::string
sample_table (const TuneResult &result)
{
  std::string text = pad (_ ("Size"), 12) + pad (_ ("Quality"), 9) + pad (_ ("Probe ms"), 10)
                     + pad (_ ("Encode ms"), 11) + pad (_ ("Publish ms"), 12)
                     + pad (_ ("Store ms"), 10) + _ ("Frame") + "\n";
  for (const TuneSample &sample : result.samples)
    text += pad (size_text (sample.size), 12) + pad (std::to_string (sample.quality), 9)
            + pad (milliseconds (sample.probe), 10) + pad (milliseconds (sample.encode), 11)
            + pad (milliseconds (sample.publish), 12) + pad (milliseconds (sample.store), 10)
            + format_bytes (sample.bytes) + "\n";
  return text;
}

std::string
row_table (const TuneResult &result, const Terminal &terminal)
{
  const unsigned quality = table_quality (result.rows);
  std::string text = pad (_ ("Size"), 12) + pad (_ ("Rate"), 8) + pad (_ ("Processor"), 12)
                     + pad (_ ("Redis"), 14) + pad (_ ("Stored a day"), 14) + _ ("Fits") + "\n";
  for (const TuneRow &row : result.rows) {
    if (row.quality != quality)
      continue;
    const std::string line
        = pad (size_text (row.size), 12) + pad (text_of ("%.0f/s", row.rate), 8)
          + pad (text_of ("%.0f %%", row.cpu * 100), 12) + pad (format_bytes (row.redis) + "/s", 14)
          + pad (format_bytes (row.disk * day), 14) + (row.fits ? _ ("yes") : _ ("no"));
    text += terminal.paint (row.fits ? Tone::Good : Tone::Faint, line) + "\n";
  }
  return text;
}

std::string
recommendation (const TuneResult &result)
{
  if (!result.best)
    return _ ("Nothing was measured.");
  const TuneRow &best = *result.best;
  const std::string what = text_of (
      _ ("%s at %.0f frames a second, quality %u: %.0f %% of a processor, %s a second to "
         "each reader"),
      size_text (best.size).c_str (), best.rate, best.quality, best.cpu * 100,
      format_bytes (best.redis).c_str ());
  return best.fits ? text_of (_ ("Recommended for each camera: %s."), what.c_str ())
                   : text_of (_ ("This machine is too slow for all of these. The cheapest: %s."),
                              what.c_str ());
}

std::string
assumption (const TuneResult &result)
{
  const unsigned cameras = result.limits.cameras;
  return text_of (ngettext ("For %u camera", "For %u cameras", cameras), cameras) + ", "
         + text_of (ngettext ("%u processor", "%u processors", result.limits.cores),
                    result.limits.cores)
         + text_of (_ (", of which the cameras may use %.0f %%"), result.limits.share * 100);
}

std::string
escape (const std::string &text)
{
  return take_string (g_markup_escape_text (text.c_str (), -1));
}

std::string
html_row (const std::vector<std::string> &cells, const char *tag, const char *style = "")
{
  std::string row = std::string ("<tr") + style + ">";
  for (const std::string &cell : cells)
    row += std::string ("<") + tag + ">" + escape (cell) + "</" + tag + ">";
  return row + "</tr>\n";
}

} // namespace

std::string
format_tune (const TuneResult &result, const Terminal &terminal)
{
  const unsigned quality = table_quality (result.rows);
  return wrap (result.processor, terminal.columns, 0) + "\n"
         + std::string (_ ("What a frame costs, in milliseconds of one processor:")) + "\n"
         + sample_table (result) + "\n"
         + wrap (text_of (_ ("What a camera would need at quality %u. %s:"), quality,
                          assumption (result).c_str ()),
                 terminal.columns, 0)
         + "\n" + row_table (result, terminal) + "\n"
         + wrap (recommendation (result), terminal.columns, 0) + "\n";
}

static void
write_row (JsonWriter &json, const TuneRow &row)
{
  json.begin_object ();
  json.name ("width").integer (row.size.width);
  json.name ("height").integer (row.size.height);
  json.name ("rate").number (row.rate);
  json.name ("quality").integer (row.quality);
  json.name ("cpu").number (row.cpu);
  json.name ("redis_bytes_per_second").number (row.redis);
  json.name ("disk_bytes_per_second").number (row.disk);
  json.name ("fits").flag (row.fits);
  json.end_object ();
}

std::string
tune_json (const TuneResult &result)
{
  JsonWriter json;
  json.name ("processor").text (result.processor);
  json.name ("source").text (result.source.empty () ? "test" : "camera");
  json.name ("cores").integer (result.limits.cores);
  json.name ("cameras").integer (result.limits.cameras);
  json.name ("measured").begin_array ();
  for (const TuneSample &sample : result.samples) {
    json.begin_object ();
    json.name ("width").integer (sample.size.width);
    json.name ("height").integer (sample.size.height);
    json.name ("quality").integer (sample.quality);
    json.name ("probe").number (sample.probe);
    json.name ("encode").number (sample.encode);
    json.name ("publish").number (sample.publish);
    json.name ("store").number (sample.store);
    json.name ("bytes").number (sample.bytes);
    json.end_object ();
  }
  json.end_array ();
  json.name ("predicted").begin_array ();
  for (const TuneRow &row : result.rows)
    write_row (json, row);
  json.end_array ();
  json.name ("recommended");
  if (result.best)
    write_row (json, *result.best);
  else
    json.null ();
  return json.finish ();
}

std::string
tune_html (const TuneResult &result)
{
  std::string text
      = "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"><title>Camwarden</title>"
        "<style>body{font:16px sans-serif;margin:2em auto;max-width:60em;padding:0 1em}"
        "table{border-collapse:collapse;margin:1em 0}td,th{border:1px solid #bbb;"
        "padding:.3em .7em;text-align:right}th{background:#eee;color:#111}"
        ".fits{background:#d9f2d9;color:#111}</style></head><body>\n";
  text += "<h1>camwardenctl tune</h1>\n<p>" + escape (result.processor) + " &middot; Camwarden "
          + CAMWARDEN_VERSION + " &middot; " + escape (format_time (g_get_real_time ()))
          + "</p>\n<p><b>" + escape (recommendation (result)) + "</b></p>\n<p>"
          + escape (assumption (result)) + "</p>\n<table>\n"
          + html_row ({ _ ("Size"), _ ("Quality"), _ ("Probe ms"), _ ("Encode ms"),
                        _ ("Publish ms"), _ ("Store ms"), _ ("Frame") },
                      "th");
  for (const TuneSample &sample : result.samples)
    text += html_row ({ size_text (sample.size), std::to_string (sample.quality),
                        milliseconds (sample.probe), milliseconds (sample.encode),
                        milliseconds (sample.publish), milliseconds (sample.store),
                        format_bytes (sample.bytes) },
                      "td");
  text += "</table>\n<table>\n"
          + html_row ({ _ ("Size"), _ ("Rate"), _ ("Quality"), _ ("Processor"), _ ("Redis"),
                        _ ("Stored a day"), _ ("Fits") },
                      "th");
  for (const TuneRow &row : result.rows)
    text += html_row ({ size_text (row.size), text_of ("%.0f/s", row.rate),
                        std::to_string (row.quality), text_of ("%.0f %%", row.cpu * 100),
                        format_bytes (row.redis) + "/s", format_bytes (row.disk * day),
                        row.fits ? _ ("yes") : _ ("no") },
                      "td", row.fits ? " class=\"fits\"" : "");
  return text + "</table>\n</body></html>\n";
}

} // namespace camwarden
