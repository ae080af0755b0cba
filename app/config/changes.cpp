// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/config.h"

#include <algorithm>

namespace camwarden
{

bool
ConfigChanges::none () const
{
  return added.empty () && removed.empty () && changed.empty () && needs_daemon_restart.empty ()
         && !redis && !store && !http && !recovery && !thresholds && !alerts && !history && !log;
}

static const CameraConfig *
find_enabled (const Config &config, const std::string &id)
{
  const CameraConfig *camera = config.camera (id);
  return camera && camera->enabled ? camera : nullptr;
}

using AllValues = std::map<std::string, std::map<std::string, Value>>;

static std::vector<const Key *>
changed_keys (const AllValues &now, const AllValues &before, const std::string &group)
{
  std::vector<const Key *> result;
  const auto new_group = now.find (group), old_group = before.find (group);
  if (new_group == now.end () || old_group == before.end ())
    return result;
  for (const auto &[name, value] : new_group->second) {
    const auto old = old_group->second.find (name);
    if (old == old_group->second.end () || old->second != value)
      result.push_back (find_key (group, name));
  }
  return result;
}

static CameraChange
camera_change (const CameraConfig &now, const CameraConfig &before,
               const std::vector<const Key *> &keys)
{
  CameraChange change{ now.id, {}, true };
  for (const Key *key : keys) {
    change.keys.emplace_back (key->name);
    change.live = change.live && key->reload == Reload::Live;
  }
  /* What comes from [redis] and [store], where no key of the camera changed */
  if (now.location != before.location || now.password_file != before.password_file
      || now.ca_file != before.ca_file || now.store_location != before.store_location)
    change.live = false;
  return change;
}

ConfigChanges
Config::changes_since (const Config &before) const
{
  ConfigChanges changes;
  for (const auto &camera : before.cameras_)
    if (!find_enabled (*this, camera.id))
      changes.removed.push_back (camera.id);
  for (const auto &camera : cameras_) {
    const CameraConfig *old = find_enabled (before, camera.id);
    if (!old)
      changes.added.push_back (camera.id);
    else if (*old != camera)
      changes.changed.push_back (camera_change (
          camera, *old, changed_keys (values_, before.values_, "camera:" + camera.id)));
  }
  changes.redis = redis_ != before.redis_;
  changes.store = store_ != before.store_;
  changes.http = http_ != before.http_;
  changes.recovery = recovery_ != before.recovery_;
  changes.thresholds = thresholds_ != before.thresholds_;
  changes.alerts = alerts_ != before.alerts_;
  changes.history = history_ != before.history_;
  changes.log = log_ != before.log_;
  for (const Group &group : schema_groups ())
    for (const Key *key : changed_keys (values_, before.values_, group.name))
      if (key->reload == Reload::Daemon)
        changes.needs_daemon_restart.push_back ("[" + std::string (group.name) + "] " + key->name);
  return changes;
}

} // namespace camwarden
