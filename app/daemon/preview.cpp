// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/preview.h"

namespace camwarden
{

namespace
{

constexpr guint TICK_MS = 500;                /* also the rate of snapshots */
constexpr int64_t PATIENCE = G_USEC_PER_SEC;  /* without Redis, before the worker is asked */
constexpr int64_t FRESH = 5 * G_USEC_PER_SEC; /* so old a frame may greet a new watcher */
constexpr size_t MAX_FRAME = 64 * 1024 * 1024;

} // namespace

Preview::Mailbox::~Mailbox ()
{
  if (GBytes *left = take ())
    g_bytes_unref (left);
}

bool
Preview::Mailbox::put (std::string_view jpeg)
{
  GBytes *frame = g_bytes_new (jpeg.data (), jpeg.size ());
  GBytes *before = newest.with ([frame] (GBytes *&slot) { return std::exchange (slot, frame); });
  if (!before)
    return true;
  g_bytes_unref (before);
  return false;
}

GBytes *
Preview::Mailbox::take ()
{
  return newest.with ([] (GBytes *&slot) { return std::exchange (slot, nullptr); });
}

Preview::Preview (Ways ways) : ways_ (std::move (ways))
{}

Preview::~Preview ()
{
  close ();
}

void
Preview::watch (uint64_t token, FrameArrived arrived)
{
  const bool first = watchers_.empty ();
  watchers_[token] = std::move (arrived);
  if (first)
    open ();
  if (!latest_ || g_get_monotonic_time () - latest_at_ > FRESH)
    return;
  main_.call ([this, token] {
    const auto found = watchers_.find (token);
    if (found == watchers_.end () || !latest_)
      return;
    const FrameArrived greet = found->second;
    g_autoptr (GBytes) jpeg = g_bytes_ref (latest_);
    greet (jpeg);
  });
}

bool
Preview::unwatch (uint64_t token)
{
  if (watchers_.erase (token) == 0)
    return false;
  if (watchers_.empty ())
    close ();
  return true;
}

void
Preview::set_ways (Ways ways)
{
  close ();
  ways_ = std::move (ways);
  if (!watchers_.empty ())
    open ();
}

void
Preview::suspend (bool on)
{
  if (std::exchange (suspended_, on) == on || watchers_.empty ())
    return;
  if (on)
    close ();
  else
    open ();
}

void
Preview::open ()
{
  if (suspended_)
    return;
  ready_ = false;
  unready_since_ = g_get_monotonic_time ();
  local_ = !ways_.redis;
  if (ways_.watched)
    ways_.watched (true);
  tick_ = SourceId (g_timeout_add (
      TICK_MS,
      [] (gpointer self) -> gboolean {
        static_cast<Preview *> (self)->tick ();
        return G_SOURCE_CONTINUE;
      },
      this));
  if (local_)
    return ask_worker ();
  RedisSettings settings = *ways_.redis;
  settings.max_reply = MAX_FRAME;
  RedisLink::Events events;
  events.state = [this] (LinkState state, const std::string &) {
    main_.call ([this, state] { link_state (state); });
  };
  events.message = [this, mailbox = mailbox_] (std::string_view, std::string_view jpeg) {
    if (mailbox->put (jpeg))
      main_.call ([this] { fetch (); });
  };
  const std::string channel = settings.where.channel;
  link_ = std::make_unique<RedisLink> (std::move (settings), std::move (events));
  link_->subscribe ({ channel });
  link_->start ();
}

void
Preview::close ()
{
  if (!tick_)
    return;
  tick_.reset ();
  link_.reset ();
  g_clear_pointer (&latest_, g_bytes_unref);
  ready_ = false;
  local_ = false;
  if (GBytes *left = mailbox_->take ())
    g_bytes_unref (left);
  if (ways_.watched)
    ways_.watched (false);
}

void
Preview::link_state (LinkState state)
{
  const bool ready = state == LinkState::Ready;
  if (ready_ && !ready)
    unready_since_ = g_get_monotonic_time ();
  ready_ = ready;
  if (ready)
    local_ = false;
}

void
Preview::fetch ()
{
  g_autoptr (GBytes) jpeg = mailbox_->take ();
  if (jpeg && link_)
    deliver (jpeg);
}

void
Preview::deliver (GBytes *jpeg)
{
  g_clear_pointer (&latest_, g_bytes_unref);
  latest_ = g_bytes_ref (jpeg);
  latest_at_ = g_get_monotonic_time ();
  /* A watcher may leave, or make another one leave, while it is served. */
  const std::map<uint64_t, FrameArrived> present = watchers_;
  for (const auto &[token, arrived] : present)
    if (watchers_.count (token))
      arrived (jpeg);
}

void
Preview::tick ()
{
  if (ways_.redis)
    local_ = !ready_ && g_get_monotonic_time () - unready_since_ > PATIENCE;
  if (local_)
    ask_worker ();
}

void
Preview::ask_worker ()
{
  if (asking_ || !ways_.snapshot)
    return;
  asking_ = true;
  /* The answer may come when this object has gone. */
  ways_.snapshot ([this, here = main_.alive ()] (GBytes *jpeg, const GError *error) {
    if (here.expired ())
      return;
    asking_ = false;
    if (jpeg && !error && local_ && !watchers_.empty ())
      deliver (jpeg);
  });
}

} // namespace camwarden
