// SPDX-License-Identifier: LGPL-2.1-or-later
#include "redis/respreader.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

namespace camwarden
{

/* From so many missing bytes on it pays to wait for all of them. */
static constexpr size_t LOW_WATER = 8 * 1024;
static constexpr size_t MAX_LOW_WATER = 1024 * 1024;

static void
set_protocol_error (GError **error, const char *what)
{
  g_set_error (error, CAMWARDEN_REDIS_ERROR, static_cast<int> (RedisError::Protocol),
               "the server does not speak Redis' protocol: %s", what);
}

RespReader::~RespReader ()
{
  set_patience (0, nullptr);
}

/* A cancellable makes a descriptor for each wait unless somebody holds it. */
void
RespReader::set_patience (int64_t patience, GCancellable *cancellable)
{
  patience_ = patience;
  if (cancellable == cancellable_)
    return;
  GPollFD held;
  if (cancellable_)
    g_cancellable_release_fd (cancellable_);
  const bool made = cancellable && g_cancellable_make_pollfd (cancellable, &held);
  cancellable_ = made ? cancellable : nullptr;
}

/* Until something can be read; for a large rest, until most likely all of it can. */
bool
RespReader::wait (size_t wanted, GError **error)
{
  const bool patient = wanted >= LOW_WATER && !stream_->encrypted ();
  if (patient)
    stream_->set_low_water (std::min (wanted, MAX_LOW_WATER));
  g_autoptr (GError) failure = nullptr;
  const int64_t deadline = g_get_monotonic_time () + patience_;
  const bool readable = stream_->wait (G_IO_IN, deadline, cancellable_, &failure);
  if (patient)
    stream_->set_low_water (1);
  const bool slow = !readable && patient && stream_->available () > 0
                    && g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  if (readable || slow)
    return true;
  g_propagate_error (error, g_steal_pointer (&failure));
  return false;
}

/* At least one byte, waiting for it. -1 with `error`. A read that got less than it had room for is
 * not repeated before there is something again. */
gssize
RespReader::read_some (GInputVector *pieces, size_t count, size_t wanted, GError **error)
{
  size_t room = 0;
  for (size_t i = 0; i < count; i++)
    room += pieces[i].size;
  for (;;) {
    if (std::exchange (dry_, false) && !wait (wanted, error))
      return -1;
    g_autoptr (GError) failure = nullptr;
    const gssize got = stream_->read_pieces (pieces, count, &failure);
    dry_ = got < static_cast<gssize> (room) && !(got > 0 && stream_->encrypted ());
    if (got > 0)
      return got;
    if (got == 0) {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED,
                           "the server closed the connection");
      return -1;
    }
    if (!g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
      g_propagate_error (error, g_steal_pointer (&failure));
      return -1;
    }
  }
}

bool
RespReader::fill (GError **error)
{
  if (begin_ > 0) {
    std::memmove (buffer_.data (), buffer_.data () + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  GInputVector room{ buffer_.data () + end_, buffer_.size () - end_ };
  const gssize count = read_some (&room, 1, 1, error);
  if (count < 0)
    return false;
  end_ += static_cast<size_t> (count);
  return true;
}

/* Without its end. The view is good until the next read. */
bool
RespReader::read_line (std::string_view *line, GError **error)
{
  size_t searched = 0;
  for (;;) {
    const std::string_view have (buffer_.data () + begin_, end_ - begin_);
    const size_t at = have.find ("\r\n", searched);
    if (at != have.npos) {
      *line = have.substr (0, at);
      begin_ += at + 2;
      return true;
    }
    if (have.size () > MAX_LINE) {
      set_protocol_error (error, "a line without an end");
      return false;
    }
    searched = have.empty () ? 0 : have.size () - 1;
    if (!fill (error))
      return false;
  }
}

bool
RespReader::next (RespToken *token, GError **error)
{
  std::string_view line;
  if (!read_line (&line, error))
    return false;
  const char kind = line.empty () ? '\0' : line[0];
  const std::string_view rest = line.substr (line.empty () ? 0 : 1);
  token->text.clear ();
  if (kind == '+' || kind == '-') {
    token->type = kind == '+' ? RespToken::Status : RespToken::Error;
    token->text = rest;
    return true;
  }
  token->type = kind == '*' ? RespToken::Array : kind == '$' ? RespToken::Bulk : RespToken::Integer;
  const auto result = std::from_chars (rest.data (), rest.data () + rest.size (), token->number);
  const bool number = result.ec == std::errc () && result.ptr == rest.data () + rest.size ();
  const bool sized = token->type == RespToken::Integer || token->number >= -1;
  if ((kind != '*' && kind != '$' && kind != ':') || !number || !sized) {
    set_protocol_error (error, "an item of no known kind");
    return false;
  }
  return true;
}

bool
RespReader::take (void *data, size_t size, GError **error)
{
  auto *out = static_cast<char *> (data);
  const size_t buffered = std::min (size, end_ - begin_);
  if (buffered > 0) /* an empty payload has no memory */
    std::memcpy (out, buffer_.data () + begin_, buffered);
  begin_ += buffered;
  /* What follows the payload comes along into the buffer, which is empty by now. */
  for (size_t done = buffered; done < size;) {
    GInputVector pieces[] = { { out + done, size - done }, { buffer_.data (), buffer_.size () } };
    const gssize got = read_some (pieces, 2, size - done + 2, error);
    if (got < 0)
      return false;
    const size_t rest = std::min (static_cast<size_t> (got), size - done);
    done += rest;
    begin_ = 0;
    end_ = static_cast<size_t> (got) - rest;
  }
  return true;
}

bool
RespReader::read_into (void *data, size_t size, GError **error)
{
  if (!take (data, size, error))
    return false;
  std::string_view rest;
  if (!read_line (&rest, error))
    return false;
  if (!rest.empty ())
    set_protocol_error (error, "a string longer than announced");
  return rest.empty ();
}

bool
RespReader::read_text (int64_t size, size_t limit, std::string *text, GError **error)
{
  text->clear ();
  if (size < 0)
    return true;
  if (static_cast<size_t> (size) > limit) {
    set_protocol_error (error, "a string that is too long");
    return false;
  }
  text->resize (static_cast<size_t> (size));
  return read_into (text->data (), text->size (), error);
}

/* Iterative: a hostile answer may nest as deep as it likes. */
bool
RespReader::skip (const RespToken &token, GError **error)
{
  uint64_t left = 1;
  for (RespToken current = token;;) {
    left--;
    if (current.type == RespToken::Array && current.number > 0)
      left += static_cast<uint64_t> (current.number);
    if (current.type == RespToken::Bulk && current.number >= 0) {
      char waste[4096];
      for (auto size = static_cast<size_t> (current.number); size > 0;) {
        const size_t part = std::min (size, sizeof waste);
        if (!take (waste, part, error))
          return false;
        size -= part;
      }
      if (!read_into (waste, 0, error))
        return false;
    }
    if (left == 0)
      return true;
    if (!next (&current, error))
      return false;
  }
}

} // namespace camwarden
