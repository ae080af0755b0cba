// SPDX-License-Identifier: LGPL-2.1-or-later
/* The history in the predecessor's shape. */
#include "daemon/httpapi/healthjson.h"
#include "daemon/httpapi/jsonwriter.h"

#include <cmath>
#include <map>

namespace camwarden
{

namespace
{

constexpr double hour = 3600e6; /* us */

/* What is kept -> what it was called. */
const std::map<std::string, std::string> old_names{
  { "cpu", "cpu_percent" },
  { "memory", "memory_percent" },
  { "disk", "disk_percent" },
  { "temperature", "cpu_temp_celsius" },
  { "redis_rtt_ms", "redis_response_time_ms" },
};

double
at (const HistoryAnswer &history, const char *name, size_t index)
{
  for (const HistorySeries &series : history.series)
    if (series.name == name)
      return index < series.average.size () ? series.average[index] : NAN;
  return NAN;
}

double
gigabytes (double bytes)
{
  return std::round (bytes / (1024.0 * 1024 * 1024) * 100) / 100;
}

/* "camera.front.fps" -> front -> fps. */
void
write_cameras (JsonWriter &json, const HistoryAnswer &history, size_t index)
{
  std::map<std::string, std::map<std::string, double>> cameras;
  for (const HistorySeries &series : history.series) {
    const size_t dot = series.name.rfind ('.');
    if (series.name.starts_with ("camera.") && dot > 7 && index < series.average.size ())
      cameras[series.name.substr (7, dot - 7)][series.name.substr (dot + 1)]
          = series.average[index];
  }
  json.begin_object ("cameras");
  for (const auto &[id, figures] : cameras) {
    json.begin_object (id.c_str ());
    for (const auto &[name, figure] : figures)
      json.add (name.c_str (), figure);
    json.end_object ();
  }
  json.end_object ();
}

void
write_record (JsonWriter &json, const HistoryAnswer &history, size_t index)
{
  json.begin_object ().add_time ("timestamp", history.times[index]);
  json.begin_object ("system_resources")
      .add ("cpu_percent", at (history, "cpu", index))
      .add ("memory_percent", at (history, "memory", index))
      .add ("memory_available_gb", gigabytes (at (history, "memory_available", index)))
      .add ("disk_percent", at (history, "disk", index))
      .add ("disk_free_gb", gigabytes (at (history, "disk_free", index)))
      .add ("load_average", at (history, "load1", index))
      .end_object ();
  const double up = at (history, "redis_up", index);
  json.begin_object ("redis_status")
      .add ("connected", std::isnan (up) ? std::nullopt : std::optional (up > 0.5))
      .add ("response_time_ms", at (history, "redis_rtt_ms", index))
      .end_object ();
  json.begin_object ("temperature")
      .add ("cpu_temp_celsius", at (history, "temperature", index))
      .end_object ();
  write_cameras (json, history, index);
  json.end_object ();
}

} // namespace

HistoryQuery
old_history_query (double hours, size_t points, int64_t now_wall)
{
  HistoryQuery query;
  query.to = now_wall;
  query.from = now_wall - static_cast<int64_t> (hours * hour);
  query.points = points;
  return query;
}

void
write_health_records (JsonWriter &json, const HistoryAnswer &history)
{
  for (size_t i = 0; i < history.times.size (); i++)
    write_record (json, history, i);
}

void
write_metric_series (JsonWriter &json, const HistoryAnswer &history)
{
  for (const HistorySeries &series : history.series) {
    const auto old = old_names.find (series.name);
    json.begin_array ((old == old_names.end () ? series.name : old->second).c_str ());
    for (size_t i = 0; i < history.times.size () && i < series.average.size (); i++)
      if (std::isfinite (series.average[i]))
        json.begin_object ()
            .add_time ("timestamp", history.times[i])
            .add ("value", series.average[i])
            .end_object ();
    json.end_array ();
  }
}

} // namespace camwarden
