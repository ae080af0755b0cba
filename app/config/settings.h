// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "config/values.h"

#include <cstdint>
#include <string>
#include <vector>

namespace camwarden
{

/* The configuration with every default resolved, one struct per group. Durations are microseconds,
 * sizes bytes, shares 0 to 1. What each key means is said once, in schema.cpp. */

struct CameraConfig
{
  std::string id;
  bool enabled = true;
  std::string source;          /* "auto", or a gst-launch description of a bin */
  std::string device;          /* empty: the first one found */
  unsigned width = 0;          /* 0: what the source gives */
  unsigned height = 0;         /* 0: what the source gives */
  Fraction framerate;          /* 0/1: what the source gives */
  std::string encoder;         /* gst-launch description of an element or bin */
  bool encode_always = false;  /* encode-when=always; else on demand */
  std::string modes;           /* as redissink's "modes" wants it: "pubsub+stream" */
  std::string channel;         /* cam:ID:frame */
  std::string request_channel; /* empty: free-running */
  std::string location;        /* redissink's "location", with the channel in it */
  std::string password_file;   /* as [redis] says */
  std::string ca_file;
  int64_t redis_backoff = 0; /* as [recovery] says; and the storage's below */
  int64_t redis_backoff_max = 0;
  bool store = false;
  std::string store_location;   /* the camera's own folder below [store] location */
  int64_t store_interval = 0;   /* 0: every frame */
  uint64_t store_max_bytes = 0; /* 0: no limit */
  int64_t store_max_age = 0;    /* 0: no limit */
  SizeOrShare store_keep_free;
  std::string store_keep_free_text; /* as framestoresink's "keep-free" wants it: bytes or "10%" */
  int64_t storage_backoff = 0;
  int64_t storage_backoff_max = 0;
  int64_t stall_timeout = 0; /* 0: max(1 s, 10 frame intervals) */
  int64_t startup_timeout = 0;
  int64_t frozen_after = 0; /* 0: never */
  double dark_below = 0;    /* mean luma 0..255; 0: never */
  double bright_above = 0;  /* mean luma 0..255; 255: never */
  double blur_below = 0;    /* sharpness; 0: never */
  /* As [recovery] says */
  int64_t prune_keep_newest = 0;
  int64_t prune_slice_files = 0;
  int64_t prune_slice_time = 0;

  bool operator== (const CameraConfig &) const = default;
};

struct RedisConfig
{
  std::string uri; /* empty: the embedded server */
  std::string password_file;
  std::string ca_file;
  unsigned embedded_port = 0;
  std::string embedded_listen; /* empty: loopback only */
  uint64_t embedded_max_memory = 0;

  [[nodiscard]] bool
  embedded () const
  {
    return uri.empty ();
  }
  bool operator== (const RedisConfig &) const = default;
};

struct StoreConfig
{
  std::string location;
  bool operator== (const StoreConfig &) const = default;
};

struct HttpConfig
{
  std::vector<std::string> listen; /* ADDRESS:PORT, [v6]:PORT; empty: no TCP */
  std::string socket;
  std::string token_file;
  bool trust_loopback = true;
  std::vector<std::string> hosts; /* accepted besides the built-in ones */
  unsigned max_connections = 0;   /* of the API and of streams, each */
  double rate = 0; /* requests per second and address from other hosts; 0: no limit */

  bool operator== (const HttpConfig &) const = default;
};

/* So many of an order within the window, then the next tier. */
struct RecoveryBudget
{
  unsigned attempts = 0;
  int64_t window = 0;
  int64_t deadline = 0;
  bool operator== (const RecoveryBudget &) const = default;
};

struct BackoffRange
{
  int64_t base = 0;
  int64_t max = 0;
  bool operator== (const BackoffRange &) const = default;
};

struct RecoveryConfig
{
  RecoveryBudget source, pipeline, device, worker;
  int64_t worker_drain = 0;
  BackoffRange camera_backoff, redis_backoff, storage_backoff;
  double healthy_rate = 0;
  int64_t healthy_bin = 0;
  int64_t healthy_after = 0;
  double weak_power_factor = 0;
  int64_t frozen_restart_after = 0;
  int64_t frozen_restart_interval = 0;
  int64_t dark_after = 0;
  bool dark_restart = false;
  double rate_low = 0, rate_high = 0, rate_restart_below = 0;
  int64_t rate_after = 0;
  bool device_reset = false;
  bool allow_reboot = false;
  int64_t reboot_min_uptime = 0;
  int64_t reboot_interval = 0;
  unsigned reboots_per_day = 0;
  bool degrade = false;
  int64_t degrade_step_up = 0, degrade_step_down = 0;
  unsigned degrade_quality = 0;
  int64_t emergency_after = 0, emergency_memory_after = 0, emergency_leave_after = 0;
  double emergency_leave_margin = 0;
  int64_t emergency_min_dwell = 0;
  unsigned emergency_per_hour = 0;
  int64_t camera_failures_window = 0;
  int64_t prune_keep_newest = 0;
  unsigned prune_slice_files = 0;
  int64_t prune_slice_time = 0;
  double prune_target = 0;
  bool worker_recycle = false;

  bool operator== (const RecoveryConfig &) const = default;
};

/* Shares are 0 to 1, temperatures degrees Celsius, redis_away microseconds. */
struct ThresholdsConfig
{
  Levels cpu, memory, disk, temperature, camera_failures, redis_away;
  double memory_growth = 0; /* share per hour; 0: never */
  int64_t memory_growth_after = 0;
  uint64_t disk_writes = 0; /* bytes a day; 0: any */
  bool operator== (const ThresholdsConfig &) const = default;
};

struct AlertsConfig
{
  std::string webhook; /* may hold a secret: never printed, never logged */
  std::string webhook_token_file;
  std::string webhook_template; /* "": JSON with everything */
  std::string mqtt;             /* "": none */
  std::string mqtt_user, mqtt_password_file, mqtt_topic;
  int64_t min_duration = 0;
  int64_t min_interval = 0;
  bool operator== (const AlertsConfig &) const = default;
};

struct HistoryConfig
{
  std::string location;
  unsigned raw_days = 0;
  unsigned average_days = 0;
  bool operator== (const HistoryConfig &) const = default;
};

struct LogConfig
{
  std::string level; /* error, warning, info, debug */
  std::string file;  /* used when there is no journal */
  uint64_t max_size = 0;
  unsigned keep = 0;
  bool operator== (const LogConfig &) const = default;
};

} // namespace camwarden
