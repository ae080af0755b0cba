// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/schema.h"

#include "config/config.h"
#include "config/reference.h"
#include "support/asserttext.h"
#include "support/tempdir.h"

#include <set>

using namespace camwarden;

static std::string
place (const Key &key)
{
  return "[" + std::string (key.group) + "] " + key.name;
}

static void
expect (const Key &key, const std::string &text, ValueProblem problem)
{
  const ParsedValue parsed = parse_value (key, text);
  if (parsed.problem != problem)
    g_error ("%s = \"%s\": problem %d, expected %d", place (key).c_str (), text.c_str (),
             static_cast<int> (parsed.problem), static_cast<int> (problem));
}

static bool
has_range (const Key &key)
{
  return key.min != 0 || key.max != 0;
}

/* A number of the key's kind as one would write it. */
static std::string
written (const Key &key, double number)
{
  switch (key.type) {
  case KeyType::Duration:
  case KeyType::LevelsTime:
    return format_number (number) + "s";
  case KeyType::Share:
  case KeyType::SizeOrShare:
  case KeyType::LevelsShare:
    return format_number (number * 100) + "%";
  case KeyType::Integer:
  case KeyType::Size:
    return std::to_string (static_cast<int64_t> (number));
  default:
    return format_number (number);
  }
}

static bool
is_levels (const Key &key)
{
  return key.type == KeyType::Levels || key.type == KeyType::LevelsShare
         || key.type == KeyType::LevelsTime;
}

static void
test_table ()
{
  std::set<std::string> seen, groups;
  for (const Group &group : schema_groups ())
    groups.insert (group.name);
  for (const Key &key : schema_keys ()) {
    g_assert_true (seen.insert (place (key)).second);
    g_assert_true (groups.count (key.group) == 1);
    g_assert_true (*key.doc && !std::string_view (key.doc).ends_with ('.'));
    g_assert_true (find_key (key.group, key.name) == &key);
    if (!*key.fallback && key.type != KeyType::Addresses)
      g_assert_true (*key.derived);
    const bool words = key.type == KeyType::Choice || key.type == KeyType::Flags;
    g_assert_true (words == (*key.words != 0));
  }
  g_assert_true (find_key ("camera:front", "width") == find_key ("camera", "width"));
  g_assert_null (find_key ("redis", "width"));
}

static void
test_defaults ()
{
  for (const Key &key : schema_keys ())
    expect (key, key.fallback, ValueProblem::None);
}

static void
test_ranges ()
{
  for (const Key &key : schema_keys ()) {
    if (!has_range (key) || is_levels (key))
      continue;
    const bool whole = key.type == KeyType::Integer || key.type == KeyType::Size;
    const double step = whole ? 1 : key.type == KeyType::Fraction ? 1 : 0.001;
    expect (key, written (key, key.min), ValueProblem::None);
    expect (key, written (key, key.max), ValueProblem::None);
    expect (key, written (key, key.max + step), ValueProblem::OutOfRange);
    const bool below_zero
        = key.min - step < 0 && (key.type == KeyType::Size || key.type == KeyType::Fraction);
    if (!below_zero)
      expect (key, written (key, key.min - step), ValueProblem::OutOfRange);
  }
}

static void
test_levels ()
{
  for (const Key &key : schema_keys ()) {
    if (!is_levels (key))
      continue;
    const std::string low = written (key, key.min), high = written (key, key.max);
    expect (key, low + ";" + high, ValueProblem::None);
    expect (key, high + " ; " + high, ValueProblem::None);
    expect (key, high + ";" + low, ValueProblem::LevelsOrder);
    expect (key, low + ";" + written (key, key.max + 1), ValueProblem::OutOfRange);
    expect (key, written (key, key.min - 1) + ";" + high, ValueProblem::OutOfRange);
    expect (key, low, ValueProblem::NotLevels);
    expect (key, low + ";" + high + ";" + high, ValueProblem::NotLevels);
    expect (key, "low;high", ValueProblem::NotLevels);
  }
}

