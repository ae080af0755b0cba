// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/mqttlink.h"

#include "common/backoff.h"
#include "daemon/runtimefile.h"

#include <condition_variable>
#include <deque>
#include <map>
#include <mosquitto.h>
#include <mutex>
#include <thread>
#include <vector>

namespace camwarden
{

namespace
{

constexpr int KEEPALIVE = 30; /* seconds: the last will comes after one and a half times as long */
constexpr int LOOP_MS = 1000;
constexpr int64_t FIRST_WAIT = 1'000'000, LONGEST_WAIT = 60'000'000; /* us */
constexpr int QOS = 1;
/* What is retained is sent anew with each connection: it must not be queued over them besides. */
constexpr int RETAINED_QOS = 0;

struct Message
{
  std::string topic, payload;
};

/* The first line. */
std::string
password (const std::string &file)
{
  std::string text = file.empty () ? "" : read_file (file);
  text.resize (std::min (text.find_first_of ("\r\n"), text.size ()));
  return text;
}

} // namespace

struct MqttLink::Shared
{
  struct State
  {
    bool connected = false;
    std::map<std::string, std::string> retained;
    std::deque<Message> waiting;
    std::map<int, std::function<void ()>> asked; /* by message number */
  };

  void
  post (std::function<void ()> function)
  {
    main.with ([&function] (MainCall *to) {
      if (to)
        to->call (std::move (function));
    });
  }
  void run ();
  void prepare ();
  int serve ();
  bool pause ();
  void on_connect (int code);
  void on_disconnect ();
  void on_publish (int number);
  void tell (bool up, const std::string &why);
  int publish (const Message &message, bool keep);

  MqttSettings settings;
  std::function<void (bool, const std::string &)> changed; /* called on the main loop */
  mosquitto *client = nullptr; /* made before the thread; locks itself */
  Locked<State> state;
  Locked<MainCall *> main;

  std::mutex mutex; /* of these two */
  std::condition_variable wake;
  bool stop = false, ended = false;

