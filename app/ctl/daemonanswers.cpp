// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/daemonanswers.h"

#include "ctl/exitstatus.h"

namespace camwarden
{

CameraLine
camera_line_of (JsonObject *camera)
{
  return { json_text (camera, "id"),    json_text (camera, "status"),
           json_text (camera, "state"), json_text (camera, "verdict"),
           json_number (camera, "fps"), json_number (camera, "last_frame_age") };
}

StatusFacts
DaemonAnswers::facts () const
{
  JsonObject *daemon = json_node_get_object (status.get ());
  JsonObject *redis = json_object (daemon, "redis");
  StatusFacts facts{ .version = json_text (daemon, "version"),
                     .hostname = json_text (daemon, "hostname"),
                     .overall = overall (),
                     .ready = json_flag (daemon, "ready"),
                     .not_ready = json_text (daemon, "not_ready"),
                     .uptime = json_number (daemon, "uptime"),
                     .redis_embedded = json_flag (redis, "embedded"),
                     .redis_connected = json_flag (redis, "connected"),
                     .redis_uri = json_text (redis, "uri"),
                     .redis_server = json_text (redis, "server"),
                     .redis_ms = json_number (redis, "response_time_ms"),
                     .cameras = {},
                     .issues = {} };
  for (JsonObject *camera : json_objects (json_node_get_object (cameras.get ()), "cameras"))
    facts.cameras.push_back (camera_line_of (camera));
  for (JsonObject *issue : json_objects (json_node_get_object (summary.get ()), "issues"))
    facts.issues.push_back ({ json_text (issue, "severity"), json_text (issue, "message"),
                              json_text (issue, "part"), json_text (issue, "code") });
  return facts;
}

std::string
DaemonAnswers::overall () const
{
  return json_text (json_node_get_object (summary.get ()), "overall_status");
}

std::string
DaemonAnswers::json () const
{
  JsonObject *all = json_object_new ();
  json_object_set_member (all, "status", json_node_copy (status.get ()));
  JsonNode *list = json_object_get_member (json_node_get_object (cameras.get ()), "cameras");
  json_object_set_member (all, "cameras",
                          list ? json_node_copy (list) : json_node_new (JSON_NODE_NULL));
  json_object_set_member (all, "health", json_node_copy (summary.get ()));
  if (health)
    json_object_set_member (all, "details", json_node_copy (health.get ()));
  const JsonNodePtr root (json_node_new (JSON_NODE_OBJECT));
  json_node_take_object (root.get (), all);
  return to_text (root.get ());
}

bool
ask_daemon (Client &client, bool with_health, DaemonAnswers &answers, ClientError &error)
{
  answers.status = client.get ("/api/status", error);
  if (answers.status)
    answers.cameras = client.get ("/api/cameras", error);
  if (answers.cameras)
    answers.summary = client.get ("/api/health/summary", error);
  if (answers.summary && with_health)
    answers.health = client.get ("/api/health", error);
  return answers.summary && (answers.health || !with_health);
}

int
exit_status_of (const std::string &level)
{
  if (level == "healthy" || level == "off")
    return EXIT_HEALTHY;
  if (level == "warning")
    return EXIT_WARNING;
  return level == "critical" ? EXIT_CRITICAL : EXIT_UNKNOWN;
}

} // namespace camwarden
