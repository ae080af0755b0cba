// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "daemon/http/httptest.h"
#include "redis/frameheader.h"

#include <algorithm>
#include <string>

namespace camwarden
{

struct Frame
{
  int opcode = -1; /* -1: the connection has ended */
  std::string data;
};

/* A client of RFC 6455, as slow or as wrong as a test wants it. */
class Socket
{
public:
  explicit Socket (int port, const std::string &lines = "") : client_ (port)
  {
    client_.send (request_text ("GET", "/api/ws",
                                "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                                "Sec-WebSocket-Version: 13\r\n"
                                "Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n"
                                    + lines));
    size_t end;
    while ((end = buffer_.find ("\r\n\r\n")) == std::string::npos)
      if (!more ())
        return;
    status = atoi (buffer_.c_str () + 9);
    if (status == 101)
      buffer_.erase (0, end + 4);
  }

  void
  send (const std::string &text, int opcode = 1)
  {
    client_.send (frame_of (0x80 | opcode, text));
  }

  Frame
  receive ()
  {
    if (!need (2))
      return {};
    const auto byte = [this] (size_t i) { return static_cast<unsigned char> (buffer_[i]); };
    const int opcode = byte (0) & 0x0F;
    size_t size = byte (1) & 0x7F, head = 2;
    const size_t wide = size == 126 ? 2 : size == 127 ? 8 : 0;
    if (!need (head + wide))
      return {};
    if (wide)
      size = 0;
    for (size_t i = 0; i < wide; i++)
      size = size << 8 | byte (head++);
    if (!need (head + size))
      return {};
    const Frame frame{ opcode, buffer_.substr (head, size) };
    buffer_.erase (0, head + size);
    if (opcode == 9 && answer_pings)
      send (frame.data, 10);
    return frame;
  }

  /* The next one of this kind, whatever comes before; its data is empty at the end. */
  std::string
  wait (int opcode, const char *containing = "")
  {
    for (;;) {
      const Frame frame = receive ();
      if (frame.opcode < 0)
        return {};
      if (frame.opcode == opcode && frame.data.find (containing) != std::string::npos)
        return frame.data;
    }
  }

  /* The code by which the other end closes; 0: it just went. */
  int
  close_code ()
  {
    const std::string data = wait (8);
    return data.size () < 2
               ? 0
               : static_cast<unsigned char> (data[0]) << 8 | static_cast<unsigned char> (data[1]);
  }

  /* A frame as it is told: opcode with FIN and the reserved bits. */
  [[nodiscard]] static std::string
  frame_of (int first, const std::string &text)
  {
    std::string frame (1, static_cast<char> (first));
    if (text.size () < 126) {
      frame += static_cast<char> (0x80 | text.size ());
    } else {
      frame += static_cast<char> (0x80 | 126);
      frame += static_cast<char> (text.size () >> 8);
      frame += static_cast<char> (text.size ());
    }
    return frame + std::string (4, '\0') + text; /* a mask of zeros changes nothing */
  }

  HttpClient &
  client ()
  {
    return client_;
  }

  int status = 0;
  bool answer_pings = true;

private:
  bool
  more ()
  {
    const std::string some = client_.read_some ();
    buffer_ += some;
    return !some.empty ();
  }

  bool
  need (size_t count)
  {
    while (buffer_.size () < count)
      if (!more ())
        return false;
    return true;
  }

  HttpClient client_;
  std::string buffer_;
};

struct Picture
{
  std::string camera, jpeg;
  uint32_t number = 0, age = 0;
};

inline uint32_t
number_at (const std::string &data, size_t at)
{
  uint32_t value = 0;
  for (size_t i = 0; i < 4; i++)
    value = value << 8 | static_cast<unsigned char> (data.at (at + i));
  return value;
}

inline Picture
parse_picture (const std::string &data)
{
  g_assert_cmpint (data.at (0), ==, 1);
  const auto length = static_cast<size_t> (data.at (1));
  return { data.substr (2, length), data.substr (10 + length), number_at (data, 2 + length),
           number_at (data, 6 + length) };
}

inline std::string
ack (uint32_t number)
{
  return "{\"ack\": " + std::to_string (number) + "}";
}

/* Pushes numbered frames until it is told to stop. */
struct Pump
{
  HttpFixture &http;
  size_t size = 100;
  unsigned pushed = 0;
  int64_t captured_before = 0; /* us; 0: the frame does not say */
  guint source = 0;

  explicit Pump (HttpFixture &fixture) : http (fixture) {}
  ~Pump ()
  {
    if (source)
      g_source_remove (source);
  }
  Pump (const Pump &) = delete;
  Pump &operator= (const Pump &) = delete;

  void
  start ()
  {
    source = g_timeout_add (5, push, this);
  }

  static gboolean
  push (gpointer data)
  {
    auto *self = static_cast<Pump *> (data);
    std::string jpeg = "frame " + std::to_string (++self->pushed) + " ";
    if (self->captured_before) {
      FrameHeader header;
      header.camera = "front";
      header.run = "run";
      header.ts = g_get_real_time () - self->captured_before;
      jpeg = jpeg_head (to_json (header)) + jpeg;
    }
    jpeg.resize (std::max (self->size, jpeg.size ()), 'x');
    g_autoptr (GBytes) bytes = g_bytes_new (jpeg.data (), jpeg.size ());
    self->http.model.push ("front", bytes);
    return G_SOURCE_CONTINUE;
  }
};

/* Everybody needs a token, of which there are two. */
inline ApiServerOptions
strangers ()
{
  ApiServerOptions options;
  options.token_file
      = write_file ("read " + read_token + "\ncontrol " + control_token + "\n", 0600);
  options.classify = [] (const std::string &) { return Peer::Other; };
  options.rate = options.burst = 1e6;
  return options;
}

} // namespace camwarden
