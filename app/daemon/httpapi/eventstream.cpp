// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/httpapi/eventstream.h"

#include "daemon/httpapi/exchange.h"
#include "daemon/httpapi/recordsjson.h"
#include "gobject/timer.h"

#include <deque>

namespace camwarden
{

namespace
{

constexpr size_t most_waiting = 1 << 20; /* bytes */
constexpr size_t page = 100;             /* events that are asked for at once */
constexpr size_t most_live = 1000;       /* events that wait for the end of the past */

class EventStream : public std::enable_shared_from_this<EventStream>
{
public:
  EventStream (ApiModel &model, std::weak_ptr<Exchange> exchange, EventStreamOptions options)
      : model_ (model), exchange_ (std::move (exchange)), last_ (options.after.value_or (0)),
        past_ (options.after.has_value ()), keepalive_ (Timer::every (options.keepalive_ms, [this] {
          if (unwritten_ == 0)
            send (": still here\n\n");
        }))
  {}

  ~EventStream () { leave (); }

  EventStream (const EventStream &) = delete;
  EventStream &operator= (const EventStream &) = delete;

  void
  begin ()
  {
    watch_ = model_.watch ({ .event = [this] (const Event &event) { told (event); },
                             .alert = [this] (const Alert &alert) { told (alert); } });
    send ("retry: 3000\n\n");
    if (past_)
      fetch ();
  }

  void
  leave ()
  {
    if (const uint64_t token = std::exchange (watch_, 0))
      model_.unwatch (token);
    keepalive_.cancel ();
    waiting_.clear ();
    live_.clear ();
  }

  void
  wrote_chunk ()
  {
    if (--unwritten_ > 0)
      return;
    if (!waiting_.empty ())
      write (std::exchange (waiting_, {}));
    else if (past_)
      fetch ();
    else if (const auto exchange = exchange_.lock ())
      exchange->stream_idle ();
  }

private:
  void
  told (const Event &event)
  {
    if (!past_)
      return send (event);
    live_.push_back (event);
    if (live_.size () > most_live) {
      live_.pop_front ();
      lost_live_ = true;
    }
  }

  void
  told (const Alert &alert)
  {
    send ("event: alert\ndata: " + alert_text (alert, g_get_real_time ()) + "\n\n");
  }

  /* One page at a time, the next when the client has taken it. After 0 would mean newest first; no
   * event has the id 1, they begin at the time in seconds. */
  void
  fetch ()
  {
    if (std::exchange (fetching_, true))
      return;
    lost_live_ = false;
    model_.events (
        { .after = std::max<int64_t> (last_, 1), .limit = page },
        [weak = weak_from_this ()] (const std::vector<Event> &events, const std::string &error) {
          if (const auto self = weak.lock ())
            self->fetched (events, error);
        });
  }

  void
  fetched (const std::vector<Event> &events, const std::string &error)
  {
    fetching_ = false;
    for (const Event &event : events)
      send (event);
    if (!error.empty ())
      send (": what came before cannot be read\n\n");
    if (error.empty () && (events.size () >= page || (lost_live_ && !events.empty ()))) {
      if (unwritten_ == 0)
        fetch ();
      return;
    }
    past_ = false;
    for (const Event &event : std::exchange (live_, {}))
      send (event);
  }

  void
  send (const Event &event)
  {
    if (event.id && event.id <= last_)
      return;
    std::string text;
    if (event.id)
      text = "id: " + std::to_string (event.id) + "\n";
    last_ = std::max (last_, event.id);
    send (text + "event: " + event.kind + "\ndata: " + event_text (event) + "\n\n");
  }

  void
  send (const std::string &text)
  {
    if (ended_)
      return;
    if (unwritten_ == 0)
      return write (text);
    waiting_ += text;
    if (waiting_.size () <= most_waiting)
      return;
    ended_ = true;
    leave ();
    if (const auto exchange = exchange_.lock ())
      exchange->end_stream ();
  }

  void
  write (const std::string &text)
  {
    const auto exchange = exchange_.lock ();
    if (!exchange)
      return;
    g_autoptr (GBytes) bytes = g_bytes_new (text.data (), text.size ());
    unwritten_++;
    exchange->write (bytes);
  }

  ApiModel &model_;
  std::weak_ptr<Exchange> exchange_;
  int64_t last_; /* the newest event that was sent */
  bool past_;    /* what came before is not all sent yet */
  bool fetching_ = false;
  bool ended_ = false;
  std::deque<Event> live_; /* happened meanwhile */
  bool lost_live_ = false; /* some of them, so they are to be fetched */
  uint64_t watch_ = 0;
  unsigned unwritten_ = 0; /* pieces handed over and not taken by the socket */
  std::string waiting_;    /* for that */
  Timer keepalive_;
};

} // namespace

void
stream_events (ApiModel &model, const std::shared_ptr<Exchange> &exchange,
               EventStreamOptions options)
{
  if (!exchange->begin_stream ("text/event-stream"))
    return;
  if (exchange->method () == "HEAD")
    return;
  auto stream = std::make_shared<EventStream> (model, exchange, options);
  exchange->wrote_chunk = [stream] { stream->wrote_chunk (); };
  exchange->finished = [stream] { stream->leave (); };
  stream->begin ();
}

} // namespace camwarden
