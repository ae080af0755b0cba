// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/i18n.h"
#include "ctl/command.h"
#include "ctl/exitstatus.h"
#include "ctl/statusview.h"

#include <cstdio>

namespace camwarden
{

static CameraLine
camera_facts (JsonObject *camera)
{
  return { json_text (camera, "id"),    json_text (camera, "status"),
           json_text (camera, "state"), json_text (camera, "verdict"),
           json_number (camera, "fps"), json_number (camera, "last_frame_age") };
}

static StatusFacts
facts_of (JsonObject *status, JsonObject *cameras, JsonObject *health)
{
  JsonObject *redis = json_object (status, "redis");
  StatusFacts facts{ .version = json_text (status, "version"),
                     .hostname = json_text (status, "hostname"),
                     .overall = json_text (health, "overall_status"),
                     .ready = json_flag (status, "ready"),
                     .not_ready = json_text (status, "not_ready"),
                     .uptime = json_number (status, "uptime"),
                     .redis_embedded = json_flag (redis, "embedded"),
                     .redis_connected = json_flag (redis, "connected"),
                     .redis_uri = json_text (redis, "uri"),
                     .redis_server = json_text (redis, "server"),
                     .redis_ms = json_number (redis, "response_time_ms"),
                     .cameras = {},
                     .issues = {} };
  for (JsonObject *camera : json_objects (cameras, "cameras"))
    facts.cameras.push_back (camera_facts (camera));
  for (JsonObject *issue : json_objects (health, "issues"))
    facts.issues.push_back ({ json_text (issue, "severity"), json_text (issue, "message") });
  return facts;
}

static int
exit_status (JsonObject *health)
{
  const std::string overall = json_text (health, "overall_status");
  if (overall == "healthy")
    return EXIT_HEALTHY;
  if (overall == "warning")
    return EXIT_WARNING;
  return overall == "critical" ? EXIT_CRITICAL : EXIT_UNKNOWN;
}

/* The daemon's three answers in one object, unchanged. */
static void
print_json (JsonNodePtr status, JsonNodePtr cameras, JsonNodePtr health)
{
  JsonObject *all = json_object_new ();
  json_object_set_member (all, "status", status.release ());
  JsonNode *list = json_object_get_member (json_node_get_object (cameras.get ()), "cameras");
  json_object_set_member (all, "cameras",
                          list ? json_node_copy (list) : json_node_new (JSON_NODE_NULL));
  json_object_set_member (all, "health", health.release ());
  g_autoptr (JsonNode) root = json_node_new (JSON_NODE_OBJECT);
  json_node_take_object (root, all);
  g_autofree char *text = json_to_string (root, TRUE);
  printf ("%s\n", text);
}

static int
run_status (CtlContext &context, int argc, char **argv)
{
  if (!context.parse_alone (nullptr, argc, argv))
    return EXIT_USAGE;
  Client &client = context.client ();
  ClientError error;
  JsonNodePtr status = client.get ("/api/status", error);
  JsonNodePtr cameras = status ? client.get ("/api/cameras", error) : JsonNodePtr{};
  JsonNodePtr health = cameras ? client.get ("/api/health/summary", error) : JsonNodePtr{};
  if (!health)
    return complain (error);
  const int result = exit_status (json_node_get_object (health.get ()));
  if (context.options.json) {
    print_json (std::move (status), std::move (cameras), std::move (health));
    return result;
  }
  const StatusFacts facts
      = facts_of (json_node_get_object (status.get ()), json_node_get_object (cameras.get ()),
                  json_node_get_object (health.get ()));
  fputs (format_status (facts, context.terminal).c_str (), stdout);
  return result;
}

const Command status_command{ "status", "",
                              N_ ("how the daemon, Redis and each camera are; --json for programs"),
                              run_status };

} // namespace camwarden
