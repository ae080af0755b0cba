// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/variants.h"

namespace camwarden
{

namespace
{

GVariant *
value_to_variant (const GValue *value)
{
  switch (G_VALUE_TYPE (value)) {
  case G_TYPE_BOOLEAN:
    return g_variant_new_boolean (g_value_get_boolean (value));
  case G_TYPE_INT:
    return g_variant_new_int32 (g_value_get_int (value));
  case G_TYPE_UINT:
    return g_variant_new_uint32 (g_value_get_uint (value));
  case G_TYPE_INT64:
    return g_variant_new_int64 (g_value_get_int64 (value));
  case G_TYPE_UINT64:
    return g_variant_new_uint64 (g_value_get_uint64 (value));
  case G_TYPE_DOUBLE:
    return g_variant_new_double (g_value_get_double (value));
  case G_TYPE_STRING:
    return g_variant_new_string (g_value_get_string (value) ? g_value_get_string (value) : "");
  default:
    break;
  }
  g_autofree char *text = gst_value_serialize (value);
  return g_variant_new_string (text ? text : "");
}

gboolean
add_field (GQuark name, const GValue *value, gpointer data)
{
  g_variant_builder_add (static_cast<GVariantBuilder *> (data), "{sv}", g_quark_to_string (name),
                         value_to_variant (value));
  return TRUE;
}

} // namespace

GVariant *
strings_to_variant (const std::vector<std::string> &strings)
{
  GVariantBuilder texts;
  g_variant_builder_init (&texts, G_VARIANT_TYPE_STRING_ARRAY);
  for (const auto &one : strings)
    g_variant_builder_add (&texts, "s", one.c_str ());
  return g_variant_builder_end (&texts);
}

GVariant *
structure_to_vardict (const GstStructure *structure)
{
  GVariantBuilder fields;
  g_variant_builder_init (&fields, G_VARIANT_TYPE_VARDICT);
  if (structure)
    gst_structure_foreach (structure, add_field, &fields);
  return g_variant_builder_end (&fields);
}

} // namespace camwarden
