// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace camwarden
{

/* What can be done about a fault, in rising order of what it costs. */
enum class Tier {
  Count,    /* nothing but counting and telling */
  Source,   /* the source element is restarted */
  Pipeline, /* the pipeline is built anew */
  Device,   /* the USB device is switched off and on at its port */
  Worker,   /* the camera's process is replaced */
  Machine,  /* the machine is rebooted */
};

/* What kind of trouble it is: the class alone says how far the cure may go. */
enum class FaultClass {
  Transient,     /* a hiccup that a restart of the source cures, or time */
  Quality,       /* frames come, but the picture or the rate is wrong */
  Absent,        /* there is no such device: wait for it */
  Busy,          /* another program has the device: wait for it */
  Camera,        /* the camera or its driver fails */
  Hang,          /* a state change, or the worker's main loop, hangs */
  Wedged,        /* a thread hangs in the kernel: the process cannot even be ended */
  Configuration, /* only another configuration or installation helps */
  Redis,
  Storage,
  Network,
  Power,
  Heat,
};

/* The highest tier that may be tried: what a tier cannot cure never reaches it. */
[[nodiscard]] Tier tier_cap (FaultClass fault_class);

/* "count", "source", ..., "machine" and "transient", ..., "heat": on the link, in events, in the
 * API. */
[[nodiscard]] std::string_view tier_name (Tier tier);
[[nodiscard]] std::string_view fault_class_name (FaultClass fault_class);
[[nodiscard]] std::optional<Tier> tier_from_name (std::string_view name);
[[nodiscard]] std::optional<FaultClass> fault_class_from_name (std::string_view name);

/* What went wrong, in words that programs can compare: never a translated text. */
struct Fault
{
  FaultClass fault_class = FaultClass::Camera;
  Tier first = Tier::Source; /* where the cure begins; never above the class's cap */
  std::string part;          /* source, encoder, redis, store, pipeline, worker */
  std::string code;          /* "resource-not-found", "stall", "signal 9", ... */
  std::string evidence;      /* for people and logs */
};

} // namespace camwarden
