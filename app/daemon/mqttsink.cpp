// SPDX-License-Identifier: LGPL-2.1-or-later
/* Alerts over MQTT, announced so that Home Assistant finds them by itself. */
#include "config/settings.h"
#include "daemon/alertjson.h"
#include "daemon/alertsinks.h"
#include "daemon/jsonfields.h"
#include "daemon/mqttlink.h"
#include "gobject/timer.h"

#include <set>

namespace camwarden
{

namespace
{

constexpr guint TEST_PATIENCE_MS = 8000;

/* What may stand in a topic's level and in an id. */
std::string
plain (const std::string &text)
{
  std::string clean;
  for (const char c : text)
    clean += g_ascii_isalnum (c) || c == '-' || c == '_' ? c : '_';
  return clean;
}

/* What Home Assistant shows as one thing. */
struct Shown
{
  std::string id, name;
};

/* To which of them an alert belongs. */
std::string
shown_for (const Alert &alert)
{
  for (const char *prefix : { "camera/", "store/" })
    if (alert.part.starts_with (prefix))
      return "camera_" + alert.part.substr (std::string_view (prefix).size ());
  return alert.part == "redis" ? "redis" : "machine";
}

MqttSettings
link_settings (const AlertsConfig &config)
{
  MqttSettings settings;
  settings.tls = config.mqtt.starts_with ("mqtts://");
  std::string authority = config.mqtt.substr (settings.tls ? 8 : 7);
  settings.port = settings.tls ? 8883 : 1883;
  const size_t bracket = authority.rfind (']'), colon = authority.rfind (':');
  if (colon != std::string::npos && (bracket == std::string::npos || colon > bracket)) {
    settings.port
        = static_cast<int> (g_ascii_strtoll (authority.c_str () + colon + 1, nullptr, 10));
    authority.resize (colon);
  }
  if (authority.starts_with ('['))
    authority = authority.substr (1, authority.size () - 2);
  settings.host = authority;
  settings.user = config.mqtt_user;
  settings.password_file = config.mqtt_password_file;
  /* The same after a power cut: the broker then ends the old session before this one begins. */
  settings.client_id = plain (config.mqtt_topic);
  settings.availability = config.mqtt_topic + "/availability";
  return settings;
}

class MqttSink : public AlertSink
{
public:
  explicit MqttSink (std::string host) : host_ (std::move (host)) {}

  void configure (const AlertsConfig &config) override;
  void send (const AlertMessage &message, int64_t wall) override;
  void show (const std::vector<Alert> &open, const std::vector<std::string> &cameras) override;
  [[nodiscard]] bool
  is_used () const override
  {
    return link_ != nullptr;
  }
  void test (const AlertMessage &message, int64_t wall, Tested done) override;

private:
  void announce (const Shown &shown);
  void show_one (const Shown &shown, const std::vector<Alert> &open);
  void changed (bool connected, const std::string &why);

