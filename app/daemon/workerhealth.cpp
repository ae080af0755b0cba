// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/workerhealth.h"

namespace camwarden
{

namespace
{

void
read_text (GVariant *values, const char *name, std::string &text)
{
  const char *found = nullptr;
  if (g_variant_lookup (values, name, "&s", &found))
    text = found;
}

void
read_flag (GVariant *values, const char *name, bool &flag)
{
  gboolean found = FALSE;
  if (g_variant_lookup (values, name, "b", &found))
    flag = found;
}

void
read_number (GVariant *values, const char *name, double &number)
{
  g_variant_lookup (values, name, "d", &number);
}

void
read_count (GVariant *values, const char *name, uint64_t &count)
{
  guint64 found = 0;
  if (g_variant_lookup (values, name, "t", &found))
    count = found;
}

void
read_size (GVariant *values, const char *name, unsigned &size)
{
  gint32 found = 0;
  if (g_variant_lookup (values, name, "i", &found) && found >= 0)
    size = static_cast<unsigned> (found);
}

ElementCounts
read_counts (GVariant *values)
{
  ElementCounts counts;
  GVariantIter fields;
  g_variant_iter_init (&fields, values);
  const char *name = nullptr;
  GVariant *value = nullptr;
  while (g_variant_iter_next (&fields, "{&sv}", &name, &value)) {
    if (g_variant_is_of_type (value, G_VARIANT_TYPE_UINT64))
      counts[name] = g_variant_get_uint64 (value);
    g_variant_unref (value);
  }
  return counts;
}

/* Everything that left the source for Redis and did not arrive. */
uint64_t
redis_drops (GVariant *redis)
{
  uint64_t sum = 0;
  for (const char *name : { "dropped-queue", "dropped-offline", "dropped-link", "dropped-refused",
                            "dropped-stopped", "dropped-invalid" }) {
    uint64_t part = 0;
    read_count (redis, name, part);
    sum += part;
  }
  return sum;
}

} // namespace

void
read_worker_health (CameraHealth &health, GVariant *values)
{
  read_text (values, "source", health.source);
  read_text (values, "device", health.device);
  read_text (values, "verdict", health.verdict);
  read_number (values, "fps", health.fps);
  read_number (values, "luma-mean", health.luma);
  read_count (values, "frames", health.frames);
  read_count (values, "encoded", health.encoded);
  read_count (values, "held-back", health.held_back);
  read_text (values, "degraded", health.degraded);
  read_count (values, "rss-bytes", health.rss);
  read_text (values, "caps", health.caps);
  read_size (values, "width", health.width);
  read_size (values, "height", health.height);
  read_flag (values, "wanted", health.wanted);
  read_flag (values, "passthrough", health.passthrough);
  read_text (values, "redis-state", health.redis_state);
  read_text (values, "store-paused", health.store_paused);
  gint64 age = 0;
  if (g_variant_lookup (values, "age-us", "x", &age))
    health.age = age;
  g_autoptr (GVariant) redis = g_variant_lookup_value (values, "redis", G_VARIANT_TYPE_VARDICT);
  if (redis) {
    read_count (redis, "published", health.published);
    health.dropped = redis_drops (redis);
    health.redis_counts = read_counts (redis);
    gint64 receivers = -1;
    (void)g_variant_lookup (redis, "receivers", "x", &receivers);
    health.receivers = receivers;
  }
  g_autoptr (GVariant) store = g_variant_lookup_value (values, "store", G_VARIANT_TYPE_VARDICT);
  health.storing = store && g_variant_n_children (store) > 0;
  if (store) {
    read_count (store, "stored", health.stored);
    health.store_counts = read_counts (store);
  }
}

void
reset_worker_figures (CameraHealth &health)
{
  const CameraHealth none;
  health.verdict = none.verdict;
  health.source = none.source;
  health.device = none.device;
  health.fps = none.fps;
  health.age = none.age;
  health.frames = none.frames;
  health.encoded = none.encoded;
  health.held_back = none.held_back;
  health.degraded = none.degraded;
  health.caps = none.caps;
  health.width = none.width;
  health.height = none.height;
  health.luma = none.luma;
  health.wanted = none.wanted;
  health.passthrough = none.passthrough;
  health.rss = none.rss;
  health.redis_state = none.redis_state;
  health.published = none.published;
  health.dropped = none.dropped;
  health.stored = none.stored;
  health.storing = none.storing;
  health.store_paused = none.store_paused;
  health.redis_counts.clear ();
  health.receivers = -1;
  health.store_counts.clear ();
}

} // namespace camwarden
