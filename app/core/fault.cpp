// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/fault.h"

#include <array>

namespace camwarden
{

namespace
{

constexpr std::array<std::string_view, 6> tiers{ "count",  "source", "pipeline",
                                                 "device", "worker", "machine" };

struct ClassRow
{
  FaultClass fault_class;
  std::string_view name;
  Tier cap;
};

constexpr std::array classes{
  ClassRow{ FaultClass::Transient, "transient", Tier::Source },
  ClassRow{ FaultClass::Quality, "quality", Tier::Source },
  ClassRow{ FaultClass::Absent, "absent", Tier::Source },
  ClassRow{ FaultClass::Busy, "busy", Tier::Source },
  ClassRow{ FaultClass::Camera, "camera", Tier::Worker },
  ClassRow{ FaultClass::Hang, "hang", Tier::Worker },
  ClassRow{ FaultClass::Wedged, "wedged", Tier::Machine },
  ClassRow{ FaultClass::Configuration, "configuration", Tier::Count },
  ClassRow{ FaultClass::Redis, "redis", Tier::Count },
  ClassRow{ FaultClass::Storage, "storage", Tier::Count },
  ClassRow{ FaultClass::Network, "network", Tier::Count },
  ClassRow{ FaultClass::Power, "power", Tier::Count },
  ClassRow{ FaultClass::Heat, "heat", Tier::Count },
};

const ClassRow &
row_of (FaultClass fault_class)
{
  return classes[static_cast<size_t> (fault_class)];
}

} // namespace

Tier
tier_cap (FaultClass fault_class)
{
  return row_of (fault_class).cap;
}

std::string_view
tier_name (Tier tier)
{
  return tiers[static_cast<size_t> (tier)];
}

std::string_view
fault_class_name (FaultClass fault_class)
{
  return row_of (fault_class).name;
}

std::optional<Tier>
tier_from_name (std::string_view name)
{
  for (size_t i = 0; i < tiers.size (); i++)
    if (tiers[i] == name)
      return static_cast<Tier> (i);
  return {};
}

std::optional<FaultClass>
fault_class_from_name (std::string_view name)
{
  for (const auto &row : classes)
    if (row.name == name)
      return row.fault_class;
  return {};
}

} // namespace camwarden
