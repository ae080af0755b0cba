// SPDX-License-Identifier: LGPL-2.1-or-later
#include "redis/framereceiver.h"

#include <limits>

namespace camwarden
{

static constexpr int64_t PING_AFTER = G_USEC_PER_SEC;
static constexpr const char *BLOCK_MS = "1000"; /* how long XREAD waits on the server's side */
static constexpr int64_t BLOCK_TIME = G_USEC_PER_SEC;
static constexpr size_t MAX_NAME = 1024;

FrameReceiver::FrameReceiver (const RedisSettings &settings, std::shared_ptr<RedisStream> link,
                              bool stream)
    : settings_ (settings), stream_mode_ (stream), reader_ (std::move (link))
{}

std::unique_ptr<FrameReceiver>
FrameReceiver::connect (const RedisSettings &settings, bool stream, const std::string &last_id,
                        GCancellable *cancellable, GError **error)
{
  const int64_t deadline = g_get_monotonic_time () + settings.command_timeout;
  auto link = RedisStream::connect (settings, deadline, cancellable, error);
  if (!link)
    return nullptr;
  RedisSession session (link, settings.max_reply);
  if (!session.handshake (settings, deadline, cancellable, error))
    return nullptr;
  std::unique_ptr<FrameReceiver> receiver (new FrameReceiver (settings, link, stream));
  receiver->cancellable_ = cancellable;
  receiver->reader_.set_patience (settings.command_timeout, cancellable);
  receiver->last_id_ = last_id;
  const bool ready = stream ? !last_id.empty () || receiver->find_newest_entry (error)
                            : receiver->send ({ "SUBSCRIBE", settings.where.channel }, error);
  return ready ? std::move (receiver) : nullptr;
}

/* --- pieces ------------------------------------------------------------------------------------
 */

bool
FrameReceiver::send (const std::vector<std::string> &words, GError **error)
{
  const int64_t deadline = g_get_monotonic_time () + settings_.command_timeout;
  return reader_.stream ().write_all (format_command (words), deadline, cancellable_, error);
}

static void
set_odd_answer (GError **error, const RespToken &token)
{
  if (token.type == RespToken::Error)
    g_set_error (error, CAMWARDEN_REDIS_ERROR, static_cast<int> (redis_error_code (token.text)),
                 "%s", token.text.c_str ());
  else
    g_set_error_literal (error, CAMWARDEN_REDIS_ERROR, static_cast<int> (RedisError::Protocol),
                         "an answer to another question");
}

bool
FrameReceiver::next (RespToken *token, GError **error)
{
  return reader_.next (token, error);
}

/* number -1: any */
bool
FrameReceiver::expect (RespToken::Type type, int64_t number, GError **error)
{
  RespToken token;
  if (!next (&token, error))
    return false;
  const bool right = token.type == type && (number < 0 || token.number == number);
  if (!right)
    set_odd_answer (error, token);
  return right;
}

bool
FrameReceiver::text (std::string *out, size_t limit, GError **error)
{
  RespToken token;
  if (!next (&token, error))
    return false;
  if (token.type != RespToken::Bulk) {
    set_odd_answer (error, token);
    return false;
  }
  return reader_.read_text (token.number, limit, out, error);
}

bool
FrameReceiver::read_payload (int64_t size, GstBuffer **buffer, GError **error)
{
  if (size < 0 || size > MAX_FRAME) {
    g_set_error (error, CAMWARDEN_REDIS_ERROR, static_cast<int> (RedisError::Protocol),
                 "a frame of %" G_GINT64_FORMAT " bytes", size);
    return false;
  }
  GstBuffer *filled = gst_buffer_new_allocate (nullptr, static_cast<gsize> (size), nullptr);
  GstMapInfo map;
  gst_buffer_map (filled, &map, GST_MAP_WRITE);
  const bool done = reader_.read_into (map.data, map.size, error);
  gst_buffer_unmap (filled, &map);
  if (done)
    gst_buffer_replace (buffer, filled);
  gst_buffer_unref (filled);
  return done;
}

/* --- pub/sub -----------------------------------------------------------------------------------
 */

/* Waits for the first byte of a message; asks a silent server whether it lives. */
bool
FrameReceiver::wait_for_message (GError **error)
{
  bool asked = false;
  while (reader_.at_boundary ()) {
    g_autoptr (GError) failure = nullptr;
    const int64_t patience = asked ? settings_.command_timeout : PING_AFTER;
    const int64_t deadline = g_get_monotonic_time () + patience;
    if (reader_.stream ().wait (G_IO_IN, deadline, cancellable_, &failure))
      break;
    if (asked || !g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_TIMED_OUT)) {
      g_propagate_error (error, g_steal_pointer (&failure));
      return false;
    }
    asked = true;
    if (!send ({ "PING" }, error))
      return false;
  }
  return true;
}

