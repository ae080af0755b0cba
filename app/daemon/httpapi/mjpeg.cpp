// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/httpapi/mjpeg.h"

#include "daemon/httpapi/exchange.h"

#include <map>

namespace camwarden
{

#define BOUNDARY "camwarden-frame"

namespace
{

struct BytesFree
{
  void
  operator() (GBytes *bytes) const
  {
    g_bytes_unref (bytes);
  }
};
using Bytes = std::unique_ptr<GBytes, BytesFree>;

/* A frame as a part of the stream, with what stands before and behind it. All viewers of a camera
 * share it: it is put together once, and is one piece to write instead of three. */
class Part
{
public:
  [[nodiscard]] static std::shared_ptr<Part>
  of (const std::string &camera)
  {
    static std::map<std::string, std::weak_ptr<Part>> parts;
    std::erase_if (parts, [] (const auto &one) { return one.second.expired (); });
    auto part = parts[camera].lock ();
    if (!part)
      parts[camera] = part = std::make_shared<Part> ();
    return part;
  }

  [[nodiscard]] GBytes *
  make (GBytes *jpeg)
  {
    if (jpeg == jpeg_.get ())
      return whole_.get ();
    gsize size = 0;
    const auto *data = static_cast<const char *> (g_bytes_get_data (jpeg, &size));
    std::string text
        = "Content-Type: image/jpeg\r\nContent-Length: " + std::to_string (size) + "\r\n\r\n";
    text.reserve (text.size () + size + 64);
    text.append (data, size).append ("\r\n--" BOUNDARY "\r\n");
    jpeg_.reset (g_bytes_ref (jpeg));
    auto *kept = new std::string (std::move (text));
    whole_.reset (g_bytes_new_with_free_func (
        kept->data (), kept->size (),
        [] (gpointer owned) { delete static_cast<std::string *> (owned); }, kept));
    return whole_.get ();
  }

private:
  Bytes jpeg_, whole_;
};

class MjpegStream
{
public:
  MjpegStream (ApiModel &model, std::weak_ptr<Exchange> exchange, const std::string &camera)
      : model_ (model), exchange_ (std::move (exchange)), part_ (Part::of (camera))
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
    write (part_->make (jpeg));
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
  std::shared_ptr<Part> part_;
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
  auto stream = std::make_shared<MjpegStream> (model, exchange, camera);
  exchange->wrote_chunk = [stream] { stream->wrote_chunk (); };
  exchange->finished = [stream] {};
  stream->begin ();
  if (!stream->watch (camera))
    exchange->end_stream ();
}

} // namespace camwarden
