// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/resolve.h"

#include "buildconfig.h"
#include "config/directories.h"
#include "gobject/ref.h"

#include <algorithm>

namespace camwarden
{

/* Typed reading of values that were parsed by the same table. */
class Reader
{
public:
  explicit Reader (const GroupValues &values) : values_ (values) {}

  template <typename T>
  [[nodiscard]] T
  get (const char *key) const
  {
    const auto found = values_.find (key);
    g_assert (found != values_.end ());
    const T *value = std::get_if<T> (&found->second);
    g_assert (value);
    return *value;
  }

  [[nodiscard]] bool
  flag (const char *key) const
  {
    return get<bool> (key);
  }
  [[nodiscard]] int64_t
  integer (const char *key) const
  {
    return get<int64_t> (key);
  }
  [[nodiscard]] unsigned
  count (const char *key) const
  {
    return static_cast<unsigned> (get<int64_t> (key));
  }
  [[nodiscard]] uint64_t
  size (const char *key) const
  {
    return static_cast<uint64_t> (get<int64_t> (key));
  }
  [[nodiscard]] double
  number (const char *key) const
  {
    return get<double> (key);
  }
  [[nodiscard]] std::string
  text (const char *key, const std::string &fallback = {}) const
  {
    std::string value = get<std::string> (key);
    return value.empty () ? fallback : value;
  }
  [[nodiscard]] RecoveryBudget
  budget (const std::string &tier) const
  {
    return { count ((tier + "-attempts").c_str ()), integer ((tier + "-window").c_str ()),
             integer ((tier + "-deadline").c_str ()) };
  }
  [[nodiscard]] BackoffRange
  backoff (const std::string &name) const
  {
    return { integer (name.c_str ()), integer ((name + "-max").c_str ()) };
  }

private:
  const GroupValues &values_;
};

RedisConfig
resolve_redis (const GroupValues &values)
{
  const Reader r (values);
  return { .uri = r.text ("uri"),
           .password_file = r.text ("password-file"),
           .ca_file = r.text ("ca-file"),
           .embedded_port = r.count ("embedded-port"),
           .embedded_listen = r.text ("embedded-listen"),
           .embedded_max_memory = r.size ("embedded-max-memory") };
}

StoreConfig
resolve_store (const GroupValues &values)
{
  return { Reader (values).text ("location", state_directory () + "/frames") };
}

HttpConfig
resolve_http (const GroupValues &values)
{
  const Reader r (values);
  return { .listen = r.get<std::vector<std::string>> ("listen"),
           .socket = r.text ("socket", control_socket_path ()),
           .token_file = r.text ("token-file", CAMWARDEN_SYSCONFDIR "/tokens"),
           .trust_loopback = r.flag ("trust-loopback"),
           .hosts = r.get<std::vector<std::string>> ("hosts"),
           .max_connections = r.count ("max-connections"),
           .rate = r.number ("rate") };
}

RecoveryConfig
resolve_recovery (const GroupValues &values)
{
  const Reader r (values);
  return { .source = r.budget ("source"),
           .pipeline = r.budget ("pipeline"),
           .device = r.budget ("device"),
           .worker = r.budget ("worker"),
           .worker_drain = r.integer ("worker-drain"),
           .camera_backoff = r.backoff ("camera-backoff"),
           .redis_backoff = r.backoff ("redis-backoff"),
           .storage_backoff = r.backoff ("storage-backoff"),
           .healthy_rate = r.number ("healthy-rate"),
           .healthy_bin = r.integer ("healthy-bin"),
           .healthy_after = r.integer ("healthy-after"),
           .weak_power_factor = r.number ("weak-power-factor"),
           .frozen_restart_after = r.integer ("frozen-restart-after"),
           .frozen_restart_interval = r.integer ("frozen-restart-interval"),
           .dark_after = r.integer ("dark-after"),
           .dark_restart = r.flag ("dark-restart"),
           .rate_low = r.number ("rate-low"),
           .rate_high = r.number ("rate-high"),
           .rate_restart_below = r.number ("rate-restart-below"),
           .rate_after = r.integer ("rate-after"),
           .device_reset = r.flag ("device-reset"),
           .allow_reboot = r.flag ("allow-reboot"),
           .reboot_min_uptime = r.integer ("reboot-min-uptime"),
           .reboot_interval = r.integer ("reboot-interval"),
           .reboots_per_day = r.count ("reboots-per-day"),
           .degrade = r.flag ("degrade"),
           .degrade_step_up = r.integer ("degrade-step-up"),
           .degrade_step_down = r.integer ("degrade-step-down"),
           .degrade_quality = r.count ("degrade-quality"),
           .emergency_after = r.integer ("emergency-after"),
           .emergency_memory_after = r.integer ("emergency-memory-after"),
           .emergency_leave_after = r.integer ("emergency-leave-after"),
           .emergency_leave_margin = r.number ("emergency-leave-margin"),
           .emergency_min_dwell = r.integer ("emergency-min-dwell"),
           .emergency_per_hour = r.count ("emergency-per-hour"),
           .camera_failures_window = r.integer ("camera-failures-window"),
           .prune_keep_newest = r.integer ("prune-keep-newest"),
           .prune_slice_files = r.count ("prune-slice-files"),
           .prune_slice_time = r.integer ("prune-slice-time"),
           .prune_target = r.number ("prune-target"),
           .worker_recycle = r.flag ("worker-recycle") };
}

ThresholdsConfig
resolve_thresholds (const GroupValues &values)
{
  const Reader r (values);
  return { .cpu = r.get<Levels> ("cpu"),
           .memory = r.get<Levels> ("memory"),
           .disk = r.get<Levels> ("disk"),
           .temperature = r.get<Levels> ("temperature"),
           .camera_failures = r.get<Levels> ("camera-failures"),
           .redis_away = r.get<Levels> ("redis-away"),
           .memory_growth = r.number ("memory-growth"),
           .memory_growth_after = r.integer ("memory-growth-after"),
           .disk_writes = r.size ("disk-writes") };
}

AlertsConfig
resolve_alerts (const GroupValues &values)
{
  const Reader r (values);
  return { .webhook = r.text ("webhook"),
           .webhook_token_file = r.text ("webhook-token-file"),
           .webhook_template = r.text ("webhook-template"),
           .mqtt = r.text ("mqtt"),
           .mqtt_user = r.text ("mqtt-user"),
           .mqtt_password_file = r.text ("mqtt-password-file"),
           .mqtt_topic = r.text ("mqtt-topic", std::string ("camwarden/") + g_get_host_name ()),
           .min_duration = r.integer ("min-duration"),
           .min_interval = r.integer ("min-interval") };
}

HistoryConfig
resolve_history (const GroupValues &values)
{
  const Reader r (values);
  return { .location = r.text ("location", state_directory () + "/history.sqlite"),
           .raw_days = r.count ("raw-days"),
           .average_days = r.count ("average-days") };
}

LogConfig
resolve_log (const GroupValues &values)
{
  const Reader r (values);
  return { .level = r.text ("level"),
           .file = r.text ("file", logs_directory () + "/camwarden.log"),
           .max_size = r.size ("max-size"),
           .keep = r.count ("keep") };
}

static bool
is_digits (const std::string &text)
{
  return !text.empty () && text.find_first_not_of ("0123456789") == std::string::npos;
}

/* The path and query behind redis://HOST, without the slashes at its start. */
static std::string
location_path (const std::string &location)
{
  const size_t slash = location.find ('/', location.find ("://") + 3);
  const size_t first = location.find_first_not_of ('/', slash);
  return slash == std::string::npos || first == std::string::npos ? "" : location.substr (first);
}

static std::string
unescaped (const std::string &text)
{
  std::string plain = take_string (g_uri_unescape_string (text.c_str (), nullptr));
  return plain.empty () ? text : plain;
}

std::string
location_channel (const std::string &location)
{
  if (location.starts_with ("redis+unix:")) {
    const size_t question = location.find ('?');
    if (question != std::string::npos)
      for (const auto &part : split_words (location.substr (question + 1), "&"))
        if (part.starts_with ("channel="))
          return unescaped (part.substr (8));
    return {};
  }
  const std::string path = location_path (location);
  if (path.empty () || is_digits (path))
    return {};
  const size_t slash = path.find ('/');
  if (slash != std::string::npos && is_digits (path.substr (0, slash)))
    return unescaped (path.substr (slash + 1));
  return unescaped (path);
}

std::string
location_with_channel (const std::string &server, const std::string &channel)
{
  const std::string escaped
      = take_string (g_uri_escape_string (channel.c_str (), ":/{}@,;=+!$*'()", true));
  if (server.starts_with ("redis+unix:"))
    return server + (server.find ('?') == std::string::npos ? "?" : "&") + "channel=" + escaped;
  std::string base = server;
  while (base.ends_with ('/') && !base.ends_with ("://"))
    base.pop_back ();
  /* A channel such as "7/frames" would be read as database 7. */
  const size_t slash = channel.find ('/');
  const bool looks_like_db = slash != std::string::npos && is_digits (channel.substr (0, slash));
  if (looks_like_db && location_path (base).empty ())
    base += "/0";
  return base + "/" + escaped;
}

static std::string
join (const std::vector<std::string> &words, const char *separator)
{
  std::string text;
  for (const auto &word : words)
    text += (text.empty () ? "" : separator) + word;
  return text;
}

static std::string
keep_free_text (const SizeOrShare &amount)
{
  return amount.is_share ? format_number (amount.share * 100) + "%" : std::to_string (amount.bytes);
}

static void
resolve_channel (CameraConfig &camera, const Reader &r, const RedisConfig &redis)
{
  const std::string name = "cam:" + camera.id;
  const std::string own_location = r.text ("location");
  const std::string named = location_channel (own_location);
  camera.channel = named.empty () ? r.text ("channel", name + ":frame") : named;
  camera.request_channel = r.text ("request-channel");
  if (camera.request_channel == "auto")
    camera.request_channel = name + ":request";
  std::string server = own_location.empty () ? redis.uri : own_location;
  if (server.empty ()) {
    server
        = "redis+unix://"
          + take_string (g_uri_escape_string (embedded_redis_socket_path ().c_str (), "/:@", true))
          + "?user=" EMBEDDED_REDIS_USER;
    camera.password_file = embedded_redis_password_path ();
  }
  camera.location = named.empty () ? location_with_channel (server, camera.channel) : own_location;
}

static void
resolve_storing (CameraConfig &camera, const Reader &r, const StoreConfig &store)
{
  camera.store = r.flag ("store");
  camera.store_location = store.location + "/" + camera.id;
  camera.store_interval = r.integer ("store-interval");
  camera.store_max_bytes = r.size ("store-max-bytes");
  camera.store_max_age = r.integer ("store-max-age");
  camera.store_keep_free = r.get<SizeOrShare> ("store-keep-free");
  camera.store_keep_free_text = keep_free_text (camera.store_keep_free);
  const std::string encode_when = r.text ("encode-when");
  camera.encode_always
      = encode_when.empty () ? camera.store && camera.store_interval == 0 : encode_when == "always";
}

CameraConfig
resolve_camera (const std::string &id, const GroupValues &values, const RedisConfig &redis,
                const StoreConfig &store, const RecoveryConfig &recovery)
{
  const Reader r (values);
  CameraConfig camera;
  camera.id = id;
  camera.enabled = r.flag ("enabled");
  camera.source = r.text ("source");
  camera.device = r.text ("device");
  camera.width = r.count ("width");
  camera.height = r.count ("height");
  camera.framerate = r.get<Fraction> ("framerate");
  camera.encoder = r.text ("encoder");
  camera.modes = join (r.get<std::vector<std::string>> ("modes"), "+");
  camera.password_file = redis.password_file;
  camera.ca_file = redis.ca_file;
  camera.redis_backoff = recovery.redis_backoff.base;
  camera.redis_backoff_max = recovery.redis_backoff.max;
  camera.storage_backoff = recovery.storage_backoff.base;
  camera.storage_backoff_max = recovery.storage_backoff.max;
  resolve_channel (camera, r, redis);
  resolve_storing (camera, r, store);
  camera.stall_timeout = r.integer ("stall-timeout");
  camera.startup_timeout = r.integer ("startup-timeout");
  camera.frozen_after = r.integer ("frozen-after");
  camera.dark_below = r.number ("dark-below");
  camera.bright_above = r.number ("bright-above");
  camera.blur_below = r.number ("blur-below");
  camera.prune_keep_newest = recovery.prune_keep_newest;
  camera.prune_slice_files = recovery.prune_slice_files;
  camera.prune_slice_time = recovery.prune_slice_time;
  return camera;
}

} // namespace camwarden
