// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>
#include <string>

#include "fakes/faultplan.h"

namespace camwarden
{

/* The properties of faultysrc. */
enum FaultyProperty : guint {
  PROP_0,
  PROP_MODE,
  PROP_AT_FRAME,
  PROP_DURATION,
  PROP_TIMES,
  PROP_ERROR_DOMAIN,
  PROP_ERROR_CODE,
  PROP_UPSTREAM_EVENTS,
  PROP_SLOW_BY,
  PROP_SEED,
  PROP_POOL_SIZE,
  PROP_IS_LIVE,
  PROP_COMPLAINT,
  PROP_CONTROL_FILE,
  PROP_CONTROL_ONCE,
  PROP_FRAMES,
  PROP_ERROR_DEBUG,
  PROP_ECHOES,
  PROP_DEVICE,
  PROP_LOG_ERROR,
  PROP_LEAK,
};

enum class ErrorDomain { core, library, resource, stream };

struct FaultySettings
{
  FaultOrder order;
  ErrorDomain error_domain = ErrorDomain::resource;
  gint error_code = GST_RESOURCE_ERROR_READ;
  bool upstream_events = false;
  guint slow_by = 4;
  guint seed = 0;
  guint pool_size = 0;
  std::string error_debug;
  guint echoes = 0;
  std::string device;
  std::string log_error;
  std::string complaint;
  std::string control_file;
  bool control_once = false;
  guint leak = 0;
};

[[nodiscard]] GQuark error_domain_quark (ErrorDomain domain);

/* Installs every property. */
void faulty_settings_install (GObjectClass *klass);

/* Both return false for a property that is not one of the settings. */
bool faulty_settings_set (FaultySettings &settings, guint id, const GValue *value);
bool faulty_settings_get (const FaultySettings &settings, guint id, GValue *value);

} // namespace camwarden
