// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/sourcechoice.h"

#include "config/i18n.h"
#include "core/camerahealth.h"

#include <climits>
#include <cstdlib>
#include <vector>

namespace camwarden
{

namespace
{

/* Only these: other providers list screens, network streams, and our own cameras in Redis. */
constexpr const char *camera_providers[] = { "libcameraprovider", "v4l2deviceprovider" };

constexpr const char *test_picture = "videotestsrc name=test-picture is-live=true pattern=smpte";

std::vector<Ref<GstDevice>>
list_cameras ()
{
  std::vector<Ref<GstDevice>> cameras;
  for (const char *name : camera_providers) {
    g_autoptr (GstDeviceProvider) provider = gst_device_provider_factory_get_by_name (name);
    if (!provider)
      continue;
    GList *devices = gst_device_provider_get_devices (provider);
    for (GList *item = devices; item; item = item->next) {
      auto *device = GST_DEVICE (item->data);
      if (gst_device_has_classes (device, "Video/Source"))
        cameras.push_back (Ref<GstDevice>::share (device));
    }
    g_list_free_full (devices, gst_object_unref);
  }
  return cameras;
}

std::optional<CameraSource>
first_camera ()
{
  for (const auto &device : list_cameras ()) {
    GstElement *made = gst_device_create_element (device.get (), "source");
    if (!made)
      continue;
    const auto element = Ref<GstElement>::adopt (GST_ELEMENT (gst_object_ref_sink (made)));
    const GstElementFactory *factory = gst_element_get_factory (element.get ());
    const std::string name = take_string (gst_device_get_display_name (device.get ()));
    return CameraSource{ element, std::string (GST_OBJECT_NAME (factory)) + ": " + name, true };
  }
  return {};
}

/* A path is V4L2's business; any other name is a camera of libcamera's. */
std::optional<CameraSource>
named_device (const CameraConfig &config, GError **error)
{
  const bool path = g_path_is_absolute (config.device.c_str ());
  const char *factory = path ? "v4l2src" : "libcamerasrc";
  Ref<GstElement> element = make_element (config, factory, error);
  if (!element)
    return {};
  g_object_set (element.get (), path ? "device" : "camera-name", config.device.c_str (), nullptr);
  return CameraSource{ element, std::string (factory) + ": " + config.device, false };
}

Ref<GstElement>
parse_description (const std::string &description, GError **error)
{
  g_autoptr (GstParseContext) context = gst_parse_context_new ();
  GError *problem = nullptr;
  GstElement *bin = gst_parse_bin_from_description_full (description.c_str (), FALSE, context,
                                                         GST_PARSE_FLAG_FATAL_ERRORS, &problem);
  if (problem) {
    g_auto (GStrv) missing = gst_parse_context_get_missing_elements (context);
    g_propagate_error (error, problem);
    if (missing && missing[0])
      g_prefix_error (error, "%s: ", missing[0]);
    if (bin)
      gst_object_unref (gst_object_ref_sink (bin));
    return {};
  }
  return Ref<GstElement>::adopt (GST_ELEMENT (gst_object_ref_sink (bin)));
}

/* Not left to the parser: it would take the entry of an element behind a demuxer for the bin's. */
void
ghost_open_pad (const Ref<GstElement> &bin, GstPadDirection direction, const char *name)
{
  g_autoptr (GstPad) open = gst_bin_find_unlinked_pad (GST_BIN (bin.get ()), direction);
  if (open)
    gst_element_add_pad (bin.get (), gst_ghost_pad_new (name, open));
}

SourceFacts
element_facts (GstElement *element)
{
  SourceFacts facts;
  const GstElementFactory *factory = gst_element_get_factory (element);
  facts.factory = factory ? GST_OBJECT_NAME (factory) : "";
  for (const char *property : { "device", "camera-name" }) {
    const GParamSpec *spec = g_object_class_find_property (G_OBJECT_GET_CLASS (element), property);
    if (!spec || spec->value_type != G_TYPE_STRING || !facts.device.empty ())
      continue;
    char *text = nullptr;
    g_object_get (element, property, &text, nullptr);
    facts.device = take_string (text);
  }
  return facts;
}

bool
has_pad (const Ref<GstElement> &element, const char *name)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (element.get (), name);
  return pad != nullptr;
}

/* A demuxer has no pad yet that could be the bin's, and caps at the end stand for no element:
 * something behind them helps both. */
Ref<GstElement>
with_a_pad (const Ref<GstElement> &bin, const std::string &description)
{
  if (bin)
    ghost_open_pad (bin, GST_PAD_SRC, "src");
  if (bin && has_pad (bin, "src"))
    return bin;
  Ref<GstElement> longer = parse_description (description + " ! identity silent=true", nullptr);
  if (!longer)
    return bin;
  ghost_open_pad (longer, GST_PAD_SRC, "src");
  return longer;
}

} // namespace

