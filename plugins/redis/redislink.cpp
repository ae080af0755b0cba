// SPDX-License-Identifier: LGPL-2.1-or-later
#include "redis/redislink.h"

#include "redis/rediscommands.h"
#include "redis/redislinkimpl.h"
#include "redis/textcommand.h"

namespace camwarden
{

const char *
link_state_name (LinkState state)
{
  switch (state) {
  case LinkState::Offline:
    return "offline";
  case LinkState::Connecting:
    return "connecting";
  case LinkState::Ready:
    break;
  }
  return "ready";
}

RedisLink::RedisLink (RedisSettings settings, Events events)
    : impl_ (std::make_unique<Impl> (std::move (settings), std::move (events)))
{}

RedisLink::~RedisLink ()
{
  stop ();
}

void
RedisLink::subscribe (std::vector<std::string> channels, std::vector<std::string> patterns)
{
  impl_->channels = std::move (channels);
  impl_->patterns = std::move (patterns);
}

void
RedisLink::set_queue_limit (unsigned messages, size_t bytes)
{
  impl_->queue.set_limit (messages, bytes);
}

void
RedisLink::start ()
{
  impl_->thread = std::thread ([this] { impl_->run (); });
}

void
RedisLink::stop ()
{
  {
    Impl::Lock lock (impl_->mutex);
    impl_->quit = true;
  }
  g_cancellable_cancel (impl_->cancellable.get ());
  impl_->wake ();
  if (impl_->thread.joinable ())
    impl_->thread.join ();
  Impl::Lock lock (impl_->mutex);
  const auto session = std::exchange (impl_->session, nullptr);
  impl_->stats.state = LinkState::Offline;
  const auto lost = impl_->queue.take_lost (true);
  impl_->settled.notify_all ();
  lock.unlock ();
  if (session)
    session->stream ().shut ();
  for (const auto &item : lost)
    item->message->lost (LostReason::Stopped);
}

void
RedisLink::command (const std::vector<std::string> &words, Answer done)
{
  if (!is_known_command (words.front ()))
    g_critical ("%s is missing in the table of Redis commands", words.front ().c_str ());
  impl_->send (std::make_unique<TextCommand> (words, 1, std::move (done)));
}

void
RedisLink::send (std::unique_ptr<Outgoing> message)
{
  impl_->send (std::move (message));
}

bool
RedisLink::drain (int64_t timeout, GCancellable *cancellable)
{
  const gulong handler
      = cancellable
            ? g_cancellable_connect (cancellable, G_CALLBACK (+[] (GCancellable *, gpointer data) {
                                       auto *impl = static_cast<Impl *> (data);
                                       Impl::Lock lock (impl->mutex);
                                       impl->settled.notify_all ();
                                     }),
                                     impl_.get (), nullptr)
            : 0;
  Impl::Lock lock (impl_->mutex);
  impl_->draining = true;
  impl_->wake ();
  const auto settled = [this] { return impl_->queue.empty (); };
  const auto over = [&] {
    return settled () || !impl_->session || impl_->quit
           || (cancellable && g_cancellable_is_cancelled (cancellable));
  };
  impl_->settled.wait_for (lock, std::chrono::microseconds (timeout), over);
  const bool done = settled ();
  impl_->draining = false;
  lock.unlock ();
  if (handler)
    g_cancellable_disconnect (cancellable, handler);
  return done;
}

LinkStats
RedisLink::stats () const
{
  Impl::Lock lock (impl_->mutex);
  LinkStats stats = impl_->stats;
  impl_->queue.count (&stats);
  return stats;
}

LinkState
RedisLink::state () const
{
  Impl::Lock lock (impl_->mutex);
  return impl_->stats.state;
}

} // namespace camwarden
