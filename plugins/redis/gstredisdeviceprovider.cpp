// SPDX-License-Identifier: LGPL-2.1-or-later

/* Lists the cameras that are live on a Redis server, by their status keys, as video sources:
 *
 *   CAMWARDEN_REDIS_URI=redis://127.0.0.1 gst-device-monitor-1.0 Video/Source
 *
 * Without that variable it does nothing: no program is made to open connections it did not ask for.
 */

#include "redis/gstredisdeviceprovider.h"

#include "gobject/ref.h"
#include "redis/redisstream.h"

#include <condition_variable>
#include <hiredis/hiredis.h>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

GST_DEBUG_CATEGORY_STATIC (redis_device_debug);
#define GST_CAT_DEFAULT redis_device_debug

using namespace camwarden;

static constexpr int64_t TIMEOUT = 2 * G_USEC_PER_SEC;
static constexpr int64_t POLL_EVERY = 2 * G_USEC_PER_SEC;
static constexpr size_t MAX_CAMERAS = 1000;
static constexpr const char *URI_VARIABLE = "CAMWARDEN_REDIS_URI";

/* --- the device --------------------------------------------------------------------------------
 */

struct _GstRedisDevice
{
  GstDevice parent;
  char *location;
};

G_DEFINE_TYPE (GstRedisDevice, gst_redis_device, GST_TYPE_DEVICE)

static GstElement *
gst_redis_device_create_element (GstDevice *device, const char *name)
{
  GstElement *element = gst_element_factory_make ("redissrc", name);
  if (element)
    g_object_set (element, "location", GST_REDIS_DEVICE (device)->location, nullptr);
  return element;
}

static gboolean
gst_redis_device_reconfigure_element (GstDevice *device, GstElement *element)
{
  GstElementFactory *factory = gst_element_get_factory (element);
  if (!factory || !g_str_equal (GST_OBJECT_NAME (factory), "redissrc"))
    return FALSE;
  g_object_set (element, "location", GST_REDIS_DEVICE (device)->location, nullptr);
  return TRUE;
}

static void
gst_redis_device_finalize (GObject *object)
{
  g_free (GST_REDIS_DEVICE (object)->location);
  G_OBJECT_CLASS (gst_redis_device_parent_class)->finalize (object);
}

static void
gst_redis_device_class_init (GstRedisDeviceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = gst_redis_device_finalize;
  GST_DEVICE_CLASS (klass)->create_element = gst_redis_device_create_element;
  GST_DEVICE_CLASS (klass)->reconfigure_element = gst_redis_device_reconfigure_element;
}

static void
gst_redis_device_init (GstRedisDevice *)
{}

static GstDevice *
gst_redis_device_new (const std::string &id, const std::string &location)
{
  g_autoptr (GstCaps) caps = gst_caps_new_empty_simple ("image/jpeg");
  GstStructure *properties = gst_structure_new (
      "redis-proplist", "device.api", G_TYPE_STRING, "redis", "camera", G_TYPE_STRING, id.c_str (),
      "location", G_TYPE_STRING, location.c_str (), nullptr);
  auto *device = GST_REDIS_DEVICE (g_object_new (GST_TYPE_REDIS_DEVICE, "display-name", id.c_str (),
                                                 "device-class", "Video/Source/Network", "caps",
                                                 caps, "properties", properties, nullptr));
  gst_structure_free (properties);
  device->location = g_strdup (location.c_str ());
  return GST_DEVICE (device);
}

/* --- looking for cameras -----------------------------------------------------------------------
 */

/* "cam:front:status" -> "front" */
static std::string
camera_of_key (std::string_view key)
{
  constexpr std::string_view prefix = "cam:", suffix = ":status";
  if (key.size () <= prefix.size () + suffix.size () || key.substr (0, prefix.size ()) != prefix
      || key.substr (key.size () - suffix.size ()) != suffix)
    return {};
  return std::string (key.substr (prefix.size (), key.size () - prefix.size () - suffix.size ()));
}

static std::string
location_of (const RedisLocation &where, const std::string &channel)
{
  const std::string user = where.user.empty () ? "" : where.user + "@";
  const std::string db = where.db ? std::to_string (where.db) + "/" : "";
  if (!where.socket_path.empty ())
    return "redis+unix://" + where.socket_path + "?channel=" + channel
           + (where.db ? "&db=" + std::to_string (where.db) : "");
  return (where.tls ? "rediss://" : "redis://") + user + where.server () + "/" + db + channel;
}

