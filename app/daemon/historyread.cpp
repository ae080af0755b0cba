// SPDX-License-Identifier: LGPL-2.1-or-later
/* What is read back from the database. */
#include "daemon/historydb.h"
#include "daemon/sqlite.h"
#include "gobject/ref.h"

#include <algorithm>
#include <cstring>
#include <json-glib/json-glib.h>
#include <sstream>

namespace camwarden
{

namespace
{

std::map<std::string, std::string>
parameters_of (const std::string &json)
{
  std::map<std::string, std::string> parameters;
  const auto parser = Ref<JsonParser>::adopt (json_parser_new ());
  if (!json_parser_load_from_data (parser.get (), json.c_str (), -1, nullptr))
    return parameters;
  JsonNode *root = json_parser_get_root (parser.get ());
  if (!root || !JSON_NODE_HOLDS_OBJECT (root))
    return parameters;
  JsonObjectIter iter;
  const char *name = nullptr;
  JsonNode *value = nullptr;
  json_object_iter_init (&iter, json_node_get_object (root));
  while (json_object_iter_next (&iter, &name, &value))
    if (JSON_NODE_HOLDS_VALUE (value) && json_node_get_value_type (value) == G_TYPE_STRING)
      parameters[name] = json_node_get_string (value);
  return parameters;
}

Severity
severity_of (int64_t number)
{
  return static_cast<Severity> (std::clamp<int64_t> (number, 0, 2));
}

KeptAlert
alert_of (const Statement &row)
{
  KeptAlert kept;
  Alert &alert = kept.alert;
  alert.id = row.get_integer (0);
  kept.key = row.get_text (1);
  kept.told = static_cast<KeptAlert::Told> (std::clamp<int64_t> (row.get_integer (2), 0, 3));
  kept.told_at = row.get_integer (3);
  alert.code = row.get_text (4);
  alert.instance = row.get_text (5);
  alert.part = row.get_text (6);
  alert.severity = severity_of (row.get_integer (7));
  alert.since = row.get_integer (8);
  alert.until = row.get_integer (9);
  alert.value = row.get_real (10);
  alert.threshold = row.get_real (11);
  alert.unit = row.get_text (12);
  alert.text = row.get_text (13);
  alert.cause = row.get_text (14);
  alert.done = row.get_text (15);
  alert.parameters = parameters_of (row.get_text (16));
  alert.acknowledged = row.get_integer (17);
  alert.acknowledged_by = row.get_text (18);
  return kept;
}

std::vector<float>
floats_of (std::string_view blob)
{
  std::vector<float> values (blob.size () / sizeof (float));
  if (!values.empty ())
    std::memcpy (values.data (), blob.data (), values.size () * sizeof (float));
  return values;
}

} // namespace

HistoryDb::Result
HistoryDb::last_id (int64_t &id)
{
  Statement ask (db_, "SELECT max (coalesce ((SELECT max (id) FROM event), 0), "
                      "coalesce ((SELECT max (id) FROM alert), 0))");
  if (!ask.row ())
    return failed ("read");
  id = ask.get_integer (0);
  return Result::Good;
}

HistoryDb::Result
HistoryDb::alerts (std::vector<KeptAlert> &list)
{
  Statement ask (db_, "SELECT id, key, told, told_at, code, instance, part, severity, since, until,"
                      " value, threshold, unit, text, cause, done, parameters, acknowledged, "
                      "acknowledged_by FROM alert WHERE until = 0 OR told IN (1, 2) OR id IN "
                      "(SELECT id FROM alert ORDER BY id DESC LIMIT 500) ORDER BY id");
  while (ask.row ())
    list.push_back (alert_of (ask));
  return ask.good () ? Result::Good : failed ("read");
}

static std::string
events_sql (const EventQuery &query)
{
  std::string sql = "SELECT id, time, severity, kind, camera, code, text, json FROM event WHERE "
                    "id > ?1 AND (?2 = 0 OR id < ?2) AND time >= ?3 AND (?4 = 0 OR time < ?4) AND "
                    "severity >= ?5 AND (?6 = '' OR camera = ?6) AND (?7 = '' OR kind = ?7) "
                    "ORDER BY id ";
  return sql + (query.after > 0 ? "ASC" : "DESC") + " LIMIT ?8";
}

HistoryDb::Result
HistoryDb::events (const EventQuery &query, std::vector<Event> &list)
{
  const std::string sql = events_sql (query);
  Statement ask (db_, sql.c_str ());
  ask.integer (query.after).integer (query.before).integer (query.from).integer (query.to);
  ask.integer (static_cast<int> (query.least)).text (query.camera).text (query.kind);
  ask.integer (static_cast<int64_t> (query.limit));
  while (ask.row ())
    list.push_back ({ .id = ask.get_integer (0),
                      .time = ask.get_integer (1),
                      .kind = ask.get_text (3),
                      .severity = severity_of (ask.get_integer (2)),
                      .camera = ask.get_text (4),
                      .code = ask.get_text (5),
                      .text = ask.get_text (6),
                      .json = ask.get_text (7) });
  return ask.good () ? Result::Good : failed ("read");
}

MetricNames
HistoryDb::names_of (int64_t layout)
{
  MetricNames &names = names_[layout];
  if (names)
    return names;
  Statement ask (db_, "SELECT names FROM layout WHERE id = ?");
  ask.integer (layout);
  std::vector<std::string> list;
  if (ask.row ()) {
    std::istringstream lines (ask.get_text (0));
    for (std::string line; std::getline (lines, line);)
      list.push_back (line);
  }
  names = std::make_shared<const std::vector<std::string>> (std::move (list));
  return names;
}

HistoryDb::Result
HistoryDb::merge_samples (SeriesMerge &merge, int64_t from, int64_t to)
{
  Statement ask (db_, "SELECT time, layout, v FROM sample WHERE time >= ? AND time < ?");
  ask.integer (from).integer (to);
  while (ask.row ())
    merge.add_sample (ask.get_integer (0), names_of (ask.get_integer (1)),
                      floats_of (ask.get_blob (2)));
  return ask.good () ? Result::Good : failed ("read");
}

HistoryDb::Result
HistoryDb::merge_averages (SeriesMerge &merge, int64_t from, int64_t to)
{
  Statement ask (db_, "SELECT time, layout, v, count FROM average WHERE time >= ? AND time < ?");
  ask.integer (from).integer (to);
  while (ask.row ())
    merge.add_average (ask.get_integer (0), names_of (ask.get_integer (1)),
                       floats_of (ask.get_blob (2)), static_cast<unsigned> (ask.get_integer (3)));
  return ask.good () ? Result::Good : failed ("read");
}

HistoryDb::Result
HistoryDb::reach (int64_t &first_sample, int64_t &last_average)
{
  Statement ask (db_, "SELECT coalesce ((SELECT min (time) FROM sample), 0), "
                      "coalesce ((SELECT time FROM average ORDER BY number DESC LIMIT 1), 0)");
  if (!ask.row ())
    return failed ("read");
  first_sample = ask.get_integer (0);
  last_average = ask.get_integer (1);
  return Result::Good;
}

} // namespace camwarden
