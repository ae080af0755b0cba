// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/config.h"

#include "config/configfile.h"
#include "config/i18n.h"
#include "config/problems.h"
#include "config/resolve.h"
#include "core/secrettext.h"
#include "gobject/ref.h"

#include <algorithm>
#include <cerrno>
#include <set>
#include <sysexits.h>
#include <unistd.h>

namespace camwarden
{

G_DEFINE_QUARK (camwarden - config - error - quark, config_error)

ConfigSources
ConfigSources::from_environment (const char *config_option)
{
  ConfigSources sources;
  sources.paths = { CAMWARDEN_VENDORDIR,
                    CAMWARDEN_SYSCONFDIR "/camwarden.conf",
                    "/run/camwarden/conf.d",
                    CAMWARDEN_SYSCONFDIR "/conf.d",
                    {} };
  const char *file = config_option ? config_option : g_getenv ("CAMWARDEN_CONFIG");
  if (file && *file)
    sources.paths.single_file = file;
  if (const char *uri = g_getenv ("CAMWARDEN_REDIS_URI"); uri && *uri)
    sources.overrides.push_back ({ "redis", "uri", uri, "CAMWARDEN_REDIS_URI" });
  if (const char *listen = g_getenv ("CAMWARDEN_LISTEN"); listen && *listen)
    sources.overrides.push_back ({ "http", "listen", listen, "CAMWARDEN_LISTEN" });
  return sources;
}

std::string
Finding::message () const
{
  std::string place = file;
  if (line > 0)
    place += ":" + std::to_string (line);
  return place + ": " + (error ? "" : _ ("warning: ")) + text;
}

/* Collects what all sources say, then makes a Config of it if nothing is wrong. */
class ConfigBuilder
{
public:
  explicit ConfigBuilder (std::vector<Finding> &findings) : findings_ (findings) {}

  void read_all (const ConfigPaths &paths);
  void read_file (const std::string &path, bool must_exist);
  void override_key (const ConfigOverride &one);
  [[nodiscard]] std::optional<Config> finish ();

private:
  struct Given
  {
    Value value;
    std::string text;
    std::string file;
    unsigned line;
  };

  void take (const FileEntry &entry, const std::string &file);
  void check_group (const std::string &group, const std::string &file, unsigned line);
  void fill_group (const std::string &group, Config &config) const;
  void fill_cameras (Config &config) const;
  void check_backoff (const char *name, const BackoffRange &range);
  void check_channels (const Config &config);
  void check_files (const Config &config);
  void check_file (const std::string &group, const char *key);
  void add (bool error, const std::string &group, const std::string &key, std::string text);
  [[nodiscard]] const Given *given (const std::string &group, const std::string &key) const;
  [[nodiscard]] bool has_errors () const;

