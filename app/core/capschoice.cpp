// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/capschoice.h"

namespace camwarden
{

namespace
{

std::string
size_fields (const WantedVideo &wanted)
{
  std::string fields;
  if (wanted.width)
    fields += ",width=" + std::to_string (wanted.width);
  if (wanted.height)
    fields += ",height=" + std::to_string (wanted.height);
  return fields;
}

std::string
rate_field (const WantedVideo &wanted)
{
  if (!wanted.rate_numerator)
    return "";
  return ",framerate=" + std::to_string (wanted.rate_numerator) + "/"
         + std::to_string (wanted.rate_denominator);
}

std::vector<std::string>
tier (bool jpeg, const std::string &fields)
{
  std::vector<std::string> caps;
  if (jpeg)
    caps.push_back ("image/jpeg" + fields);
  for (const char *format : { "I420", "NV12", "GRAY8", "YUY2" })
    caps.push_back (std::string ("video/x-raw,format=") + format + fields);
  caps.push_back ("video/x-raw" + fields);
  if (!jpeg)
    caps.push_back ("image/jpeg" + fields);
  return caps;
}

} // namespace

std::vector<std::vector<std::string>>
caps_tiers (const WantedVideo &wanted)
{
  const std::string size = size_fields (wanted), rate = rate_field (wanted);
  std::vector<std::vector<std::string>> tiers;
  tiers.push_back (tier (wanted.jpeg, size + rate));
  if (!size.empty () && !rate.empty ()) {
    tiers.push_back (tier (wanted.jpeg, size));
    tiers.push_back (tier (wanted.jpeg, rate));
  }
  if (!size.empty () || !rate.empty ())
    tiers.push_back (tier (wanted.jpeg, ""));
  return tiers;
}

const char *
encoder_formats ()
{
  return "{ I420, NV12, GRAY8 }";
}

} // namespace camwarden
