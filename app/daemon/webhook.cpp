// SPDX-License-Identifier: LGPL-2.1-or-later
/* Alerts to an HTTP server: one at a time, in order, each until it was taken or became too old. */
#include "common/backoff.h"
#include "config/settings.h"
#include "core/alerttemplate.h"
#include "daemon/alertjson.h"
#include "daemon/alertsinks.h"
#include "daemon/background.h"
#include "daemon/jsonfields.h"
#include "daemon/maincall.h"
#include "daemon/runtimefile.h"
#include "gobject/timer.h"

#include <deque>
#include <libsoup/soup.h>
#include <list>

namespace camwarden
{

namespace
{

constexpr size_t MOST_WAITING = 200, MOST_BODY = 65536;
constexpr gsize MOST_FILE = MOST_WAITING * (MOST_BODY * 2 + 100);

struct Letter
{
  int64_t wall = 0; /* us UTC: when it was written */
  std::string body;
  int64_t mono = 0; /* us; 0: by an earlier daemon */
};

/* The server says that it will never take this one. */
bool
is_final (unsigned status)
{
  return status == 400 || status == 413 || status == 415 || status == 422;
}

std::string
letters_json (const std::deque<Letter> &letters)
{
  std::string json = "[";
  for (const auto &letter : letters)
    json += (json.size () > 1 ? ",\n" : "")
            + JsonFields ().number ("time", letter.wall).text ("body", letter.body).finish ();
  return json + "]\n";
}

std::deque<Letter>
read_letters (const std::string &file)
{
  std::deque<Letter> letters;
  g_autofree char *text = nullptr;
  gsize size = 0;
  if (!g_file_get_contents (file.c_str (), &text, &size, nullptr) || size > MOST_FILE)
    return letters;
  const auto parser = Ref<JsonParser>::adopt (json_parser_new ());
  if (!json_parser_load_from_data (parser.get (), text, static_cast<gssize> (size), nullptr))
    return letters;
  JsonNode *root = json_parser_get_root (parser.get ());
  if (!root || !JSON_NODE_HOLDS_ARRAY (root))
    return letters;
  JsonArray *array = json_node_get_array (root);
  for (guint i = 0; i < json_array_get_length (array) && i < MOST_WAITING; i++) {
    JsonNode *node = json_array_get_element (array, i);
    if (!JSON_NODE_HOLDS_OBJECT (node))
      continue;
    JsonObject *object = json_node_get_object (node);
    letters.push_back ({ json_object_get_int_member_with_default (object, "time", 0),
                         json_object_get_string_member_with_default (object, "body", "") });
  }
  return letters;
}

class WebhookSink : public AlertSink
{
public:
  WebhookSink (std::string queue_file, std::string host, WebhookTimes times)
      : file_ (std::move (queue_file)), host_ (std::move (host)), times_ (times),
        wait_ (times.first_wait, times.longest_wait),
        session_ (Ref<SoupSession>::adopt (soup_session_new ())),
        cancel_ (Ref<GCancellable>::adopt (g_cancellable_new ())), random_ (g_random_int ())
  {
    soup_session_set_user_agent (session_.get (), "camwarden");
    in_background<std::deque<Letter>> ([file = file_] { return read_letters (file); },
                                       [this, here = life_.alive ()] (std::deque<Letter> old) {
                                         if (!here.expired ())
                                           loaded (std::move (old));
                                       });
  }
  ~WebhookSink () override { g_cancellable_cancel (cancel_.get ()); }

  void configure (const AlertsConfig &config) override;
  void send (const AlertMessage &message, int64_t wall) override;
  [[nodiscard]] bool
  is_used () const override
  {
    return !url_.empty ();
  }
  void test (const AlertMessage &message, int64_t wall, Tested done) override;

private:
  /* problem: "" on success. */
  using Posted = std::function<void (unsigned status, const std::string &problem)>;
  struct Attempt;
  struct Unsent;

  void loaded (std::deque<Letter> old);
  [[nodiscard]] std::string body (const AlertMessage &message, int64_t wall) const;
  void drop_old (int64_t wall);
  void turn ();
  void answered (unsigned status, const std::string &problem);
  void post (const std::string &body, Posted done);
  void drop (Unsent &unsent);
  void send_all (const std::string &token);
  void send (const std::string &body, const std::string &token, Posted done);
  void save ();

