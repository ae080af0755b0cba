// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "redis/redisstream.h"

#include <array>
#include <cstdint>
#include <memory>
#include <string>

namespace camwarden
{

/* One item of a RESP2 answer. */
struct RespToken
{
  enum Type {
    Array,   /* number: how many items follow; -1: none (nil) */
    Bulk,    /* number: bytes, to be fetched with read_text() or read_into(); -1: nil */
    Integer, /* number */
    Status,  /* text */
    Error,   /* text */
  };
  Type type = Status;
  int64_t number = 0;
  std::string text;
};

/* Reads answers piece by piece, so that a frame's bytes go from the socket straight into the memory
 * that is pushed. hiredis' reader would collect and copy them first. Every method blocks until it
 * has what it wants, the cancellable, or until nothing has come for `patience` us. */
class RespReader
{
public:
  static constexpr size_t MAX_LINE = 4096;

  explicit RespReader (std::shared_ptr<RedisStream> stream) : stream_ (std::move (stream)) {}
  ~RespReader ();
  RespReader (const RespReader &) = delete;
  RespReader &operator= (const RespReader &) = delete;

  /* For what is read from now on. The cancellable must outlive the reader. */
  void set_patience (int64_t patience, GCancellable *cancellable);

  bool next (RespToken *token, GError **error);
  /* The bytes of a Bulk, and its line end. */
  bool read_text (int64_t size, size_t limit, std::string *text, GError **error);
  bool read_into (void *data, size_t size, GError **error);
  /* Everything that belongs to this token. */
  bool skip (const RespToken &token, GError **error);

  /* Nothing of an answer has been read yet. */
  [[nodiscard]] bool
  at_boundary () const
  {
    return begin_ == end_;
  }

  RedisStream &
  stream ()
  {
    return *stream_;
  }

private:
  bool fill (GError **error);
  gssize read_some (GInputVector *pieces, size_t count, size_t wanted, GError **error);
  bool wait (size_t wanted, GError **error);
  bool read_line (std::string_view *line, GError **error);
  bool take (void *data, size_t size, GError **error);

  std::shared_ptr<RedisStream> stream_;
  int64_t patience_ = 2 * G_USEC_PER_SEC;
  GCancellable *cancellable_ = nullptr;
  bool dry_ = false; /* the last read took all there was */
  std::array<char, 16 * 1024> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

} // namespace camwarden