/* message CHANNEL PAYLOAD; subscribe CHANNEL COUNT; pong TEXT */
bool
FrameReceiver::read_push (int64_t items, std::optional<Received> *received, GError **error)
{
  std::string kind;
  if (!text (&kind, MAX_NAME, error))
    return false;
  RespToken token;
  for (int64_t i = 1; i < items; i++) {
    if (!next (&token, error))
      return false;
    const bool frame = kind == "message" && i == 2 && token.type == RespToken::Bulk;
    if (!frame) {
      if (!reader_.skip (token, error))
        return false;
      continue;
    }
    Received one;
    if (!read_payload (token.number, &one.buffer, error))
      return false;
    *received = std::move (one);
  }
  return true;
}

/* --- streams -----------------------------------------------------------------------------------
 */

/* Only its id is wanted: reading goes on behind it. */
bool
FrameReceiver::find_newest_entry (GError **error)
{
  last_id_ = "0-0";
  const std::string key = settings_.where.channel + ":stream";
  RespToken token;
  if (!send ({ "XREVRANGE", key, "+", "-", "COUNT", "1" }, error) || !next (&token, error))
    return false;
  if (token.type != RespToken::Array) {
    set_odd_answer (error, token);
    return false;
  }
  if (token.number < 1)
    return true;
  if (!expect (RespToken::Array, 2, error) || !text (&last_id_, MAX_NAME, error)
      || !next (&token, error))
    return false;
  return reader_.skip (token, error);
}

bool
FrameReceiver::read_field (Received *received, GError **error)
{
  std::string name;
  RespToken token;
  if (!text (&name, MAX_NAME, error) || !next (&token, error))
    return false;
  if (name == "d" && token.type == RespToken::Bulk)
    return read_payload (token.number, &received->buffer, error);
  if (name != "m" || token.type != RespToken::Bulk)
    return reader_.skip (token, error);
  std::string json;
  if (!reader_.read_text (token.number, MAX_HEADER, &json, error))
    return false;
  if (auto header = parse_frame_header (json)) {
    received->header = *header;
    received->has_header = true;
  }
  return true;
}

bool
FrameReceiver::read_entry (Received *received, GError **error)
{
  RespToken fields;
  std::string id;
  if (!expect (RespToken::Array, 2, error) || !text (&id, MAX_NAME, error)
      || !next (&fields, error))
    return false;
  if (fields.type != RespToken::Array) {
    set_odd_answer (error, fields);
    return false;
  }
  for (int64_t i = 0; i < fields.number; i += 2)
    if (!read_field (received, error))
      return false;
  last_id_ = id;
  return true;
}

/* [[KEY, [[ID, [m, JSON, d, PAYLOAD]]]]], or nil when nothing came. */
bool
FrameReceiver::read_entries (std::optional<Received> *received, GError **error)
{
  const std::string key = settings_.where.channel + ":stream";
  reader_.set_patience (BLOCK_TIME + settings_.command_timeout, cancellable_);
  RespToken token;
  if (!send ({ "XREAD", "COUNT", "1", "BLOCK", BLOCK_MS, "STREAMS", key, last_id_ }, error)
      || !next (&token, error))
    return false;
  if (token.type == RespToken::Array && token.number < 0)
    return true;
  if (token.type != RespToken::Array || token.number != 1) {
    set_odd_answer (error, token);
    return false;
  }
  std::string name;
  if (!expect (RespToken::Array, 2, error) || !text (&name, MAX_NAME, error)
      || !expect (RespToken::Array, 1, error))
    return false;
  Received one;
  const bool read = read_entry (&one, error);
  if (read && one.buffer)
    *received = std::move (one);
  else
    gst_clear_buffer (&one.buffer);
  return read;
}

/* --- one frame ---------------------------------------------------------------------------------
 */

void
take_jpeg_header (Received *received)
{
  GstMapInfo map;
  if (received->has_header || !gst_buffer_map (received->buffer, &map, GST_MAP_READ))
    return;
  const std::string_view message (reinterpret_cast<const char *> (map.data), map.size);
  if (auto header = parse_frame_header (jpeg_comment (message))) {
    received->header = *header;
    received->has_header = true;
  }
  gst_buffer_unmap (received->buffer, &map);
}

bool
FrameReceiver::read_message (std::optional<Received> *received, GError **error)
{
  if (stream_mode_)
    return read_entries (received, error);
  RespToken token;
  if (!wait_for_message (error) || !next (&token, error))
    return false;
  if (token.type != RespToken::Array) {
    set_odd_answer (error, token);
    return false;
  }
  return read_push (token.number, received, error);
}

std::optional<Received>
FrameReceiver::receive (GCancellable *cancellable, GError **error)
{
  cancellable_ = cancellable;
  reader_.set_patience (settings_.command_timeout, cancellable);
  std::optional<Received> received;
  while (!received)
    if (!read_message (&received, error))
      return std::nullopt;
  if (!stream_mode_)
    take_jpeg_header (&*received);
  return received;
}

} // namespace camwarden
