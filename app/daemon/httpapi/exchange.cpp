// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/httpapi/exchange.h"

#include "daemon/httpapi/connections.h"
#include "daemon/httpapi/jsonwriter.h"
#include "daemon/httpapi/problem.h"

namespace camwarden
{

bool
can_keep_alive ()
{
  return soup_check_version (3, 3, 0);
}

void
set_common_headers (SoupServerMessage *message)
{
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (message);
  soup_message_headers_replace (headers, "Content-Security-Policy",
                                "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
                                "form-action 'none'; object-src 'none'");
  soup_message_headers_replace (headers, "X-Content-Type-Options", "nosniff");
  soup_message_headers_replace (headers, "Referrer-Policy", "no-referrer");
  if (!can_keep_alive ())
    soup_message_headers_replace (headers, "Connection", "close");
}

Exchange::Exchange (SoupServerMessage *message, Connections &connections,
                    ConnectionBook::Id connection)
    : message_ (message), connections_ (connections), connection_ (connection)
{}

std::string
Exchange::method () const
{
  return message_ ? soup_server_message_get_method (message_) : "";
}

std::string
Exchange::path () const
{
  return message_ ? g_uri_get_path (soup_server_message_get_uri (message_)) : "";
}

const std::string &
Exchange::parameter (const char *name) const
{
  static const std::string none;
  for (const auto &[key, value] : parameters_)
    if (key == name)
      return value;
  return none;
}

std::optional<std::string>
Exchange::query (const char *name) const
{
  const char *text = message_ ? g_uri_get_query (soup_server_message_get_uri (message_)) : nullptr;
  if (!text)
    return std::nullopt;
  g_autoptr (GHashTable) form = soup_form_decode (text);
  const auto *value = static_cast<const char *> (g_hash_table_lookup (form, name));
  return value ? std::optional<std::string> (value) : std::nullopt;
}

std::optional<std::string>
Exchange::header (const char *name) const
{
  if (!message_)
    return std::nullopt;
  const char *value
      = soup_message_headers_get_list (soup_server_message_get_request_headers (message_), name);
  return value ? std::optional<std::string> (value) : std::nullopt;
}

void
Exchange::wait ()
{
  if (!message_ || waiting_)
    return;
  waiting_ = true;
  soup_server_message_pause (message_);
}

void
Exchange::resume ()
{
  connections_.enter (connection_, ConnectionPhase::Writing);
  if (!waiting_)
    return;
  waiting_ = false;
  soup_server_message_unpause (message_);
}

void
Exchange::reply (unsigned status, const char *content_type, GBytes *body, const char *cache)
{
  if (!message_)
    return;
  set_common_headers (message_);
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (message_);
  soup_message_headers_replace (headers, "Cache-Control", cache);
  soup_message_headers_set_content_type (headers, content_type, nullptr);
  soup_message_body_append_bytes (soup_server_message_get_response_body (message_), body);
  soup_server_message_set_status (message_, status, status_phrase (status));
  resume ();
}

void
Exchange::reply_json (JsonWriter &json, unsigned status)
{
  g_autoptr (GBytes) body = json.finish ();
  reply (status, "application/json", body);
}

void
Exchange::reply_not_modified ()
{
  if (!message_)
    return;
  set_common_headers (message_);
  soup_server_message_set_status (message_, SOUP_STATUS_NOT_MODIFIED, nullptr);
  resume ();
}

void
Exchange::reply_problem (unsigned status, const std::string &detail)
{
  g_autoptr (GBytes) body = problem_body (status, detail);
  reply (status, "application/problem+json", body);
}

void
Exchange::reply_problem (unsigned status, const std::string &detail,
                         const std::function<void (JsonWriter &)> &extra)
{
  g_autoptr (GBytes) body = problem_body (status, detail, extra);
  reply (status, "application/problem+json", body);
}

void
Exchange::add_header (const char *name, const std::string &value)
{
  if (message_)
    soup_message_headers_replace (soup_server_message_get_response_headers (message_), name,
                                  value.c_str ());
}

bool
Exchange::begin_stream (const char *content_type)
{
  if (!message_)
    return false;
  if (!connections_.become_stream (connection_, StreamKind::Answer, [weak = weak_from_this ()] {
        if (const auto self = weak.lock ())
          self->end_stream ();
      })) {
    add_header ("Retry-After", "10");
    reply_problem (503, "All connections for streams are in use. Close a viewer, or ask for single "
                        "pictures with snapshot.jpg.");
    return false;
  }
  set_common_headers (message_);
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (message_);
  soup_message_headers_replace (headers, "Cache-Control", "no-store");
  soup_message_headers_replace (headers, "Content-Type", content_type);
  /* Without chunks: the simplest clients of this old format do not know them. */
  soup_message_headers_set_encoding (headers, SOUP_ENCODING_EOF);
  soup_message_headers_replace (headers, "Connection", "close");
  soup_message_body_set_accumulate (soup_server_message_get_response_body (message_), FALSE);
  soup_server_message_set_status (message_, SOUP_STATUS_OK, nullptr);
  connections_.enter (connection_, ConnectionPhase::Writing);
  return true;
}

void
Exchange::write (GBytes *chunk)
{
  if (!message_)
    return;
  connections_.enter (connection_, ConnectionPhase::Writing);
  soup_message_body_append_bytes (soup_server_message_get_response_body (message_), chunk);
  soup_server_message_unpause (message_);
}

void
Exchange::stream_idle ()
{
  connections_.enter (connection_, ConnectionPhase::Streaming);
}

void
Exchange::end_stream ()
{
  if (!message_)
    return;
  soup_message_body_complete (soup_server_message_get_response_body (message_));
  soup_server_message_unpause (message_);
}

void
Exchange::over ()
{
  if (!message_)
    return;
  message_ = nullptr;
  wrote_chunk = nullptr;
  if (const auto callback = std::exchange (finished, nullptr))
    callback ();
}

} // namespace camwarden
