// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/httpapi/dashboard.h"

#include "daemon/httpapi/dashboardresource.h"
#include "daemon/httpapi/exchange.h"

#include <array>

namespace camwarden
{

namespace
{

struct FileType
{
  const char *ending;
  const char *content_type;
};

constexpr std::array file_types{
  FileType{ ".html", "text/html; charset=utf-8" },
  FileType{ ".css", "text/css; charset=utf-8" },
  FileType{ ".js", "text/javascript; charset=utf-8" },
  FileType{ ".json", "application/json" },
  FileType{ ".svg", "image/svg+xml" },
};

} // namespace

static const char *
content_type_of (const std::string &file)
{
  for (const auto &type : file_types)
    if (file.ends_with (type.ending))
      return type.content_type;
  return "application/octet-stream";
}

static std::string
entity_tag (GBytes *body)
{
  const std::string sum = take_string (g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, body));
  return "\"" + sum.substr (0, 32) + "\"";
}

void
reply_dashboard (Exchange &exchange, const std::string &file)
{
  const std::string path = "/org/camwarden/dashboard/" + file;
  g_autoptr (GBytes) body = g_resource_lookup_data (
      camwarden_dashboard_get_resource (), path.c_str (), G_RESOURCE_LOOKUP_FLAGS_NONE, nullptr);
  if (!body) {
    exchange.reply_problem (404, "The dashboard has no such file.");
    return;
  }
  const std::string tag = entity_tag (body);
  exchange.add_header ("ETag", tag);
  if (exchange.header ("If-None-Match").value_or ("") == tag)
    exchange.reply_not_modified ();
  else
    exchange.reply (200, content_type_of (file), body, "no-cache");
}

} // namespace camwarden
