// SPDX-License-Identifier: LGPL-2.1-or-later
/* What publishing costs without us: hiredis in its two usual forms, a bare vectored write to Redis,
 * and the socket alone, with a process behind it that throws everything away. */
#include "meter.h"

#include <arpa/inet.h>
#include <cstdio>
#include <cstdlib>
#include <hiredis/hiredis.h>
#include <memory>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace camwarden::bench
{

constexpr int WINDOW = 4; /* unanswered commands, where answers are not awaited one by one */

class Publisher
{
public:
  virtual ~Publisher () = default;
  virtual void send (const std::string &frame) = 0;
  virtual void
  finish ()
  {}
};

/* Redis or the discarding process, over TCP. */
class Connection
{
public:
  explicit Connection (int64_t port) : fd_ (socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
  {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons (static_cast<uint16_t> (port));
    address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
    if (connect (fd_, reinterpret_cast<sockaddr *> (&address), sizeof address) != 0)
      die ("cannot connect to port " + std::to_string (port));
    const int on = 1;
    setsockopt (fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  ~Connection () { close (fd_); }
  Connection (const Connection &) = delete;
  Connection &operator= (const Connection &) = delete;

  void
  write_all (iovec *pieces, int count)
  {
    while (count > 0) {
      ssize_t done = writev (fd_, pieces, count);
      if (done < 0)
        die ("the connection broke");
      while (count > 0 && static_cast<size_t> (done) >= pieces->iov_len) {
        done -= static_cast<ssize_t> (pieces->iov_len);
        pieces++;
        count--;
      }
      if (count > 0) {
        pieces->iov_base = static_cast<char *> (pieces->iov_base) + done;
        pieces->iov_len -= static_cast<size_t> (done);
      }
    }
  }

  /* Replies end with a newline each; at least one is waited for. */
  int
  read_replies ()
  {
    char reply[4096];
    const ssize_t got = read (fd_, reply, sizeof reply);
    if (got <= 0 || reply[0] == '-')
      die ("Redis refused");
    int lines = 0;
    for (ssize_t i = 0; i < got; i++)
      lines += reply[i] == '\n';
    return lines;
  }

private:
  int fd_;
};

class Writev : public Publisher
{
public:
  /* window 0: nobody answers. `stream`: XADD instead of PUBLISH, two lines an answer. */
  Writev (int64_t port, int window, bool stream)
      : connection_ (port), window_ (window), stream_ (stream)
  {}

  void
  send (const std::string &frame) override
  {
    char head[160];
    const int length
        = stream_
              ? snprintf (head, sizeof head,
                          "*7\r\n$4\r\nXADD\r\n$10\r\nbench:data\r\n$6\r\nMAXLEN\r\n"
                          "$2\r\n30\r\n$1\r\n*\r\n$1\r\nd\r\n$%zu\r\n",
                          frame.size ())
              : snprintf (head, sizeof head,
                          "*3\r\n$7\r\nPUBLISH\r\n$11\r\nbench:frame\r\n$%zu\r\n", frame.size ());
    char newline[] = "\r\n";
    iovec pieces[] = { { head, static_cast<size_t> (length) },
                       { const_cast<char *> (frame.data ()), frame.size () },
                       { newline, 2 } };
    connection_.write_all (pieces, 3);
    lines_ += stream_ ? 2 : 1;
    while (window_ > 0 && lines_ >= window_ * (stream_ ? 2 : 1))
      lines_ -= connection_.read_replies ();
  }

  void
  finish () override
  {
    while (window_ > 0 && lines_ > 0)
      lines_ -= connection_.read_replies ();
  }

private:
  Connection connection_;
  int window_;
  bool stream_;
  int lines_ = 0;
};

class Hiredis : public Publisher
{
public:
  Hiredis (int64_t port, bool argv)
      : context_ (redisConnect ("127.0.0.1", static_cast<int> (port))), argv_ (argv)
  {
    if (!context_ || context_->err)
      die ("hiredis cannot connect");
  }
  ~Hiredis () override { redisFree (context_); }
  Hiredis (const Hiredis &) = delete;
  Hiredis &operator= (const Hiredis &) = delete;

  void
  send (const std::string &frame) override
  {
    if (!argv_) {
      take (redisCommand (context_, "PUBLISH %s %b", "bench:frame", frame.data (), frame.size ()));
      return;
    }
    const char *words[] = { "PUBLISH", "bench:frame", frame.data () };
    const size_t lengths[] = { 7, 11, frame.size () };
    redisAppendCommandArgv (context_, 3, words, lengths);
    int done = 0;
    while (!done)
      if (redisBufferWrite (context_, &done) != REDIS_OK)
        die ("hiredis cannot write");
    if (++open_ >= WINDOW)
      finish ();
  }

  void
  finish () override
  {
    for (; open_ > 0; open_--) {
      void *reply = nullptr;
      if (redisGetReply (context_, &reply) != REDIS_OK)
        die ("hiredis cannot read");
      take (reply);
    }
  }

private:
  static void
  take (void *reply)
  {
    if (!reply || static_cast<redisReply *> (reply)->type == REDIS_REPLY_ERROR)
      die ("Redis refused");
    freeReplyObject (reply);
  }

  redisContext *context_;
  bool argv_;
  int open_ = 0;
};

static std::unique_ptr<Publisher>
make_publisher (const std::string &side, int64_t port)
{
  if (side == "writev")
    return std::make_unique<Writev> (port, 1, false);
  if (side == "writev-window")
    return std::make_unique<Writev> (port, WINDOW, false);
  if (side == "writev-stream")
    return std::make_unique<Writev> (port, 1, true);
  if (side == "socket")
    return std::make_unique<Writev> (port, 0, false);
  if (side == "hiredis-command" || side == "hiredis-argv")
    return std::make_unique<Hiredis> (port, side == "hiredis-argv");
  die ("no side " + side);
}

int
run_publisher (const Options &options)
{
  const auto frames = load_frames (options.text ("frames"));
  const int64_t count = options.number ("count"), warm_up = options.number ("warm-up", 10);
  const auto publisher = make_publisher (options.text ("side"), options.number ("port"));
  Pacer pacer (options.number ("fps"));
  Meter meter (static_cast<pid_t> (options.number ("other")));
  for (int64_t i = -warm_up; i < count; i++) {
    if (i == 0) {
      publisher->finish ();
      meter.begin ();
    }
    pacer.wait ();
    publisher->send (frames[static_cast<size_t> (i + warm_up) % frames.size ()]);
  }
  publisher->finish ();
  meter.end (count);
  meter.print ();
  return 0;
}

/* Prints its port, then throws away whatever comes, from one connection after the other. */
int
run_discard (const Options &)
{
  const int listener = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (bind (listener, reinterpret_cast<sockaddr *> (&address), length) != 0
      || listen (listener, 4) != 0
      || getsockname (listener, reinterpret_cast<sockaddr *> (&address), &length) != 0)
    die ("cannot listen");
  printf ("%d\n", ntohs (address.sin_port));
  fflush (stdout);
  std::vector<char> buffer (256 * 1024);
  for (;;) {
    const int fd = accept (listener, nullptr, nullptr);
    while (read (fd, buffer.data (), buffer.size ()) > 0) {
    }
    close (fd);
  }
}

} // namespace camwarden::bench