  std::vector<Finding> &findings_;
  std::map<std::string, std::map<std::string, Given>> given_;
  std::set<std::string> cameras_;
};

void
ConfigBuilder::read_all (const ConfigPaths &paths)
{
  if (!paths.single_file.empty ())
    return read_file (paths.single_file, true);
  const auto read_directory = [this] (const std::string &directory) {
    if (!directory.empty ())
      for (const auto &file : list_config_files (directory, findings_))
        read_file (file, true);
  };
  read_directory (paths.vendor_directory);
  if (!paths.main_file.empty ())
    read_file (paths.main_file, false);
  read_directory (paths.runtime_overrides);
  read_directory (paths.local_overrides);
}

void
ConfigBuilder::read_file (const std::string &path, bool must_exist)
{
  const ConfigFile file = read_config_file (path, must_exist, findings_);
  for (const auto &[group, line] : file.groups)
    check_group (group, path, line);
  for (const auto &entry : file.entries)
    take (entry, path);
}

static bool
is_known_group (const std::string &group)
{
  if (group.starts_with ("camera:"))
    return is_camera_id (group.substr (7));
  const auto groups = schema_groups ();
  return group != "camera"
         && std::any_of (groups.begin (), groups.end (),
                         [&] (const Group &known) { return group == known.name; });
}

void
ConfigBuilder::check_group (const std::string &group, const std::string &file, unsigned line)
{
  if (!is_known_group (group))
    findings_.push_back ({ true, file, line, unknown_group (group) });
  else if (group.starts_with ("camera:"))
    cameras_.insert (group.substr (7));
}

void
ConfigBuilder::take (const FileEntry &entry, const std::string &file)
{
  if (!is_known_group (entry.group))
    return; /* said at the group */
  const Key *key = find_key (entry.group, entry.key);
  if (!key) {
    findings_.push_back ({ true, file, entry.line, unknown_key (entry.group, entry.key) });
    return;
  }
  ParsedValue parsed = parse_value (*key, entry.value);
  if (parsed.problem != ValueProblem::None)
    findings_.push_back ({ true, file, entry.line, describe_problem (*key, entry.value, parsed) });
  else
    given_[entry.group][entry.key] = { std::move (parsed.value), entry.value, file, entry.line };
}

void
ConfigBuilder::override_key (const ConfigOverride &one)
{
  check_group (one.group, one.origin, 0);
  take ({ one.group, one.key, one.value, 0 }, one.origin);
}

void
ConfigBuilder::fill_group (const std::string &group, Config &config) const
{
  auto &values = config.values_[group];
  auto &texts = config.texts_[group];
  const std::string_view family = group_family (group);
  for (const Key &key : schema_keys ()) {
    if (family != key.group)
      continue;
    const Given *set = given (group, key.name);
    values[key.name] = set ? set->value : parse_value (key, key.fallback).value;
    texts[key.name] = set ? set->text : key.fallback;
    if (set)
      config.places_[group][key.name]
          = set->line ? set->file + ":" + std::to_string (set->line) : set->file;
  }
}

void
ConfigBuilder::fill_cameras (Config &config) const
{
  std::set<std::string> ids = cameras_;
  if (ids.empty ())
    ids.insert ("camera");
  for (const auto &id : ids) {
    const std::string group = "camera:" + id;
    fill_group (group, config);
    config.all_cameras_.push_back (
        resolve_camera (id, config.values_[group], config.redis_, config.store_, config.recovery_));
    if (config.all_cameras_.back ().enabled)
      config.cameras_.push_back (config.all_cameras_.back ());
  }
}

const ConfigBuilder::Given *
ConfigBuilder::given (const std::string &group, const std::string &key) const
{
  const auto values = given_.find (group);
  if (values == given_.end ())
    return nullptr;
  const auto found = values->second.find (key);
  return found == values->second.end () ? nullptr : &found->second;
}

/* Where the key was given; else where nothing was, which only a default can bring about. */
void
ConfigBuilder::add (bool error, const std::string &group, const std::string &key, std::string text)
{
  const Given *place = given (group, key);
  findings_.push_back ({ error, place ? place->file : "[" + group + "] " + key,
                         place ? place->line : 0, std::move (text) });
}

void
ConfigBuilder::check_backoff (const char *name, const BackoffRange &range)
{
  if (range.base <= range.max)
    return;
  const std::string longest = std::string (name) + "-max";
  add (true, "recovery", given ("recovery", longest) ? longest : name,
       take_string (g_strdup_printf (_ ("%s must not be above %s"), name, longest.c_str ())));
}

void
ConfigBuilder::check_channels (const Config &config)
{
  std::map<std::string, std::string> users;
  for (const auto &camera : config.cameras_) {
    const auto [first, fresh] = users.emplace (camera.location, camera.id);
    if (!fresh)
      add (true, "camera:" + camera.id,
           given ("camera:" + camera.id, "channel") ? "channel" : "location",
           take_string (g_strdup_printf (_ ("the cameras %s and %s use the same channel %s"),
                                         first->second.c_str (), camera.id.c_str (),
                                         printable (camera.channel).c_str ())));
    const std::string group = "camera:" + camera.id;
    if (const Given *channel = given (group, "channel");
        channel && channel->value != Value (camera.channel)
        && channel->value != Value (std::string ()))
      add (false, group, "channel", _ ("not used, since location names a channel"));
  }
}

void
ConfigBuilder::check_file (const std::string &group, const char *key)
{
  const Given *place = given (group, key);
  const std::string *path = place ? std::get_if<std::string> (&place->value) : nullptr;
  if (path && !path->empty () && access (path->c_str (), F_OK) != 0 && errno == ENOENT)
    add (false, group, key,
         take_string (
             g_strdup_printf (_ ("%s: there is no file %s"), key, printable (*path).c_str ())));
}

static bool
is_loopback (const std::string &listen)
{
  return listen.starts_with ("127.") || listen.starts_with ("[::1]:")
         || listen.starts_with ("localhost:");
}

void
ConfigBuilder::check_files (const Config &config)
{
  check_file ("redis", "password-file");
  check_file ("redis", "ca-file");
  check_file ("alerts", "webhook-token-file");
  check_file ("alerts", "mqtt-password-file");
  const auto &http = config.http_;
  if (std::all_of (http.listen.begin (), http.listen.end (), is_loopback))
    return;
  if (access (http.token_file.c_str (), F_OK) != 0 && errno == ENOENT)
    add (false, "http", "listen",
         take_string (g_strdup_printf (
             _ ("other hosts are let in only with tokens: camwardend does not start without the "
                "token file %s, and `camwardenctl token add --role read` makes it"),
             printable (http.token_file).c_str ())));
}

bool
ConfigBuilder::has_errors () const
{
  return std::any_of (findings_.begin (), findings_.end (),
                      [] (const Finding &finding) { return finding.error; });
}

std::optional<Config>
ConfigBuilder::finish ()
{
  Config config;
  for (const Group &group : schema_groups ())
    if (group.name != std::string_view ("camera"))
      fill_group (group.name, config);
  auto &values = config.values_;
  config.redis_ = resolve_redis (values["redis"]);
  config.store_ = resolve_store (values["store"]);
  config.http_ = resolve_http (values["http"]);
  config.recovery_ = resolve_recovery (values["recovery"]);
  config.thresholds_ = resolve_thresholds (values["thresholds"]);
  config.alerts_ = resolve_alerts (values["alerts"]);
  config.history_ = resolve_history (values["history"]);
  config.log_ = resolve_log (values["log"]);
  fill_cameras (config);
  check_backoff ("camera-backoff", config.recovery_.camera_backoff);
  check_backoff ("redis-backoff", config.recovery_.redis_backoff);
  check_backoff ("storage-backoff", config.recovery_.storage_backoff);
  check_channels (config);
  check_files (config);
  return has_errors () ? std::nullopt : std::optional (std::move (config));
}

std::optional<Config>
Config::load (const ConfigSources &sources, std::vector<Finding> &findings)
{
  findings.clear ();
  ConfigBuilder builder (findings);
  builder.read_all (sources.paths);
  for (const auto &one : sources.overrides)
    builder.override_key (one);
  return builder.finish ();
}

static void
set_config_error (GError **error, const std::string &text)
{
  g_set_error_literal (error, CAMWARDEN_CONFIG_ERROR, static_cast<int> (ConfigError::Invalid),
                       text.c_str ());
}

std::optional<Config>
Config::load (const ConfigSources &sources, GError **error)
{
  std::vector<Finding> findings;
  auto config = load (sources, findings);
  if (config)
    return config;
  std::string text;
  for (const auto &finding : findings)
    if (finding.error)
      text += (text.empty () ? "" : "\n") + finding.message ();
  set_config_error (error, text);
  return {};
}

const CameraConfig *
Config::camera (std::string_view id) const
{
  for (const auto &camera : all_cameras_)
    if (camera.id == id)
      return &camera;
  return nullptr;
}

std::string
Config::worker_text () const
{
  std::string text;
  for (const auto &[group, keys] : texts_) {
    const std::string_view family = group_family (group);
    if (family != "camera" && family != "redis" && family != "store" && family != "recovery")
      continue;
    text += "[" + group + "]\n";
    for (const auto &[key, value] : keys)
      text.append (key).append ("=").append (value).append ("\n");
  }
  return text;
}

static std::string
text_of (const std::map<std::string, std::map<std::string, std::string>> &texts,
         const std::string &group, const std::string &key)
{
  const auto keys = texts.find (group);
  if (keys == texts.end ())
    return {};
  const auto found = keys->second.find (key);
  return found == keys->second.end () ? "" : found->second;
}

std::vector<ConfigEntry>
Config::entries () const
{
  std::vector<ConfigEntry> all;
  for (const auto &[group, texts] : texts_)
    for (const Key &key : schema_keys ()) {
      if (group_family (group) != key.group)
        continue;
      const std::string value = text_of (texts_, group, key.name);
      all.push_back ({ group, key.name, key.secret ? "" : without_passwords (value), key.fallback,
                       key.derived, text_of (places_, group, key.name), key.secret });
    }
  return all;
}

int
check_config (const ConfigSources &sources, FILE *out)
{
  std::vector<Finding> findings;
  const auto config = Config::load (sources, findings);
  for (const auto &finding : findings)
    fprintf (out, "%s\n", finding.message ().c_str ());
  if (!config) {
    const auto errors = std::count_if (findings.begin (), findings.end (),
                                       [] (const Finding &finding) { return finding.error; });
    fprintf (out,
             ngettext ("The configuration has %d error.\n", "The configuration has %d errors.\n",
                       static_cast<unsigned long> (errors)),
             static_cast<int> (errors));
    return EX_CONFIG;
  }
  const size_t cameras = config->cameras ().size ();
  fprintf (out,
           ngettext ("The configuration is good: %d camera.\n",
                     "The configuration is good: %d cameras.\n", cameras),
           static_cast<int> (cameras));
  return EX_OK;
}

} // namespace camwarden
