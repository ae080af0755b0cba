// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fakes/fakecameras.h"

#include <glib/gstdio.h>

namespace
{

const char *
camera_file ()
{
  return g_getenv ("CAMWARDEN_FAKE_CAMERAS");
}

/* ---- the camera ---- */

struct FakeCamera
{
  GstDevice parent;
};
struct FakeCameraClass
{
  GstDeviceClass parent_class;
};

GType fake_camera_get_type ();
G_DEFINE_TYPE (FakeCamera, fake_camera, GST_TYPE_DEVICE)

GstElement *
fake_camera_create_element (GstDevice * /*device*/, const gchar *name)
{
  GstElement *element = gst_element_factory_make ("v4l2src", name);
  g_object_set (element, "is-live", TRUE, "control-file", camera_file (), nullptr);
  return element;
}

void
fake_camera_init (FakeCamera * /*self*/)
{}

void
fake_camera_class_init (FakeCameraClass *klass)
{
  GST_DEVICE_CLASS (klass)->create_element = fake_camera_create_element;
}

/* ---- who lists it ---- */

struct FakeCameras
{
  GstDeviceProvider parent;
};
struct FakeCamerasClass
{
  GstDeviceProviderClass parent_class;
};

GType fake_cameras_get_type ();
G_DEFINE_TYPE (FakeCameras, fake_cameras, GST_TYPE_DEVICE_PROVIDER)

GList *
fake_cameras_probe (GstDeviceProvider * /*provider*/)
{
  if (!g_file_test (camera_file (), G_FILE_TEST_EXISTS))
    return nullptr;
  g_autoptr (GstCaps) caps = gst_caps_new_empty_simple ("video/x-raw");
  gpointer camera = g_object_new (fake_camera_get_type (), "display-name", "Fake camera",
                                  "device-class", "Video/Source", "caps", caps, nullptr);
  return g_list_append (nullptr, camera);
}

void
fake_cameras_init (FakeCameras * /*self*/)
{}

void
fake_cameras_class_init (FakeCamerasClass *klass)
{
  auto *provider = GST_DEVICE_PROVIDER_CLASS (klass);
  provider->probe = fake_cameras_probe;
  gst_device_provider_class_set_static_metadata (provider, "Fake cameras", "Source/Video",
                                                 "One camera, while a file exists", "Camwarden");
}

} // namespace

bool
camwarden::register_fake_cameras (GstPlugin *plugin)
{
  return gst_device_provider_register (plugin, "v4l2deviceprovider", GST_RANK_PRIMARY,
                                       fake_cameras_get_type ());
}
