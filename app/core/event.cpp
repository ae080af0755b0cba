// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/event.h"

namespace camwarden
{

std::string_view
severity_name (Severity severity)
{
  switch (severity) {
  case Severity::Info:
    return "info";
  case Severity::Warning:
    return "warning";
  case Severity::Critical:
    return "critical";
  }
  return "";
}

} // namespace camwarden
