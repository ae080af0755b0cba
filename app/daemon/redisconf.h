// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace camwarden
{

/* What one camera sends through the server. */
struct StreamLoad
{
  double frame_bytes = 0;
  double rate = 0;          /* frames a second */
  unsigned kept_frames = 0; /* frames that stay in the server: stream entries and the last frame */
};

/* Bytes of a JPEG of that size, on the safe side: 2 bits a pixel, what a noisy scene needs at
 * quality 85. */
[[nodiscard]] double estimated_jpeg_bytes (unsigned width, unsigned height);

/* A camera as it is configured; 0: what the source gives, taken for 720p at 30 frames a second.
 * modes: such as "pubsub+stream". */
[[nodiscard]] StreamLoad stream_load (unsigned width, unsigned height, double rate,
                                      const std::string &modes);

struct RedisSizes
{
  uint64_t max_memory = 0;
  /* A subscriber that lags further than `pubsub_hard` bytes, or for a minute further than
   * `pubsub_soft`, is cut off. */
  uint64_t pubsub_hard = 0;
  uint64_t pubsub_soft = 0;
};

/* max_memory, bytes: all the server may use. Subscribers' buffers count too, and when they fill it
 * up XADD and SET fail: so the room beside the kept frames is what four slow readers share. */
[[nodiscard]] RedisSizes redis_sizes (const std::vector<StreamLoad> &loads, uint64_t max_memory);

/* The embedded server's own configuration file. */
struct RedisConf
{
  std::string directory;   /* its working directory, holds the files below */
  std::string socket_path; /* for our own processes, mode 0660 */
  std::string pid_path;
  unsigned port = 0;         /* 0: no TCP */
  std::string listen;        /* further addresses; then every user needs the password */
  std::string password_hash; /* SHA-256 of the generated password, in hex */
  RedisSizes sizes;

  [[nodiscard]] std::string text () const;
};

/* "12345:M 22 Nov 2026 17:22:29.021 # text" split into level and text. */
struct RedisLogLine
{
  bool warning = false;
  std::string text;
};
/* A reader was cut off for being slow. From 7.2 on INFO counts these as well. */
[[nodiscard]] bool is_cut_in_log (const std::string &text);

[[nodiscard]] RedisLogLine parse_redis_log (const std::string &line);
/* "redis 7.0.15" out of the line in which the server introduces itself; else empty. */
[[nodiscard]] std::string version_in_log (const std::string &text);

} // namespace camwarden