  const std::string file_, host_;
  const WebhookTimes times_;
  std::string url_, token_file_, template_; /* none of them is ever logged */
  std::deque<Letter> waiting_;              /* oldest first */
  bool loaded_ = false, posting_ = false;
  bool saving_ = false, unsaved_ = false;
  bool told_ = false;        /* the log knows that it does not work */
  std::list<Unsent> unsent_; /* their token is being read */
  bool reading_token_ = false;
  DecorrelatedJitter wait_;
  Timer again_;
  Ref<SoupSession> session_;
  Ref<GCancellable> cancel_; /* all that is under way, at the end */
  RandomSource random_;
  MainCall life_; /* tells an answer that comes too late */
};

void
WebhookSink::configure (const AlertsConfig &config)
{
  const bool other = std::exchange (url_, config.webhook) != config.webhook;
  token_file_ = config.webhook_token_file;
  template_ = config.webhook_template;
  if (other) {
    wait_.reset ();
    again_.cancel ();
    told_ = false;
  }
  if (url_.empty () && loaded_ && !waiting_.empty ()) {
    waiting_.clear ();
    save ();
  }
  turn ();
}

void
WebhookSink::loaded (std::deque<Letter> old)
{
  loaded_ = true;
  waiting_.insert (waiting_.begin (), old.begin (), old.end ());
  if (waiting_.size () != old.size ())
    save ();
  turn ();
}

std::string
WebhookSink::body (const AlertMessage &message, int64_t wall) const
{
  if (template_.empty ())
    return alert_json (message, wall, host_);
  return fill_template (template_, alert_values (message, wall, host_));
}

void
WebhookSink::send (const AlertMessage &message, int64_t wall)
{
  if (!is_used ())
    return;
  std::string text = body (message, wall);
  if (text.size () > MOST_BODY) {
    g_warning ("webhook: a message of %zu bytes is too long and is not sent", text.size ());
    return;
  }
  waiting_.push_back ({ wall, std::move (text), g_get_monotonic_time () });
  drop_old (wall);
  save ();
  turn ();
}

/* Those that nobody took in time, and the oldest of too many; not the one that is under way. */
void
WebhookSink::drop_old (int64_t wall)
{
  const size_t before = waiting_.size ();
  while (waiting_.size () > (posting_ ? 1 : 0)) {
    const auto oldest = waiting_.begin () + (posting_ ? 1 : 0);
    /* The wall clock may be set, by days after a boot without one; of an earlier daemon's messages
     * there is nothing better. */
    const int64_t age = oldest->mono ? g_get_monotonic_time () - oldest->mono : wall - oldest->wall;
    if (age < times_.longest_life && waiting_.size () <= MOST_WAITING)
      break;
    waiting_.erase (oldest);
  }
  if (waiting_.size () != before)
    g_warning ("webhook: %zu messages that could not be delivered are dropped",
               before - waiting_.size ());
}

void
WebhookSink::turn ()
{
  if (!loaded_ || posting_ || again_ || !is_used ())
    return;
  drop_old (g_get_real_time ());
  if (waiting_.empty ())
    return;
  posting_ = true;
  const int64_t posted = waiting_.front ().wall;
  post (waiting_.front ().body, [this, posted] (unsigned status, const std::string &problem) {
    posting_ = false;
    /* A reload may have sent all that waited away meanwhile. */
    if (waiting_.empty () || waiting_.front ().wall != posted)
      return turn ();
    answered (status, problem);
  });
}

void
WebhookSink::answered (unsigned status, const std::string &problem)
{
  if (!problem.empty () && !is_final (status)) {
    if (!std::exchange (told_, true))
      g_warning ("webhook: %s; it is tried again", problem.c_str ());
    const int64_t wait = wait_.next (random_);
    again_ = Timer::once (static_cast<guint> (wait / 1000), [this] {
      again_.cancel ();
      turn ();
    });
    return;
  }
  if (!problem.empty ())
    g_warning ("webhook: %s; this message is dropped: look at webhook-template", problem.c_str ());
  else if (std::exchange (told_, false))
    g_message ("webhook: works again");
  wait_.reset ();
  if (!waiting_.empty ())
    waiting_.pop_front ();
  save ();
  turn ();
}

/* One after the other, and only the newest state. */
void
WebhookSink::save ()
{
  if (!loaded_ || std::exchange (unsaved_, true) || saving_)
    return;
  saving_ = true;
  unsaved_ = false;
  auto written = [this, here = life_.alive ()] (const std::string &problem) {
    if (here.expired ())
      return;
    saving_ = false;
    if (!problem.empty ())
      g_warning ("webhook: %s; what waits is lost if camwardend ends", problem.c_str ());
    if (std::exchange (unsaved_, false))
      save ();
  };
  in_background<std::string> (
      [file = file_, text = letters_json (waiting_)] () -> std::string {
        g_autoptr (GError) error = nullptr;
        return write_file (file, text, 0600, &error) ? "" : error->message;
      },
      std::move (written));
}

/* --- one attempt --- */

struct WebhookSink::Attempt
{
  Posted done;
  std::weak_ptr<int> alive;
  Ref<SoupMessage> message;
  Ref<GCancellable> cancel;
  gulong with_all = 0; /* the link from the sink's own */
  Ref<GCancellable> all;
  Timer deadline;
  bool late = false;
};

std::string
problem_of (SoupMessage *message, const GError *error, bool late)
{
  if (late)
    return "no answer in time";
  if (error)
    return error->message;
  const unsigned status = soup_message_get_status (message);
  if (status >= 200 && status < 300)
    return {};
  return "the server answers " + std::to_string (status) + " "
         + (soup_message_get_reason_phrase (message) ? soup_message_get_reason_phrase (message)
                                                     : "");
}

/* Waits until its token is known. */
struct WebhookSink::Unsent
{
  std::string body;
  Posted done;
  Timer deadline;
};

/* One reader for all: it may hang with its disk. */
void
WebhookSink::post (const std::string &body, Posted done)
{
  if (token_file_.empty ())
    return send (body, "", std::move (done));
  Unsent &unsent = unsent_.emplace_back (Unsent{ body, std::move (done), {} });
  unsent.deadline = Timer::once (static_cast<guint> (times_.deadline / 1000),
                                 [this, &unsent] { drop (unsent); });
  if (std::exchange (reading_token_, true))
    return;
  in_background<std::string> ([file = token_file_] { return read_file (file); },
                              [this, here = life_.alive ()] (std::string token) {
                                token.resize (
                                    std::min (token.find_first_of ("\r\n"), token.size ()));
                                if (!here.expired ())
                                  send_all (token);
                              });
}

void
WebhookSink::drop (Unsent &unsent)
{
  const Posted done = std::move (unsent.done);
  unsent_.remove_if ([&unsent] (const Unsent &one) { return &one == &unsent; });
  done (0, "the file of its token cannot be read, the disk does not answer");
}

void
WebhookSink::send_all (const std::string &token)
{
  reading_token_ = false;
  for (Unsent &unsent : std::exchange (unsent_, {}))
    send (unsent.body, token, std::move (unsent.done));
}

/* Only the status counts: the answer's body is not read. */
void
WebhookSink::send (const std::string &body, const std::string &token, Posted done)
{
  SoupMessage *message = soup_message_new (SOUP_METHOD_POST, url_.c_str ());
  if (!message)
    return done (400, "the address is no URL");
  auto *attempt = new Attempt{ std::move (done),
                               life_.alive (),
                               Ref<SoupMessage>::adopt (message),
                               Ref<GCancellable>::adopt (g_cancellable_new ()),
                               0,
                               cancel_,
                               {},
                               false };
  soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT);
  const bool json = template_.empty () || is_json_template (template_);
  g_autoptr (GBytes) bytes = g_bytes_new (body.data (), body.size ());
  soup_message_set_request_body_from_bytes (
      message, json ? "application/json" : "text/plain; charset=utf-8", bytes);
  if (!token.empty ())
    soup_message_headers_replace (soup_message_get_request_headers (message), "Authorization",
                                  ("Bearer " + token).c_str ());
  attempt->deadline = Timer::once (static_cast<guint> (times_.deadline / 1000), [attempt] {
    attempt->late = true;
    g_cancellable_cancel (attempt->cancel.get ());
  });
  attempt->with_all
      = g_cancellable_connect (cancel_.get (), G_CALLBACK (+[] (GCancellable *, gpointer own) {
                                 g_cancellable_cancel (static_cast<GCancellable *> (own));
                               }),
                               attempt->cancel.get (), nullptr);
  soup_session_send_async (
      session_.get (), message, G_PRIORITY_DEFAULT, attempt->cancel.get (),
      [] (GObject *session, GAsyncResult *result, gpointer data) {
        const std::unique_ptr<Attempt> own (static_cast<Attempt *> (data));
        g_autoptr (GError) error = nullptr;
        g_autoptr (GInputStream) stream
            = soup_session_send_finish (SOUP_SESSION (session), result, &error);
        own->deadline.cancel ();
        g_cancellable_disconnect (own->all.get (), own->with_all);
        if (own->alive.expired ())
          return;
        const std::string problem = problem_of (own->message.get (), error, own->late);
        own->done (error ? 0 : soup_message_get_status (own->message.get ()), problem);
      },
      attempt);
}

void
WebhookSink::test (const AlertMessage &message, int64_t wall, Tested done)
{
  post (body (message, wall), [done = std::move (done)] (unsigned, const std::string &problem) {
    done ({ "webhook", problem.empty (),
            problem.empty () ? "The server took the message" : "Not delivered: " + problem });
  });
}

} // namespace

std::unique_ptr<AlertSink>
make_webhook_sink (std::string queue_file, std::string host, WebhookTimes times)
{
  return std::make_unique<WebhookSink> (std::move (queue_file), std::move (host), times);
}

} // namespace camwarden