Ref<GstElement>
make_element (const CameraConfig &config, const char *factory, GError **error)
{
  GstElement *element = gst_element_factory_make (factory, nullptr);
  if (!element) {
    g_set_error (error, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN,
                 _ ("camera %s: element %s missing: check GST_PLUGIN_PATH and the installed "
                    "GStreamer plugins"),
                 config.id.c_str (), factory);
    return {};
  }
  return Ref<GstElement>::adopt (GST_ELEMENT (gst_object_ref_sink (element)));
}

Ref<GstElement>
parse_bin (const CameraConfig &config, const char *key, const std::string &description, bool filter,
           GError **error)
{
  g_autoptr (GError) problem = nullptr;
  Ref<GstElement> bin = with_a_pad (parse_description (description, &problem), description);
  if (!bin) {
    g_set_error (error, GST_PARSE_ERROR, problem ? problem->code : GST_PARSE_ERROR_SYNTAX,
                 _ ("camera %s: %s=%s: %s"), config.id.c_str (), key, description.c_str (),
                 problem ? problem->message : "");
    return {};
  }
  if (filter)
    ghost_open_pad (bin, GST_PAD_SINK, "sink");
  if (!has_pad (bin, "src")) {
    g_set_error (error, GST_PARSE_ERROR, GST_PARSE_ERROR_LINK,
                 _ ("camera %s: %s=%s: gives nothing, it has no open source pad at its end"),
                 config.id.c_str (), key, description.c_str ());
    return {};
  }
  return bin;
}

std::optional<CameraSource>
make_source (const CameraConfig &config, bool expect_camera, GError **error)
{
  const bool automatic = config.source.empty () || config.source == "auto";
  if (automatic && !config.device.empty ())
    return named_device (config, error);
  if (automatic) {
    if (auto camera = first_camera ())
      return camera;
    if (expect_camera) {
      g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND,
                   _ ("camera %s: no camera found: plug it in"), config.id.c_str ());
      return {};
    }
    g_warning ("camera %s: no camera found: test picture", config.id.c_str ());
  }
  Ref<GstElement> bin
      = parse_bin (config, "source", automatic ? test_picture : config.source, false, error);
  if (!bin)
    return {};
  return CameraSource{ bin, automatic ? test_picture_source : config.source, false };
}

SourceFacts
facts_of (const Ref<GstElement> &source)
{
  GstElement *innermost = nullptr;
  if (GST_IS_BIN (source.get ())) {
    GstIterator *elements = gst_bin_iterate_recurse (GST_BIN (source.get ()));
    GValue item = G_VALUE_INIT;
    while (!innermost && gst_iterator_next (elements, &item) == GST_ITERATOR_OK) {
      auto *element = GST_ELEMENT (g_value_get_object (&item));
      if (!GST_IS_BIN (element) && GST_OBJECT_FLAG_IS_SET (element, GST_ELEMENT_FLAG_SOURCE))
        innermost = element;
      g_value_unset (&item);
    }
    gst_iterator_free (elements);
  } else {
    innermost = source.get ();
  }
  return innermost ? element_facts (innermost) : SourceFacts{};
}

} // namespace camwarden
