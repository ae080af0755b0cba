// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "config/schema.h"
#include "config/settings.h"

#include <glib.h>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace camwarden
{

/* Where configuration comes from, lowest precedence first. Missing files and directories are fine,
 * except `single_file`, which stands instead of all of them. */
struct ConfigPaths
{
  std::string vendor_directory;  /* /usr/lib/camwarden/conf.d */
  std::string main_file;         /* /etc/camwarden/camwarden.conf */
  std::string runtime_overrides; /* /run/camwarden/conf.d */
  std::string local_overrides;   /* /etc/camwarden/conf.d */
  std::string single_file;       /* --config, CAMWARDEN_CONFIG */
};

/* One key said by an option or the environment. */
struct ConfigOverride
{
  std::string group, key, value;
  std::string origin; /* for messages: "--listen", "CAMWARDEN_LISTEN" */
};

struct ConfigSources
{
  ConfigPaths paths;
  std::vector<ConfigOverride> overrides; /* later ones win */

  /* The installed paths, CAMWARDEN_CONFIG, CAMWARDEN_REDIS_URI and CAMWARDEN_LISTEN.
   * `config_option`: the value of --config, NULL: not given. */
  [[nodiscard]] static ConfigSources from_environment (const char *config_option = nullptr);
};

struct Finding
{
  bool error = true; /* else a warning: the configuration is usable */
  std::string file;  /* a path, or an option's or variable's name */
  unsigned line = 0; /* 0: the file as a whole */
  std::string text;

  /* "file:line: text" */
  [[nodiscard]] std::string message () const;
};

/* One key of the configuration in force. */
struct ConfigEntry
{
  std::string group, key;
  std::string value;    /* as it was written, or the default; empty where `secret` */
  std::string fallback; /* the default; empty: none, or what `derived` says */
  std::string derived;  /* what an empty default means, for people */
  std::string where;    /* "FILE:LINE", an option, a variable; empty: nobody said it */
  bool secret = false;  /* the value may hold a secret */
};

struct CameraChange
{
  std::string id;
  std::vector<std::string> keys; /* those of [camera:ID] whose value changed */
  bool live = false;             /* all of them can be applied while the camera streams */
  bool operator== (const CameraChange &) const = default;
};

struct ConfigChanges
{
  std::vector<std::string> added, removed; /* cameras (enabled ones) */
  std::vector<CameraChange> changed;
  bool redis = false, store = false, http = false, recovery = false, thresholds = false,
       alerts = false, history = false, log = false;
  std::vector<std::string> needs_daemon_restart; /* "[group] key": takes effect at the next start */

  [[nodiscard]] bool none () const;
};

enum class ConfigError { Invalid };
#define CAMWARDEN_CONFIG_ERROR (camwarden::config_error_quark ())
GQuark config_error_quark ();

/* A complete, valid configuration. Copies are cheap enough to keep the old one beside the new. */
class Config
{
public:
  /* With all findings, the warnings of a good configuration too. No value if one is an error. */
  [[nodiscard]] static std::optional<Config> load (const ConfigSources &sources,
                                                   std::vector<Finding> &findings);

  /* The same with the findings as one message, a line each; CAMWARDEN_CONFIG_ERROR. */
  [[nodiscard]] static std::optional<Config> load (const ConfigSources &sources, GError **error);

  /* Enabled cameras in the order of their ids. With no [camera:ID] at all: "camera", source=auto.
   */
  [[nodiscard]] const std::vector<CameraConfig> &
  cameras () const
  {
    return cameras_;
  }
  /* Enabled or not; NULL: there is none. Valid as long as the Config. */
  [[nodiscard]] const CameraConfig *camera (std::string_view id) const;

  /* What a worker needs of it, as one key file: [camera:ID], [redis], [store] and [recovery] with
   * every key. Loaded as the single file it gives the same cameras, whatever has become of the
   * files this one was read from. */
  [[nodiscard]] std::string worker_text () const;

  /* Every key of every group, in the order of the schema; passwords in URLs are replaced. */
  [[nodiscard]] std::vector<ConfigEntry> entries () const;

  [[nodiscard]] const std::vector<CameraConfig> &
  all_cameras () const
  {
    return all_cameras_;
  }

  [[nodiscard]] const RedisConfig &
  redis () const
  {
    return redis_;
  }
  [[nodiscard]] const StoreConfig &
  store () const
  {
    return store_;
  }
  [[nodiscard]] const HttpConfig &
  http () const
  {
    return http_;
  }
  [[nodiscard]] const RecoveryConfig &
  recovery () const
  {
    return recovery_;
  }
  [[nodiscard]] const ThresholdsConfig &
  thresholds () const
  {
    return thresholds_;
  }
  [[nodiscard]] const AlertsConfig &
  alerts () const
  {
    return alerts_;
  }
  [[nodiscard]] const HistoryConfig &
  history () const
  {
    return history_;
  }
  [[nodiscard]] const LogConfig &
  log () const
  {
    return log_;
  }

  /* What a reload from `before` to this one has to do. */
  [[nodiscard]] ConfigChanges changes_since (const Config &before) const;

private:
  friend class ConfigBuilder;

  std::vector<CameraConfig> cameras_, all_cameras_;
  RedisConfig redis_;
  StoreConfig store_;
  HttpConfig http_;
  RecoveryConfig recovery_;
  ThresholdsConfig thresholds_;
  AlertsConfig alerts_;
  HistoryConfig history_;
  LogConfig log_;
  /* [group][key] of everything, defaults included. */
  std::map<std::string, std::map<std::string, Value>> values_;
  std::map<std::string, std::map<std::string, std::string>> texts_;
  std::map<std::string, std::map<std::string, std::string>> places_; /* of what was said */
};

/* --check-config: all findings to `out`, then one line that sums up. Returns the exit status:
 * 0, or 78 (EX_CONFIG) if there is an error. */
[[nodiscard]] int check_config (const ConfigSources &sources, FILE *out);

} // namespace camwarden
