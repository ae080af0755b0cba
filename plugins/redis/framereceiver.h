// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "gobject/ref.h"
#include "redis/frameheader.h"
#include "redis/redislink.h"
#include "redis/respreader.h"

#include <functional>
#include <gst/gst.h>
#include <memory>
#include <optional>
#include <string>

namespace camwarden
{

/* A frame as it came from the server. */
struct Received
{
  GstBuffer *buffer = nullptr; /* the receiver of this struct owns it */
  FrameHeader header;
  bool has_header = false;
};

/* One connection that delivers frames to the thread that asks for them: it blocks in receive().
 * Reconnecting is its owner's business. */
class FrameReceiver
{
public:
  static constexpr int64_t MAX_FRAME = 64 * 1024 * 1024; /* bytes */

  /* Connects and subscribes, or finds the newest entry of the stream. `last_id`: of the stream's
   * entry to go on behind; empty: only what comes from now on. */
  [[nodiscard]] static std::unique_ptr<FrameReceiver>
  connect (const RedisSettings &settings, bool stream, const std::string &last_id,
           GCancellable *cancellable, GError **error);

  /* The next frame. Something else that arrived is handled or skipped on the way. */
  std::optional<Received> receive (GCancellable *cancellable, GError **error);

  [[nodiscard]] const std::string &
  last_id () const
  {
    return last_id_;
  }

private:
  FrameReceiver (const RedisSettings &settings, std::shared_ptr<RedisStream> link, bool stream);

  bool send (const std::vector<std::string> &words, GError **error);
  bool find_newest_entry (GError **error);
  bool read_message (std::optional<Received> *received, GError **error);
  bool read_push (int64_t items, std::optional<Received> *received, GError **error);
  bool read_entries (std::optional<Received> *received, GError **error);
  bool read_entry (Received *received, GError **error);
  bool read_field (Received *received, GError **error);
  bool read_payload (int64_t size, GstBuffer **buffer, GError **error);
  bool expect (RespToken::Type type, int64_t number, GError **error);
  bool next (RespToken *token, GError **error);
  bool text (std::string *out, size_t limit, GError **error);
  bool wait_for_message (GError **error);

  const RedisSettings settings_;
  const bool stream_mode_;
  RespReader reader_;
  GCancellable *cancellable_ = nullptr; /* of the call that is running */
  std::string last_id_;
};

/* Reads the leading comment of a JPEG into the header, if there is one. */
void take_jpeg_header (Received *received);

} // namespace camwarden
