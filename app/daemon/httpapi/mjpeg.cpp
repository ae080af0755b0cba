// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/httpapi/mjpeg.h"

#include "daemon/httpapi/exchange.h"

#include <cstring>

namespace camwarden
{

#define BOUNDARY "camwarden-frame"

namespace
{

class MjpegStream
{
public:
  MjpegStream (ApiModel &model, std::weak_ptr<Exchange> exchange)
      : model_ (model), exchange_ (std::move (exchange))
  {}

  ~MjpegStream ()
  {
    if (watch_)
      model_.unwatch_frames (watch_);
    g_clear_pointer (&next_, g_bytes_unref);
  }

  MjpegStream (const MjpegStream &) = delete;
  MjpegStream &operator= (const MjpegStream &) = delete;

  [[nodiscard]] bool
  watch (const std::string &camera)
  {
    watch_ = model_.watch_frames (camera, [this] (GBytes *jpeg) { arrived (jpeg); });
    return watch_ != 0;
  }

  /* The boundary comes first: a browser shows a part when it sees the end of it. */
  void
  begin ()
  {
    write_text ("--" BOUNDARY "\r\n");
  }

  void
  wrote_chunk ()
  {
    if (--unwritten_ > 0)
      return;
    if (GBytes *jpeg = std::exchange (next_, nullptr)) {
      send (jpeg);
      g_bytes_unref (jpeg);
    } else if (const auto exchange = exchange_.lock ()) {
      exchange->stream_idle ();
    }
  }

private:
  void
  arrived (GBytes *jpeg)
  {
    if (unwritten_ == 0) {
      send (jpeg);
      return;
    }
    g_clear_pointer (&next_, g_bytes_unref);
    next_ = g_bytes_ref (jpeg);
  }

  void
  send (GBytes *jpeg)
  {
    write_text ("Content-Type: image/jpeg\r\nContent-Length: "
                + std::to_string (g_bytes_get_size (jpeg)) + "\r\n\r\n");
    write (jpeg);
    write_text ("\r\n--" BOUNDARY "\r\n");
  }

  void
  write_text (const std::string &text)
  {
    g_autoptr (GBytes) bytes = g_bytes_new (text.data (), text.size ());
    write (bytes);
  }

  void
  write (GBytes *bytes)
  {
    const auto exchange = exchange_.lock ();
    if (!exchange || g_bytes_get_size (bytes) == 0)
      return;
    unwritten_++;
    exchange->write (bytes);
  }

  ApiModel &model_;
  std::weak_ptr<Exchange> exchange_;
  uint64_t watch_ = 0;
  unsigned unwritten_ = 0; /* pieces handed over and not taken by the socket */
  GBytes *next_ = nullptr; /* the newest frame that has to wait */
};

} // namespace

void
stream_mjpeg (ApiModel &model, const std::shared_ptr<Exchange> &exchange, const std::string &camera)
{
  if (!exchange->begin_stream ("multipart/x-mixed-replace; boundary=" BOUNDARY))
    return;
  if (exchange->method () == "HEAD")
    return;
  /* Shared by the two callbacks of the exchange and gone with them. */
  auto stream = std::make_shared<MjpegStream> (model, exchange);
  exchange->wrote_chunk = [stream] { stream->wrote_chunk (); };
  exchange->finished = [stream] {};
  stream->begin ();
  if (!stream->watch (camera))
    exchange->end_stream ();
}

} // namespace camwarden
