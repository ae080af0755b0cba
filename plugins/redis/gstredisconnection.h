// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "redis/redislink.h"

#include <gst/gst.h>
#include <string>

namespace camwarden
{

/* What both elements have in common: how the server is reached. */

#define GST_REDIS_DEFAULT_LOCATION "redis://127.0.0.1:6379/cam:camera:frame"

enum {
  CONNECTION_PROP_LOCATION = 1,
  CONNECTION_PROP_PASSWORD_FILE,
  CONNECTION_PROP_CA_FILE,
  CONNECTION_PROP_COMMAND_TIMEOUT,
  CONNECTION_PROP_RETRY_DELAY,
  CONNECTION_PROP_MAX_RETRY_DELAY,
  CONNECTION_PROP_ERROR_AFTER_RETRIES,
  CONNECTION_N_PROPS,
};

struct ConnectionSettings
{
  std::string location = GST_REDIS_DEFAULT_LOCATION;
  unsigned error_after_retries = 0;
  RedisSettings redis; /* where: filled in by resolve_location() */
};

void install_connection_properties (GParamSpec **props);

/* False: not one of these properties. */
bool set_connection_property (ConnectionSettings &settings, guint id, const GValue *value);
bool get_connection_property (const ConnectionSettings &settings, guint id, GValue *value);

/* location -> redis.where; posts an error when it is no Redis URI or names no channel. */
bool resolve_location (GstElement *element, ConnectionSettings &settings);

/* GstURIHandler through the property "location". */
void init_redis_uri_handler (GstURIHandlerInterface *handler, GstURIType (*type) (GType));

/* NULL is "", and the other way round. */
[[nodiscard]] std::string string_of_value (const GValue *value);
void set_string_value (GValue *value, const std::string &text);

} // namespace camwarden