/* What a key of each type cannot be, and why. */
static const struct
{
  KeyType type;
  const char *text;
  ValueProblem problem;
} wrong_values[] = {
  { KeyType::Bool, "maybe", ValueProblem::NotBool },
  { KeyType::Bool, "", ValueProblem::Empty },
  { KeyType::Integer, "many", ValueProblem::NotInteger },
  { KeyType::Integer, "1.5", ValueProblem::NotInteger },
  { KeyType::Integer, "", ValueProblem::Empty },
  { KeyType::Number, "much", ValueProblem::NotNumber },
  { KeyType::Number, "nan", ValueProblem::NotNumber },
  { KeyType::Duration, "5", ValueProblem::NotDuration },
  { KeyType::Duration, "soon", ValueProblem::NotDuration },
  { KeyType::Size, "big", ValueProblem::NotSize },
  { KeyType::Size, "-5MiB", ValueProblem::NotSize },
  { KeyType::Share, "0.5", ValueProblem::NotShare },
  { KeyType::SizeOrShare, "half", ValueProblem::NotSizeOrShare },
  { KeyType::Fraction, "fast", ValueProblem::NotFraction },
  { KeyType::Fraction, "1/0", ValueProblem::NotFraction },
  { KeyType::Choice, "sometimes", ValueProblem::NotAWord },
  { KeyType::Flags, "pubsub,radio", ValueProblem::NotAWord },
  { KeyType::Flags, ",", ValueProblem::Empty },
  { KeyType::Path, "relative/path", ValueProblem::NotAbsolute },
  { KeyType::Path, "/a\tb", ValueProblem::ControlCharacter },
  { KeyType::Channel, "two words", ValueProblem::NotAChannel },
  { KeyType::Address, "localhost", ValueProblem::NotAnAddress },
  { KeyType::Address, "1.2.3", ValueProblem::NotAnAddress },
  { KeyType::Addresses, "127.0.0.1", ValueProblem::NotAnAddress },
  { KeyType::Addresses, "*:5000", ValueProblem::NotAnAddress },
  { KeyType::Addresses, "::1:5000", ValueProblem::NotAnAddress },
  { KeyType::Addresses, "[127.0.0.1]:5000", ValueProblem::NotAnAddress },
  { KeyType::Addresses, "127.0.0.1:70000", ValueProblem::NotAnAddress },
  { KeyType::Hosts, "good.host,bad/host", ValueProblem::NotAHost },
  { KeyType::RedisServer, "localhost:6379", ValueProblem::NotRedisUri },
  { KeyType::RedisServer, "http://localhost", ValueProblem::NotRedisUri },
  { KeyType::RedisServer, "redis://", ValueProblem::NotRedisUri },
  { KeyType::RedisServer, "redis://host:99999", ValueProblem::NotRedisUri },
  { KeyType::RedisServer, "redis://host/cam:a:frame", ValueProblem::HasChannel },
  { KeyType::RedisServer, "redis+unix:///run/r.sock?channel=a", ValueProblem::HasChannel },
  { KeyType::RedisServer, "redis://user:word@host", ValueProblem::HasPassword },
  { KeyType::RedisServer, "redis+unix:///run/r.sock?password=x", ValueProblem::HasPassword },
  { KeyType::RedisLocation, "redis://:word@host/cam", ValueProblem::HasPassword },
  { KeyType::RedisLocation, "redis+unix://relative", ValueProblem::NotRedisUri },
  { KeyType::Url, "ftp://host", ValueProblem::NotUrl },
  { KeyType::Url, "http://host/hook", ValueProblem::NotUrl },
  { KeyType::Url, "https://user:word@host", ValueProblem::HasPassword },
  { KeyType::MqttServer, "host:1883", ValueProblem::NotMqttUri },
  { KeyType::MqttServer, "mqtt://", ValueProblem::NotMqttUri },
  { KeyType::MqttServer, "mqtt://host/topic", ValueProblem::NotMqttUri },
  { KeyType::MqttServer, "mqtt://user:word@host", ValueProblem::HasPassword },
  { KeyType::MqttTopic, "all/#", ValueProblem::NotATopic },
  { KeyType::MqttTopic, "/camwarden", ValueProblem::NotATopic },
};

static void
test_wrong_types ()
{
  std::set<KeyType> covered;
  for (const Key &key : schema_keys ())
    for (const auto &wrong : wrong_values)
      if (wrong.type == key.type) {
        expect (key, wrong.text, wrong.problem);
        covered.insert (key.type);
      }
  for (const Key &key : schema_keys ())
    if (!is_levels (key) && key.type != KeyType::Text)
      g_assert_true (covered.count (key.type) == 1);
}

