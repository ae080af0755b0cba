// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/faultclassifier.h"

#include "gobject/ref.h"

namespace camwarden
{

namespace
{

struct Domain
{
  GQuark quark;
  const char *name;
  GType codes;
};

std::string
code_name (const Domain &domain, int code)
{
  auto *codes = static_cast<GEnumClass *> (g_type_class_ref (domain.codes));
  const GEnumValue *value = g_enum_get_value (codes, code);
  std::string name = domain.name;
  name += "-" + (value ? std::string (value->value_nick) : std::to_string (code));
  g_type_class_unref (codes);
  return name;
}

std::string
fault_code (const GError *error)
{
  const Domain domains[] = {
    { GST_CORE_ERROR, "core", GST_TYPE_CORE_ERROR },
    { GST_LIBRARY_ERROR, "library", GST_TYPE_LIBRARY_ERROR },
    { GST_RESOURCE_ERROR, "resource", GST_TYPE_RESOURCE_ERROR },
    { GST_STREAM_ERROR, "stream", GST_TYPE_STREAM_ERROR },
  };
  for (const auto &domain : domains)
    if (error->domain == domain.quark)
      return code_name (domain, error->code);
  return std::string (g_quark_to_string (error->domain)) + "-" + std::to_string (error->code);
}

std::string
factory_name (GstObject *object)
{
  if (!GST_IS_ELEMENT (object))
    return GST_OBJECT_NAME (object);
  const GstElementFactory *factory = gst_element_get_factory (GST_ELEMENT (object));
  return factory ? GST_OBJECT_NAME (factory) : GST_OBJECT_NAME (object);
}

} // namespace

Fault
fault_from_message (GstMessage *message, const std::string &part)
{
  g_autoptr (GError) error = nullptr;
  g_autofree char *debug = nullptr;
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_WARNING)
    gst_message_parse_warning (message, &error, &debug);
  else
    gst_message_parse_error (message, &error, &debug);
  g_autofree char *evidence = g_strdup_printf (
      "%s: %s %d: %s: %s", factory_name (GST_MESSAGE_SRC (message)).c_str (),
      g_quark_to_string (error->domain), error->code, error->message, debug ? debug : "");
  return { FaultClass::Camera, Tier::Source, part, fault_code (error), evidence };
}

} // namespace camwarden
