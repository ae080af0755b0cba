// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/safeguards.h"

#include "config/settings.h"

#include <fcntl.h>
#include <unistd.h>

namespace camwarden
{

namespace
{

/* One that is missing, taken or badly configured does not fail, neither do others' services, and
 * what needs no cure is no failure. */
bool
is_camera_failure (const Fault &fault)
{
  const FaultClass fault_class = fault.fault_class;
  if (fault.first == Tier::Count)
    return false;
  return fault_class == FaultClass::Transient || fault_class == FaultClass::Camera
         || fault_class == FaultClass::Hang || fault_class == FaultClass::Wedged;
}

/* As people say it: percent, degrees, a number, seconds. */
std::string
in_words (Quantity what, double value)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  const char *unit = "";
  const char *form = "%.1f";
  switch (what) {
  case Quantity::Cpu:
  case Quantity::Memory:
  case Quantity::Disk:
    value *= 100;
    unit = "%";
    break;
  case Quantity::Temperature:
    unit = "C";
    break;
  case Quantity::CameraFailures:
    form = "%.0f";
    break;
  case Quantity::RedisAway:
    value /= G_USEC_PER_SEC;
    unit = "s";
    break;
  }
  return std::string (g_ascii_formatd (text, sizeof text, form, value)) + unit;
}

void
log_change (const ThresholdChange &change)
{
  const bool rises = change.to > change.from;
  const std::string what (quantity_name (change.what));
  const std::string from (threshold_level_name (change.from));
  const std::string to (threshold_level_name (change.to));
  const std::string value = in_words (change.what, change.value);
  const std::string limit = in_words (change.what, change.limit);
  const std::string instance = change.instance.empty () ? "" : " of " + change.instance;
  g_log_structured (G_LOG_DOMAIN, rises ? G_LOG_LEVEL_WARNING : G_LOG_LEVEL_MESSAGE,
                    "CAMWARDEN_THRESHOLD", what.c_str (), "CAMWARDEN_INSTANCE",
                    change.instance.c_str (), "CAMWARDEN_VALUE", value.c_str (), "CAMWARDEN_LIMIT",
                    limit.c_str (), "CAMWARDEN_FROM", from.c_str (), "CAMWARDEN_TO", to.c_str (),
                    "MESSAGE", "threshold: %s%s value=%s limit=%s from=%s to=%s", what.c_str (),
                    instance.c_str (), value.c_str (), limit.c_str (), from.c_str (), to.c_str ());
}

/* The kernel's own files never block, and are read without waiting all the same. */
std::string
glance_at (const std::string &path)
{
  char text[4096];
  const int fd = open (path.c_str (), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  const ssize_t length = fd >= 0 ? read (fd, text, sizeof text) : -1;
  if (fd >= 0)
    close (fd);
  return { text, length > 0 ? static_cast<size_t> (length) : 0 };
}

} // namespace

Safeguards::Safeguards (SystemMonitorSettings settings, const ThresholdsSettings &thresholds,
                        World world, Events events)
    : world_ (std::move (world)), events_ (std::move (events)), interval_ (settings.interval),
      root_ (settings.root == "/" ? "" : settings.root),
      group_ (memory_group (glance_at (root_ + "/proc/self/cgroup"))), thresholds_ (thresholds),
      monitor_ (std::move (settings),
                { world_.question, [this] (const SystemSample &sample) { sampled (sample); },
                  [this] (const std::string &file, int64_t since, bool again) {
                    hangs (file, since, again);
                  } })
{}

void
Safeguards::start ()
{
  monitor_.start ();
  glance_ = SourceId (g_timeout_add_seconds (
      1,
      [] (gpointer self) -> gboolean {
        static_cast<Safeguards *> (self)->glance ();
        return G_SOURCE_CONTINUE;
      },
      this));
}

std::optional<MemoryInfo>
Safeguards::glance_at_memory () const
{
  const auto machine = parse_meminfo (glance_at (root_ + "/proc/meminfo"));
  if (!machine || !group_)
    return machine;
  const std::string limit = glance_at (root_ + group_->limit);
  return scarcer (*machine, group_memory (limit, glance_at (root_ + group_->usage),
                                          glance_at (root_ + group_->stat), *machine));
}

/* Memory is gone fast, a sample every ten seconds is too late for it. */
void
Safeguards::glance ()
{
  const auto memory = glance_at_memory ();
  if (!memory || thresholds_.rising ())
    return;
  const Threshold *known = thresholds_.find (Quantity::Memory);
  if (!known || known->level () == ThresholdLevel::Critical)
    return;
  const bool warned = known->level () == ThresholdLevel::Warning;
  const ThresholdSettings &limits = known->settings ();
  if (memory->used () >= (warned ? limits.critical : limits.warning))
    monitor_.look_now ();
}

void
Safeguards::hurry (bool on)
{
  if (std::exchange (hurry_, on) == on)
    return;
  const bool quick = hurry_ || thresholds_.rising ();
  monitor_.set_interval (quick ? std::min (QUICK_INTERVAL, interval_) : interval_);
}

void
Safeguards::configure (const ThresholdsSettings &thresholds)
{
  thresholds_.configure (thresholds);
}

void
Safeguards::camera_fault (const std::string &camera, const Fault &fault)
{
  if (is_camera_failure (fault))
    thresholds_.camera_failed (camera, g_get_monotonic_time ());
}

void
Safeguards::camera_removed (const std::string &camera)
{
  tell (thresholds_.forget_camera (camera));
}

void
Safeguards::sampled (const SystemSample &sample)
{
  if (sample.missed > 0)
    g_message ("the state of the machine can be read again, after %.1f s",
               static_cast<double> (sample.took) / G_USEC_PER_SEC);
  check_power (sample);
  /* Redis and the cameras are as of now, and a sample that hung long is of the past. */
  judge (sample.missed > 0 ? g_get_monotonic_time () : sample.time, threshold_values (sample));
  if (events_.sample)
    events_.sample (sample);
}

/* Nothing is known of the machine, but the rest goes on. */
void
Safeguards::hangs (const std::string &file, int64_t since, bool again)
{
  const int64_t now = g_get_monotonic_time ();
  if (!again)
    g_warning ("reading %s hangs for %.1f s: nothing is known of the machine until it ends",
               file.c_str (), static_cast<double> (now - since) / G_USEC_PER_SEC);
  ThresholdValues values;
  for (const auto &[key, threshold] : thresholds_.all ())
    if (key.first == Quantity::Disk)
      values.disks[key.second] = std::nullopt;
  judge (now, std::move (values));
}

void
Safeguards::judge (int64_t now, ThresholdValues values)
{
  values.redis_away = redis_away (now);
  tell (thresholds_.update (now, values));
  const bool quick = (hurry_ || thresholds_.rising ()) && QUICK_INTERVAL < interval_;
  monitor_.set_interval (quick ? QUICK_INTERVAL : interval_);
}

void
Safeguards::tell (const std::vector<ThresholdChange> &changes)
{
  for (const auto &change : changes) {
    log_change (change);
    if (events_.changed)
      events_.changed (change);
  }
}

void
Safeguards::check_power (const SystemSample &sample)
{
  const PowerFlags &now = sample.power_now;
  const bool weak = now.under_voltage || now.throttled;
  if (std::exchange (weak_power_, weak) == weak)
    return;
  if (weak)
    g_warning ("power: %s%s%s; use a stronger supply, a shorter cable or a cooler place",
               now.under_voltage ? "under-voltage" : "",
               now.under_voltage && now.throttled ? ", " : "", now.throttled ? "throttled" : "");
  else
    g_message ("power: good again");
  if (events_.power_changed)
    events_.power_changed (weak);
}

double
Safeguards::redis_away (int64_t now)
{
  int64_t since = world_.redis_away_since ();
  if (since >= 0)
    no_redis_since_ = 0;
  else
    since = no_redis_since_ = no_redis_since_ ? no_redis_since_ : now;
  return since > 0 ? static_cast<double> (std::max<int64_t> (now - since, 1)) : 0;
}

std::string
disk_instance (const SystemSample &sample, const DiskSample &disk)
{
  const auto device
      = [] (const DiskSample &one) { return one.device.empty () ? one.mount : one.device; };
  for (const auto &first : sample.disks)
    if (device (first) == device (disk))
      return first.mount;
  return disk.mount;
}

static std::map<std::string, std::optional<double>>
disk_values (const std::vector<DiskSample> &disks)
{
  std::map<std::string, std::string> mounts; /* by device */
  std::map<std::string, std::optional<double>> values;
  for (const auto &disk : disks) {
    const std::string &device = disk.device.empty () ? disk.mount : disk.device;
    const std::string &mount = mounts.try_emplace (device, disk.mount).first->second;
    values[mount] = disk.known ? std::optional (disk.used ()) : std::nullopt;
  }
  return values;
}

ThresholdValues
threshold_values (const SystemSample &sample)
{
  ThresholdValues values;
  if (sample.cpu)
    values.cpu = sample.cpu->busy;
  if (sample.memory)
    values.memory = sample.memory->used ();
  values.temperature = sample.temperature;
  values.disks = disk_values (sample.disks);
  return values;
}

static ThresholdsSettings::Pair
pair (const Levels &levels)
{
  return { levels.warning, levels.critical };
}

ThresholdsSettings
thresholds_settings (const ThresholdsConfig &thresholds, const RecoveryConfig &recovery)
{
  ThresholdsSettings settings;
  settings.cpu = pair (thresholds.cpu);
  settings.memory = pair (thresholds.memory);
  settings.disk = pair (thresholds.disk);
  settings.temperature = pair (thresholds.temperature);
  settings.camera_failures = pair (thresholds.camera_failures);
  settings.redis_away = pair (thresholds.redis_away);
  settings.leave_margin = recovery.emergency_leave_margin;
  settings.leave_after = recovery.emergency_leave_after;
  settings.critical_after = recovery.emergency_after;
  settings.memory_after = recovery.emergency_memory_after;
  settings.failures_window = recovery.camera_failures_window;
  return settings;
}

std::string
system_root ()
{
  const char *root = g_getenv ("CAMWARDEN_ROOT");
  return root && *root ? root : "/";
}

} // namespace camwarden
