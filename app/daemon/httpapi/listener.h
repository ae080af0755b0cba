// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "gobject/ref.h"

#include <functional>
#include <gio/gio.h>
#include <memory>
#include <string>

namespace camwarden
{

/* One listening socket that stays alive: when descriptors run out it spends a spare one to turn the
 * client away, and goes on; it tests itself, and listens anew when it has gone deaf. (libsoup's own
 * listener stops for ever at the first EMFILE.) */
class Listener
{
public:
  using Accepted = std::function<void (GSocketConnection *)>;
  using Changed = std::function<void ()>;

  Listener (Ref<GSocketAddress> address, int64_t self_test_interval);
  ~Listener ();
  Listener (const Listener &) = delete;
  Listener &operator= (const Listener &) = delete;

  /* Where connections go; changed: it listens, or has ceased to. Neither within open(). */
  void set_events (Accepted accepted, Changed changed);

  [[nodiscard]] bool open (GError **error);
  /* After open() failed, with its error: tries again at each self-test. */
  void keep_trying (const std::string &why);
  void close ();

  [[nodiscard]] bool
  is_open () const
  {
    return static_cast<bool> (socket_);
  }
  /* Why it does not listen; "" while it does. */
  [[nodiscard]] const std::string &
  trouble () const
  {
    return trouble_;
  }

  /* "http://127.0.0.1:5000/", or the path of the Unix socket. */
  [[nodiscard]] std::string url () const;
  [[nodiscard]] guint16 port () const; /* 0: a Unix socket */
  /* How often it had to listen anew. */
  [[nodiscard]] unsigned
  revivals () const
  {
    return revivals_;
  }

private:
  [[nodiscard]] bool is_unix () const;
  [[nodiscard]] Ref<GSocket> make_socket (GError **error);
  void watch ();
  void start_tests ();
  void accept_some ();
  void out_of_descriptors ();
  void rest ();
  void revive (const char *why);
  void try_again ();
  [[nodiscard]] bool is_deaf ();
  void send_probe ();
  [[nodiscard]] bool is_probe (GSocketConnection *stream) const;
  [[nodiscard]] std::string socket_path () const;

  static gboolean ready (GSocket *socket, GIOCondition condition, gpointer data);
  static gboolean rested (gpointer data);
  static gboolean test (gpointer data);

  Ref<GSocketAddress> address_;
  int64_t self_test_interval_;
  Accepted accepted_;
  Changed changed_;
  std::string trouble_;
  Ref<GSocket> socket_;
  Ref<GSocket> probe_;
  guint16 probe_port_ = 0; /* 0: no probe is under way */
  guint64 socket_inode_ = 0;
  int spare_ = -1;
  unsigned revivals_ = 0;
  SourceId watch_, rest_, test_;
};

} // namespace camwarden
