// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/livekeys.h"

#include "config/values.h"

#include <gio/gio.h>
#include <variant>

namespace camwarden
{

namespace
{

using Member = std::variant<bool CameraConfig::*, int64_t CameraConfig::*, uint64_t CameraConfig::*,
                            double CameraConfig::*, std::string CameraConfig::*>;

struct LiveKey
{
  const char *name;
  Member member;
};

const LiveKey live_keys[] = {
  { "encode-always", &CameraConfig::encode_always },
  { "store-interval", &CameraConfig::store_interval },
  { "store-max-bytes", &CameraConfig::store_max_bytes },
  { "store-max-age", &CameraConfig::store_max_age },
  { "store-keep-free", &CameraConfig::store_keep_free_text },
  { "storage-backoff", &CameraConfig::storage_backoff },
  { "storage-backoff-max", &CameraConfig::storage_backoff_max },
  { "stall-timeout", &CameraConfig::stall_timeout },
  { "startup-timeout", &CameraConfig::startup_timeout },
  { "frozen-after", &CameraConfig::frozen_after },
  { "dark-below", &CameraConfig::dark_below },
  { "bright-above", &CameraConfig::bright_above },
  { "blur-below", &CameraConfig::blur_below },
  { "prune-keep-newest", &CameraConfig::prune_keep_newest },
  { "prune-slice-files", &CameraConfig::prune_slice_files },
  { "prune-slice-time", &CameraConfig::prune_slice_time },
};

/* A value's way into GVariant and back. */
GVariant *
to_variant (bool value)
{
  return g_variant_new_boolean (value);
}
GVariant *
to_variant (int64_t value)
{
  return g_variant_new_int64 (value);
}
GVariant *
to_variant (uint64_t value)
{
  return g_variant_new_uint64 (value);
}
GVariant *
to_variant (double value)
{
  return g_variant_new_double (value);
}
GVariant *
to_variant (const std::string &value)
{
  return g_variant_new_string (value.c_str ());
}

bool
from_variant (GVariant *variant, bool &value)
{
  if (!g_variant_is_of_type (variant, G_VARIANT_TYPE_BOOLEAN))
    return false;
  value = g_variant_get_boolean (variant);
  return true;
}
bool
from_variant (GVariant *variant, int64_t &value)
{
  if (!g_variant_is_of_type (variant, G_VARIANT_TYPE_INT64))
    return false;
  value = g_variant_get_int64 (variant);
  return true;
}
bool
from_variant (GVariant *variant, uint64_t &value)
{
  if (!g_variant_is_of_type (variant, G_VARIANT_TYPE_UINT64))
    return false;
  value = g_variant_get_uint64 (variant);
  return true;
}
bool
from_variant (GVariant *variant, double &value)
{
  if (!g_variant_is_of_type (variant, G_VARIANT_TYPE_DOUBLE))
    return false;
  value = g_variant_get_double (variant);
  return true;
}
bool
from_variant (GVariant *variant, std::string &value)
{
  if (!g_variant_is_of_type (variant, G_VARIANT_TYPE_STRING))
    return false;
  value = g_variant_get_string (variant, nullptr);
  return true;
}

} // namespace

GVariant *
live_changes (const CameraConfig &before, const CameraConfig &after)
{
  GVariantBuilder changes;
  g_variant_builder_init (&changes, G_VARIANT_TYPE_VARDICT);
  for (const auto &key : live_keys)
    std::visit (
        [&] (auto member) {
          if (before.*member != after.*member)
            g_variant_builder_add (&changes, "{sv}", key.name, to_variant (after.*member));
        },
        key.member);
  return g_variant_builder_end (&changes);
}

bool
needs_new_worker (const CameraConfig &before, const CameraConfig &after)
{
  CameraConfig changed = before;
  for (const auto &key : live_keys)
    std::visit ([&] (auto member) { changed.*member = after.*member; }, key.member);
  changed.store_keep_free = after.store_keep_free; /* the text says the same */
  return changed != after;
}

bool
set_live_key (CameraConfig &config, const char *key, GVariant *value, GError **error)
{
  for (const auto &known : live_keys) {
    if (g_strcmp0 (known.name, key) != 0)
      continue;
    if (std::visit ([&] (auto member) { return from_variant (value, config.*member); },
                    known.member)) {
      if (const auto parsed = parse_size_or_share (config.store_keep_free_text))
        config.store_keep_free = *parsed;
      return true;
    }
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s: type %s is wrong", key,
                 g_variant_get_type_string (value));
    return false;
  }
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
               "%s: no such key, or not one that can change while the camera streams", key);
  return false;
}

} // namespace camwarden
