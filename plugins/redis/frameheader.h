// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace camwarden
{

/* What travels with each frame, as one JSON object. In pub/sub messages and keys it is the first
 * segment of the JPEG itself, a comment, so that any JPEG reader can open the message:
 *
 *   FF D8 | FF FE len16 | {json} | the rest of the camera's JPEG
 *
 * In streams it is the entry's field "m" beside the unchanged payload "d". */
struct FrameHeader
{
  std::string camera;
  std::string run;     /* random per pipeline start */
  uint64_t seq = 0;    /* + 1 per frame chosen for publishing: a gap is a loss */
  int64_t ts = 0;      /* capture, us UTC */
  int64_t mono = 0;    /* capture, us since the machine's start */
  bool synced = false; /* was the clock synchronised? */
  int width = 0;
  int height = 0;
  double fps = 0;
  std::string caps;
  std::string health = "unknown";
  uint64_t dropped = 0; /* lost since the last frame */
  std::string request;  /* JSON object, unchanged; empty: none */
};

constexpr size_t MAX_HEADER = 8 * 1024;
constexpr size_t MAX_REQUEST = 4 * 1024;
constexpr unsigned MAX_REQUEST_DEPTH = 8;

[[nodiscard]] std::string to_json (const FrameHeader &header);
[[nodiscard]] std::optional<FrameHeader> parse_frame_header (std::string_view json);

/* SOI and the comment segment; what follows is the original JPEG from its third byte on. */
[[nodiscard]] std::string jpeg_head (std::string_view json);

/* The JSON of a message's leading comment; empty: there is none. */
[[nodiscard]] std::string_view jpeg_comment (std::string_view message);

/* A JSON object of at most MAX_REQUEST bytes and MAX_REQUEST_DEPTH levels, valid UTF-8. */
[[nodiscard]] bool is_valid_request (std::string_view text);

} // namespace camwarden