static void
collect (const redisReply &keys, std::set<std::string> *cameras)
{
  for (size_t i = 0; i < keys.elements; i++) {
    const redisReply *key = keys.element[i];
    if (key->type != REDIS_REPLY_STRING)
      continue;
    const std::string id = camera_of_key ({ key->str, static_cast<size_t> (key->len) });
    if (!id.empty () && cameras->size () < MAX_CAMERAS)
      cameras->insert (id);
  }
}

static std::optional<std::set<std::string>>
scan (RedisSession &session, GCancellable *cancellable, GError **error)
{
  std::set<std::string> cameras;
  std::string cursor = "0";
  do {
    const int64_t deadline = g_get_monotonic_time () + TIMEOUT;
    ReplyPtr reply = session.call ({ "SCAN", cursor, "MATCH", "cam:*:status", "COUNT", "1000" },
                                   deadline, cancellable, error);
    if (!reply)
      return std::nullopt;
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2
        || reply->element[0]->type != REDIS_REPLY_STRING) {
      g_set_error (error, CAMWARDEN_REDIS_ERROR, static_cast<int> (RedisError::Refused), "SCAN: %s",
                   reply->type == REDIS_REPLY_ERROR ? reply->str : "an odd answer");
      return std::nullopt;
    }
    cursor = reply->element[0]->str;
    collect (*reply->element[1], &cameras);
  } while (cursor != "0");
  return cameras;
}

/* id -> location of each live camera */
static std::optional<std::map<std::string, std::string>>
find_cameras (GCancellable *cancellable, GError **error)
{
  RedisSettings settings;
  const auto where = parse_redis_location (g_getenv (URI_VARIABLE), error);
  if (!where)
    return std::nullopt;
  settings.where = *where;
  if (const char *file = g_getenv ("CAMWARDEN_REDIS_PASSWORD_FILE"))
    settings.password_file = file;
  const int64_t deadline = g_get_monotonic_time () + TIMEOUT;
  auto stream = RedisStream::connect (settings, deadline, cancellable, error);
  if (!stream)
    return std::nullopt;
  RedisSession session (stream, settings.max_reply);
  if (!session.handshake (settings, deadline, cancellable, error))
    return std::nullopt;
  const auto ids = scan (session, cancellable, error);
  if (!ids)
    return std::nullopt;
  std::map<std::string, std::string> cameras;
  for (const auto &id : *ids)
    cameras[id] = location_of (*where, "cam:" + id + ":frame");
  return cameras;
}

/* --- the provider ------------------------------------------------------------------------------
 */

struct GstRedisDeviceProviderPrivate
{
  /* from start to stop */
  Ref<GCancellable> cancellable;
  std::thread thread;
  std::mutex mutex;
  std::condition_variable wake;
  bool quit = false; /* under the mutex */

  /* the thread only */
  std::map<std::string, GstDevice *> known; /* borrowed: the provider holds the references */
};

struct _GstRedisDeviceProvider
{
  GstDeviceProvider parent;
  GstRedisDeviceProviderPrivate *priv;
};

static void gst_redis_device_provider_finalize (GObject *object);
static GList *gst_redis_device_provider_probe (GstDeviceProvider *provider);
static gboolean gst_redis_device_provider_start (GstDeviceProvider *provider);
static void gst_redis_device_provider_stop (GstDeviceProvider *provider);

G_DEFINE_TYPE (GstRedisDeviceProvider, gst_redis_device_provider, GST_TYPE_DEVICE_PROVIDER)
GST_DEVICE_PROVIDER_REGISTER_DEFINE (redisdeviceprovider, "redisdeviceprovider", GST_RANK_SECONDARY,
                                     GST_TYPE_REDIS_DEVICE_PROVIDER)