  const std::string host_;
  AlertsConfig config_;
  std::unique_ptr<MqttLink> link_;
  std::vector<Alert> open_;
  std::vector<std::string> cameras_;
  std::set<std::string> announced_;
  std::string trouble_ = "not tried yet";
  bool told_ = false; /* the log knows that it does not work */
  Timer test_timer_;  /* one test at a time */
  std::shared_ptr<Tested> testing_;
};

void
MqttSink::configure (const AlertsConfig &config)
{
  const bool same = config.mqtt == config_.mqtt && config.mqtt_user == config_.mqtt_user
                    && config.mqtt_password_file == config_.mqtt_password_file
                    && config.mqtt_topic == config_.mqtt_topic;
  config_ = config;
  if (same)
    return;
  link_.reset ();
  announced_.clear ();
  told_ = false;
  if (config.mqtt.empty ())
    return;
  link_ = std::make_unique<MqttLink> (
      link_settings (config),
      [this] (bool connected, const std::string &why) { changed (connected, why); });
  show (open_, cameras_);
}

void
MqttSink::changed (bool connected, const std::string &why)
{
  trouble_ = connected ? "" : why;
  if (!connected && !std::exchange (told_, true))
    g_warning ("mqtt: %s: %s; it is tried again and again", config_.mqtt.c_str (), why.c_str ());
  else if (connected && std::exchange (told_, false))
    g_message ("mqtt: connected");
}

void
MqttSink::send (const AlertMessage &message, int64_t wall)
{
  if (link_)
    link_->send (config_.mqtt_topic + "/alert", alert_json (message, wall, host_));
}

static std::string
discovery_topic (const std::string &host, const std::string &id)
{
  return "homeassistant/binary_sensor/camwarden_" + plain (host) + "/" + id + "/config";
}

static std::string
discovery_json (const std::string &host, const std::string &topic, const Shown &shown)
{
  const std::string node = "camwarden_" + plain (host);
  std::string json = JsonFields ()
                         .text ("name", shown.name)
                         .text ("unique_id", node + "_" + shown.id)
                         .text ("object_id", node + "_" + shown.id)
                         .text ("device_class", "problem")
                         .text ("state_topic", topic + "/" + shown.id + "/state")
                         .text ("json_attributes_topic", topic + "/" + shown.id + "/attributes")
                         .text ("availability_topic", topic + "/availability")
                         .finish ();
  json.pop_back ();
  const std::string identifiers[] = { node };
  return json + ",\"device\":"
         + JsonFields ()
               .texts ("identifiers", identifiers)
               .text ("name", "Camwarden " + host)
               .text ("manufacturer", "Camwarden")
               .finish ()
         + "}";
}

void
MqttSink::announce (const Shown &shown)
{
  if (announced_.insert (shown.id).second)
    link_->retain (discovery_topic (host_, shown.id),
                   discovery_json (host_, config_.mqtt_topic, shown));
}

void
MqttSink::show_one (const Shown &shown, const std::vector<Alert> &open)
{
  const Alert *worst = nullptr;
  std::vector<std::string> texts;
  for (const auto &alert : open)
    if (shown_for (alert) == shown.id) {
      texts.push_back (alert.text);
      if (!worst || alert.severity > worst->severity)
        worst = &alert;
    }
  JsonFields attributes;
  attributes.texts ("alerts", texts);
  if (worst)
    attributes.text ("severity", severity_name (worst->severity))
        .text ("code", worst->code)
        .text ("cause", worst->cause)
        .text ("done", worst->done)
        .number ("since", worst->since);
  const std::string topic = config_.mqtt_topic + "/" + shown.id;
  link_->retain (topic + "/attributes", attributes.finish ());
  link_->retain (topic + "/state", worst ? "ON" : "OFF");
}

void
MqttSink::show (const std::vector<Alert> &open, const std::vector<std::string> &cameras)
{
  open_ = open;
  cameras_ = cameras;
  if (!link_)
    return;
  std::vector<Shown> all{ { "machine", "Machine" }, { "redis", "Redis" } };
  for (const auto &camera : cameras)
    all.push_back ({ "camera_" + camera, "Camera " + camera });
  std::set<std::string> gone = announced_;
  for (const auto &shown : all) {
    announce (shown);
    show_one (shown, open);
    gone.erase (shown.id);
  }
  for (const auto &id : gone) {
    link_->retain (discovery_topic (host_, id), "");
    announced_.erase (id);
  }
}

void
MqttSink::test (const AlertMessage &message, int64_t wall, Tested done)
{
  if (!link_ || !link_->connected ())
    return done ({ "mqtt", false, "Not connected: " + trouble_ });
  if (testing_)
    return done ({ "mqtt", false, "Another test is under way" });
  testing_ = std::make_shared<Tested> (std::move (done));
  const auto answer = [this] (bool good) {
    test_timer_.cancel ();
    if (const auto waiting = std::exchange (testing_, {}))
      (*waiting) ({ "mqtt", good, good ? "The broker took the message" : "No answer in time" });
  };
  link_->ask (config_.mqtt_topic + "/alert", alert_json (message, wall, host_),
              [answer] { answer (true); });
  test_timer_ = Timer::once (TEST_PATIENCE_MS, [answer] { answer (false); });
}

} // namespace

std::unique_ptr<AlertSink>
make_mqtt_sink (std::string host)
{
  return std::make_unique<MqttSink> (std::move (host));
}

} // namespace camwarden