static const struct
{
  const char *group, *key, *text;
} right_values[] = {
  { "redis", "uri", "redis://host" },
  { "redis", "uri", "redis://me@host:6379/2" },
  { "redis", "uri", "rediss://[::1]:6380/" },
  { "redis", "uri", "redis+unix:///run/redis.sock?db=2&user=me" },
  { "camera", "location", "redis://host/stream/front" },
  { "camera", "location", "redis://host/2/cam:{a}:frame" },
  { "camera", "location", "redis+unix:///run/r.sock?channel=cam:a:frame" },
  { "camera", "source", "v4l2src device=/dev/video0 extra-controls=\"c,focus_auto=0\" ! queue" },
  { "camera", "modes", "pubsub+key" },
  { "camera", "modes", "stream, key" },
  { "http", "listen", "127.0.0.1:5000, [::1]:5000, localhost:0, 0.0.0.0:80" },
  { "http", "listen", "" },
  { "http", "hosts", "press-3.example.org, press_4" },
  { "alerts", "webhook", "https://hooks.example.org:8443/x?y=z" },
  { "alerts", "webhook", "http://127.0.0.1:9000/alert" },
  { "alerts", "mqtt", "mqtt://broker.example.org" },
  { "alerts", "mqtt", "mqtts://[::1]:8883" },
  { "alerts", "mqtt-topic", "house/camwarden" },
  { "redis", "embedded-listen", "fe80::1" },
};

static void
test_right_values ()
{
  for (const auto &right : right_values)
    expect (*find_key (right.group, right.key), right.text, ValueProblem::None);
  const auto flags = parse_value (*find_key ("camera", "modes"), "key stream key").value;
  g_assert_true (std::get<std::vector<std::string>> (flags)
                 == (std::vector<std::string>{ "stream", "key" }));
}

static void
test_camera_ids ()
{
  for (const char *id : { "a", "front-2", "0", "abcdefghijklmnopqrstuvwxyz012345" })
    g_assert_true (is_camera_id (id));
  for (const char *id :
       { "", "Front", "a b", "a/b", "a_b", "..", "\xc3\xa4", "abcdefghijklmnopqrstuvwxyz0123456" })
    g_assert_false (is_camera_id (id));
}

static std::string
source_file (const char *name)
{
  g_autofree char *text = nullptr;
  const std::string path = std::string (g_getenv ("CAMWARDEN_SOURCE_ROOT")) + "/" + name;
  if (!g_file_get_contents (path.c_str (), &text, nullptr, nullptr))
    return {};
  return text;
}

static void
test_generated_files ()
{
  g_test_message ("if this fails: ninja -C build update-config-docs");
  g_assert_true (source_file ("data/camwarden.conf") == example_configuration ());
  g_assert_true (source_file ("docs/configuration.md") == configuration_reference ());
  g_assert_true (source_file ("man/camwarden.conf.5.scd") == configuration_manual ());
}

static std::optional<Config>
load_text (const TempDir &dir, const std::string &text)
{
  ConfigSources sources;
  sources.paths.single_file = dir.write ("one.conf", text);
  std::vector<Finding> findings;
  auto config = Config::load (sources, findings);
  for (const auto &finding : findings)
    g_test_message ("%s", finding.message ().c_str ());
  return config;
}

/* The example says what the defaults are: with all its keys in force nothing changes. */
static void
test_example_is_the_default ()
{
  const TempDir dir;
  std::string text;
  for (const auto &line : split_words (example_configuration (), "\n")) {
    const bool key = line.size () > 1 && line[0] == '#' && line[1] != ' ';
    text += (key ? line.substr (1) : line) + "\n";
  }
  const auto plain = load_text (dir, "[camera:front]\n"), example = load_text (dir, text);
  g_assert_true (plain.has_value () && example.has_value ());
  g_assert_true (example->changes_since (*plain).none ());
  g_assert_true (example->all_cameras () == plain->all_cameras ());
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/schema/table", test_table);
  g_test_add_func ("/schema/defaults", test_defaults);
  g_test_add_func ("/schema/ranges", test_ranges);
  g_test_add_func ("/schema/levels", test_levels);
  g_test_add_func ("/schema/wrong-types", test_wrong_types);
  g_test_add_func ("/schema/right-values", test_right_values);
  g_test_add_func ("/schema/camera-ids", test_camera_ids);
  g_test_add_func ("/schema/generated-files", test_generated_files);
  g_test_add_func ("/schema/example-is-the-default", test_example_is_the_default);
  return g_test_run ();
}
