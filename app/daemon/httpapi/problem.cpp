// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/httpapi/problem.h"

#include "daemon/httpapi/jsonwriter.h"

#include <libsoup/soup.h>

namespace camwarden
{

const char *
status_phrase (unsigned status)
{
  switch (status) {
  case 421:
    return "Misdirected Request";
  case 428:
    return "Precondition Required";
  case 429:
    return "Too Many Requests";
  default:
    return soup_status_get_phrase (status);
  }
}

GBytes *
problem_body (unsigned status, const std::string &detail)
{
  return problem_body (status, detail, nullptr);
}

GBytes *
problem_body (unsigned status, const std::string &detail,
              const std::function<void (JsonWriter &)> &extra)
{
  JsonWriter json;
  json.begin_object ()
      .add ("type", "about:blank")
      .add ("title", status_phrase (status))
      .add ("status", status)
      .add ("detail", detail);
  if (extra)
    extra (json);
  json.end_object ();
  return json.finish ();
}

std::string
problem_response (unsigned status, const std::string &detail)
{
  g_autoptr (GBytes) body = problem_body (status, detail);
  gsize size = 0;
  const auto *text = static_cast<const char *> (g_bytes_get_data (body, &size));
  return "HTTP/1.1 " + std::to_string (status) + " " + status_phrase (status)
         + "\r\nContent-Type: application/problem+json\r\nContent-Length: " + std::to_string (size)
         + "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff"
         + (status == 503 ? "\r\nRetry-After: 10" : "") + "\r\nConnection: close\r\n\r\n"
         + std::string (text, size);
}

} // namespace camwarden
