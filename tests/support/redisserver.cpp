// SPDX-License-Identifier: LGPL-2.1-or-later
#include "support/redisserver.h"

#include <arpa/inet.h>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <hiredis/hiredis.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace camwarden
{

/* Below the ephemeral range: there a client that tries again and again may be given the very port
 * it connects to, and then talks to itself. */
int
free_port ()
{
  for (;;) {
    const int port = g_random_int_range (10000, 32000);
    const int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
    address.sin_port = htons (static_cast<uint16_t> (port));
    const bool is_free = bind (fd, reinterpret_cast<sockaddr *> (&address), sizeof address) == 0;
    close (fd);
    if (is_free)
      return port;
  }
}

RedisServer::RedisServer (std::vector<std::string> extra_arguments)
    : port_ (free_port ()), extra_arguments_ (std::move (extra_arguments))
{
  g_autofree char *directory = g_dir_make_tmp ("camwarden-redis-XXXXXX", nullptr);
  g_assert_nonnull (directory);
  directory_ = directory;
  socket_path_ = directory_ + "/redis.sock";
  start ();
}

RedisServer::~RedisServer ()
{
  kill ();
  for (const char *name : { "redis.sock", "dump.rdb", "log" })
    g_unlink ((directory_ + "/" + name).c_str ());
  g_rmdir (directory_.c_str ());
}

void
RedisServer::start ()
{
  std::vector<std::string> words{ "redis-server",
                                  "--port",
                                  std::to_string (port_),
                                  "--bind",
                                  "127.0.0.1",
                                  "--unixsocket",
                                  socket_path_,
                                  "--save",
                                  "",
                                  "--appendonly",
                                  "no",
                                  "--dir",
                                  directory_,
                                  "--logfile",
                                  directory_ + "/log",
                                  "--enable-debug-command",
                                  "yes" };
  words.insert (words.end (), extra_arguments_.begin (), extra_arguments_.end ());
  std::vector<char *> argv;
  for (auto &word : words)
    argv.push_back (word.data ());
  argv.push_back (nullptr);
  const pid_t parent = getpid ();
  pid_ = fork ();
  if (pid_ == 0) {
    prctl (PR_SET_PDEATHSIG, SIGKILL);
    if (getppid () != parent)
      _exit (1);
    execvp (argv[0], argv.data ());
    _exit (127);
  }
  for (int i = 0; i < 3000; i++) {
    if (answers ())
      return;
    g_usleep (10000);
  }
  g_error ("redis-server did not start on port %d", port_);
}

/* Its own socket tells: on the port another test's server may have been quicker. The socket comes
 * after the port, so that both are there. */
bool
RedisServer::answers ()
{
  if (waitpid (pid_, nullptr, WNOHANG) == pid_)
    g_error ("redis-server ended; is port %d taken?", port_);
  redisContext *context = redisConnectUnix (socket_path_.c_str ());
  const bool up = context && context->err == 0;
  if (context)
    redisFree (context);
  return up;
}

void
RedisServer::kill ()
{
  if (pid_ <= 0)
    return;
  ::kill (pid_, SIGKILL);
  waitpid (pid_, nullptr, 0);
  pid_ = 0;
}

void
RedisServer::freeze ()
{
  ::kill (pid_, SIGSTOP);
}

void
RedisServer::thaw ()
{
  ::kill (pid_, SIGCONT);
}

std::string
RedisServer::location (const std::string &channel) const
{
  return "redis://127.0.0.1:" + std::to_string (port_) + "/" + channel;
}

static std::string
reply_text (const redisReply *reply)
{
  if (!reply)
    return "(no reply)";
  switch (reply->type) {
  case REDIS_REPLY_INTEGER:
    return std::to_string (reply->integer);
  case REDIS_REPLY_NIL:
    return "(nil)";
  case REDIS_REPLY_ARRAY: {
    std::string text;
    for (size_t i = 0; i < reply->elements; i++)
      text += (i ? "\n" : "") + reply_text (reply->element[i]);
    return text;
  }
  default:
    return { reply->str, static_cast<size_t> (reply->len) };
  }
}

std::string
RedisServer::command (const std::vector<std::string> &words) const
{
  redisContext *context = redisConnectUnix (socket_path_.c_str ());
  g_assert_nonnull (context);
  g_assert_cmpint (context->err, ==, 0);
  std::vector<const char *> argv;
  std::vector<size_t> lengths;
  for (const auto &word : words) {
    argv.push_back (word.data ());
    lengths.push_back (word.size ());
  }
  auto *reply = static_cast<redisReply *> (
      redisCommandArgv (context, static_cast<int> (argv.size ()), argv.data (), lengths.data ()));
  std::string text = reply_text (reply);
  freeReplyObject (reply);
  redisFree (context);
  return text;
}

} // namespace camwarden