static void
gst_redis_device_provider_class_init (GstRedisDeviceProviderClass *klass)
{
  auto *provider_class = GST_DEVICE_PROVIDER_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (redis_device_debug, "redisdeviceprovider", 0, "Redis device provider");

  G_OBJECT_CLASS (klass)->finalize = gst_redis_device_provider_finalize;
  provider_class->probe = gst_redis_device_provider_probe;
  provider_class->start = gst_redis_device_provider_start;
  provider_class->stop = gst_redis_device_provider_stop;
  gst_device_provider_class_set_static_metadata (
      provider_class, "Redis cameras", "Source/Video/Network",
      "Lists the cameras that are live on the Redis server of CAMWARDEN_REDIS_URI",
      "The Camwarden developers");
}

static void
gst_redis_device_provider_init (GstRedisDeviceProvider *self)
{
  self->priv = new GstRedisDeviceProviderPrivate;
}

static void
gst_redis_device_provider_finalize (GObject *object)
{
  delete GST_REDIS_DEVICE_PROVIDER (object)->priv;
  G_OBJECT_CLASS (gst_redis_device_provider_parent_class)->finalize (object);
}

static GList *
gst_redis_device_provider_probe (GstDeviceProvider *provider)
{
  g_autoptr (GError) error = nullptr;
  GList *devices = nullptr;
  if (!g_getenv (URI_VARIABLE))
    return nullptr;
  const auto cameras = find_cameras (nullptr, &error);
  if (!cameras) {
    GST_WARNING_OBJECT (provider, "%s: %s", URI_VARIABLE, error->message);
    return nullptr;
  }
  for (const auto &[id, location] : *cameras)
    devices = g_list_append (devices, gst_object_ref_sink (gst_redis_device_new (id, location)));
  return devices;
}

static void
gst_redis_device_provider_update (GstRedisDeviceProvider *self,
                                  const std::map<std::string, std::string> &cameras)
{
  auto *provider = GST_DEVICE_PROVIDER (self);
  auto &known = self->priv->known;
  for (auto it = known.begin (); it != known.end ();) {
    if (cameras.contains (it->first)) {
      ++it;
      continue;
    }
    gst_device_provider_device_remove (provider, it->second);
    it = known.erase (it);
  }
  for (const auto &[id, location] : cameras) {
    if (known.contains (id))
      continue;
    GstDevice *device = gst_redis_device_new (id, location);
    known[id] = device;
    gst_device_provider_device_add (provider, device);
  }
}

static void
gst_redis_device_provider_look (GstRedisDeviceProvider *self)
{
  g_autoptr (GError) error = nullptr;
  const auto cameras = find_cameras (self->priv->cancellable.get (), &error);
  if (cameras)
    gst_redis_device_provider_update (self, *cameras);
  else
    GST_INFO_OBJECT (self, "%s: %s", URI_VARIABLE, error->message);
}

static void
gst_redis_device_provider_run (GstRedisDeviceProvider *self)
{
  GstRedisDeviceProviderPrivate *priv = self->priv;
  std::unique_lock<std::mutex> lock (priv->mutex);
  while (!priv->quit) {
    priv->wake.wait_for (lock, std::chrono::microseconds (POLL_EVERY), [&] { return priv->quit; });
    if (priv->quit)
      return;
    lock.unlock ();
    gst_redis_device_provider_look (self);
    lock.lock ();
  }
}

/* The first look is taken before start() returns: a monitor that lists once sees what is there. */
static gboolean
gst_redis_device_provider_start (GstDeviceProvider *provider)
{
  auto *self = GST_REDIS_DEVICE_PROVIDER (provider);
  GstRedisDeviceProviderPrivate *priv = self->priv;
  priv->quit = false;
  priv->cancellable = Ref<GCancellable>::adopt (g_cancellable_new ());
  if (!g_getenv (URI_VARIABLE))
    return TRUE;
  gst_redis_device_provider_look (self);
  priv->thread = std::thread ([self] { gst_redis_device_provider_run (self); });
  return TRUE;
}

static void
gst_redis_device_provider_stop (GstDeviceProvider *provider)
{
  GstRedisDeviceProviderPrivate *priv = GST_REDIS_DEVICE_PROVIDER (provider)->priv;
  {
    std::lock_guard<std::mutex> lock (priv->mutex);
    priv->quit = true;
  }
  g_cancellable_cancel (priv->cancellable.get ());
  priv->wake.notify_all ();
  if (priv->thread.joinable ())
    priv->thread.join ();
  priv->known.clear ();
}