  std::thread thread; /* the main thread's */
  /* The link's thread only. */
  DecorrelatedJitter wait{ FIRST_WAIT, LONGEST_WAIT };
  RandomSource random{ g_random_int () };
  std::string refusal;
};

int
MqttLink::Shared::publish (const Message &message, bool keep)
{
  int number = 0;
  const int code = mosquitto_publish (client, &number, message.topic.c_str (),
                                      static_cast<int> (message.payload.size ()),
                                      message.payload.data (), keep ? RETAINED_QOS : QOS, keep);
  return code == MOSQ_ERR_SUCCESS ? number : -1;
}

void
MqttLink::Shared::tell (bool up, const std::string &why)
{
  post ([this, up, why] { changed (up, why); }); /* lives longer than the link that is called */
}

void
MqttLink::Shared::on_connect (int code)
{
  if (code != 0) {
    refusal = mosquitto_connack_string (code);
    return;
  }
  publish ({ settings.availability, "online" }, true);
  /* Under the lock, so that nothing new comes before what is older; it only puts into a queue. */
  state.with ([this] (State &now) {
    for (const auto &[topic, payload] : now.retained)
      publish ({ topic, payload }, true);
    for (const auto &message : now.waiting)
      publish (message, false);
    now.waiting.clear ();
    now.connected = true;
  });
  tell (true, "");
}

void
MqttLink::Shared::on_disconnect ()
{
  state.with ([] (State &now) {
    now.connected = false;
    now.asked.clear ();
  });
}

void
MqttLink::Shared::on_publish (int number)
{
  auto done = state.with ([number] (State &now) {
    const auto found = now.asked.find (number);
    if (found == now.asked.end ())
      return std::function<void ()> ();
    auto function = std::move (found->second);
    now.asked.erase (found);
    return function;
  });
  if (done)
    post (std::move (done));
}

/* Before each attempt: the password may have changed. */
void
MqttLink::Shared::prepare ()
{
  const std::string secret = password (settings.password_file);
  mosquitto_username_pw_set (client, settings.user.empty () ? nullptr : settings.user.c_str (),
                             secret.empty () ? nullptr : secret.c_str ());
  refusal.clear ();
}

/* From connecting to the loss of the connection. */
int
MqttLink::Shared::serve ()
{
  prepare ();
  int code = mosquitto_connect_async (client, settings.host.c_str (), settings.port, KEEPALIVE);
  bool leaving = false;
  while (code == MOSQ_ERR_SUCCESS) {
    code = mosquitto_loop (client, leaving ? 50 : LOOP_MS, 1);
    const std::lock_guard<std::mutex> lock (mutex);
    if (!stop || std::exchange (leaving, true))
      continue;
    publish ({ settings.availability, "offline" }, true);
    mosquitto_disconnect (client);
  }
  on_disconnect ();
  return code;
}

/* False: it is to end. */
bool
MqttLink::Shared::pause ()
{
  std::unique_lock<std::mutex> lock (mutex);
  wake.wait_for (lock, std::chrono::microseconds (wait.next (random)), [this] { return stop; });
  return !stop;
}

void
MqttLink::Shared::run ()
{
  do {
    const int64_t begin = g_get_monotonic_time ();
    const int code = serve ();
    /* A broker that ends each connection is not asked every second for ever. */
    if (g_get_monotonic_time () - begin > LONGEST_WAIT)
      wait.reset ();
    const std::string why = refusal.empty () ? mosquitto_strerror (code) : refusal;
    tell (false, why);
  } while (pause ());
  const std::lock_guard<std::mutex> lock (mutex);
  ended = true;
  wake.notify_all ();
}

MqttLink::MqttLink (MqttSettings settings,
                    std::function<void (bool connected, const std::string &)> changed)
    : shared_ (std::make_shared<Shared> ())
{
  static const int ready [[maybe_unused]] = mosquitto_lib_init ();
  Shared &shared = *shared_;
  shared.settings = std::move (settings);
  shared.changed = std::move (changed);
  shared.main.set (&main_);
  shared.client = mosquitto_new (shared.settings.client_id.c_str (), true, &shared);
  mosquitto_threaded_set (shared.client, true);
  if (shared.settings.tls)
    mosquitto_int_option (shared.client, MOSQ_OPT_TLS_USE_OS_CERTS, 1);
  mosquitto_will_set (shared.client, shared.settings.availability.c_str (), 7, "offline", QOS,
                      true);
  mosquitto_connect_callback_set (shared.client, [] (mosquitto *, void *self, int code) {
    static_cast<Shared *> (self)->on_connect (code);
  });
  mosquitto_disconnect_callback_set (shared.client, [] (mosquitto *, void *self, int) {
    static_cast<Shared *> (self)->on_disconnect ();
  });
  mosquitto_publish_callback_set (shared.client, [] (mosquitto *, void *self, int number) {
    static_cast<Shared *> (self)->on_publish (number);
  });
  shared.thread = std::thread ([own = shared_] {
    own->run ();
    mosquitto_destroy (own->client);
  });
}

MqttLink::~MqttLink ()
{
  Shared &shared = *shared_;
  const bool up = connected ();
  bool ended = false;
  {
    std::unique_lock<std::mutex> lock (shared.mutex);
    shared.stop = true;
    shared.wake.notify_all ();
    if (up) /* wakes the loop */
      shared.publish ({ shared.settings.availability, "offline" }, true);
    ended = shared.wake.wait_for (lock, std::chrono::microseconds (STOP_PATIENCE),
                                  [&shared] { return shared.ended; });
  }
  shared.main.set (nullptr);
  if (ended)
    shared.thread.join ();
  else
    shared.thread.detach (); /* it looks for the host still, and ends after that */
}

bool
MqttLink::connected () const
{
  return shared_->state.with ([] (const Shared::State &now) { return now.connected; });
}

void
MqttLink::retain (const std::string &topic, const std::string &payload)
{
  shared_->state.with ([&] (Shared::State &now) {
    const auto known = now.retained.find (topic);
    if (known != now.retained.end () && known->second == payload)
      return;
    now.retained[topic] = payload;
    if (now.connected)
      shared_->publish ({ topic, payload }, true);
  });
}

void
MqttLink::send (const std::string &topic, const std::string &payload)
{
  shared_->state.with ([&] (Shared::State &now) {
    if (now.connected) {
      shared_->publish ({ topic, payload }, false);
      return;
    }
    now.waiting.push_back ({ topic, payload });
    if (now.waiting.size () > MOST_WAITING)
      now.waiting.pop_front ();
  });
}

void
MqttLink::ask (const std::string &topic, const std::string &payload, std::function<void ()> done)
{
  shared_->state.with ([&] (Shared::State &now) {
    const int number = now.connected ? shared_->publish ({ topic, payload }, false) : -1;
    if (number >= 0)
      now.asked[number] = std::move (done);
  });
}

} // namespace camwarden
