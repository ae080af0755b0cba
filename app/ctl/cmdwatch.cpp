// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/i18n.h"
#include "config/schema.h"
#include "ctl/command.h"
#include "ctl/exitstatus.h"
#include "ctl/frameconsumer.h"
#include "ctl/interrupt.h"
#include "ctl/watchview.h"

#include <cstdio>

namespace camwarden
{

namespace
{

constexpr double patience = 5; /* seconds for the first connection */
constexpr size_t most_rates = 60;

struct WatchOptions
{
  char *camera = nullptr;
  char *uri = nullptr;
  char *password_file = nullptr;
  double interval = 1, duration = 0;
  gboolean stream = FALSE;

  WatchOptions () = default;
  WatchOptions (const WatchOptions &) = delete;
  ~WatchOptions ()
  {
    for (char *text : { camera, uri, password_file })
      g_free (text);
  }
};

/* The camera that is meant, as the daemon describes it. */
JsonObject *
choose_camera (JsonNode *answer, const char *id)
{
  const auto cameras = json_objects (json_node_get_object (answer), "cameras");
  for (JsonObject *camera : cameras)
    if (!id || json_text (camera, "id") == id)
      return camera;
  return nullptr;
}

std::string
with_channel (const RedisLocation &server, const std::string &uri, const std::string &channel)
{
  if (server.socket_path.empty ())
    return uri + (uri.ends_with ("/") ? "" : "/") + channel;
  return uri + (uri.find ('?') == std::string::npos ? "?" : "&") + "channel=" + channel;
}

struct Source
{
  std::string uri;
  FramesFrom from = FramesFrom::Channel;
};

/* A camera that is read from its stream, or not at all. */
bool
choose_mode (JsonObject *camera, Source &source, ClientError &error)
{
  const std::string modes = "+" + json_text (camera, "modes") + "+";
  const auto has = [&] (const char *mode) {
    return modes.find (std::string ("+") + mode + "+") != std::string::npos;
  };
  if (modes == "++" || has ("pubsub"))
    return true;
  if (!has ("stream")) {
    error = { EXIT_MISSING, _ ("this camera's frames go neither to a channel nor to a stream; see "
                               "modes in camwarden.conf(5)") };
    return false;
  }
  source.from = FramesFrom::Stream;
  return true;
}

/* Where the daemon says that the camera's frames are. */
std::optional<Source>
ask_location (CtlContext &context, const char *id, ClientError &error)
{
  Client &client = context.client ();
  const JsonNodePtr status = client.get ("/api/status", error);
  const JsonNodePtr cameras = status ? client.get ("/api/cameras", error) : JsonNodePtr{};
  if (!cameras)
    return {};
  JsonObject *camera = choose_camera (cameras.get (), id);
  if (!camera) {
    error = { EXIT_MISSING, id ? take_string (g_strdup_printf (_ ("there is no camera \"%s\""), id))
                               : std::string (_ ("no camera is configured")) };
    return {};
  }
  const std::string channel = json_text (camera, "channel");
  const std::string uri
      = json_text (json_object (json_node_get_object (status.get ()), "redis"), "uri");
  const auto server = parse_redis_location (uri.c_str (), nullptr);
  if (!server || channel.empty ()) {
    error = { EXIT_UNKNOWN, _ ("the daemon does not say where the frames are yet; name the place "
                               "with --uri redis://HOST:PORT/CHANNEL") };
    return {};
  }
  if (!context.options.url.empty ()
      && (server->host.starts_with ("127.") || server->host.empty ())) {
    error = { EXIT_UNREACHABLE, _ ("that machine's Redis listens on its own address alone; see "
                                   "embedded-listen in camwarden.conf(5)") };
    return {};
  }
  Source source{ with_channel (*server, uri, channel) };
  if (!choose_mode (camera, source, error))
    return {};
  return source;
}

std::optional<RedisSettings>
settings_for (const Source &source, const WatchOptions &options, ClientError &error)
{
  g_autoptr (GError) problem = nullptr;
  auto where = parse_redis_location (source.uri.c_str (), &problem);
  if (!where) {
    error = { EXIT_USAGE, problem->message };
    return {};
  }
  if (where->channel.empty ()) {
    error = { EXIT_USAGE, _ ("--uri names the channel too: redis://HOST:PORT/cam:front:frame") };
    return {};
  }
  RedisSettings settings;
  settings.where = std::move (*where);
  if (options.password_file)
    settings.password_file = options.password_file;
  return settings;
}

bool
wait_for_connection (const FrameConsumer &consumer, Interrupt &interrupt)
{
  const int64_t begin = g_get_monotonic_time ();
  while (!consumer.connected ())
    if (g_get_monotonic_time () - begin > patience * G_USEC_PER_SEC || !interrupt.wait (0.05))
      return false;
  return true;
}

void
show (CtlContext &context, const FrameFigures &figures, std::vector<double> &rates)
{
  rates.push_back (figures.fps ());
  if (rates.size () > most_rates)
    rates.erase (rates.begin ());
  if (context.options.json)
    fputs (figures_json (figures, false).c_str (), stdout);
  else if (context.terminal.screen)
    print (context.terminal, "\r" + format_figures (figures, rates, context.terminal) + "\033[K");
  else
    print (context.terminal, format_figures (figures, {}, context.terminal) + "\n");
}

int
watch (CtlContext &context, FrameConsumer &consumer, const WatchOptions &options)
{
  Interrupt interrupt;
  consumer.start ();
  if (!wait_for_connection (consumer, interrupt)) {
    if (interrupt.came ())
      return EXIT_HEALTHY;
    complain (take_string (
        g_strdup_printf (_ ("no connection to Redis: %s"), consumer.trouble ().c_str ())));
    return EXIT_UNREACHABLE;
  }
  std::vector<double> rates;
  const int64_t begin = g_get_monotonic_time ();
  (void)consumer.look ();
  while (interrupt.wait (options.interval)) {
    if (const std::string refusal = consumer.refusal (); !refusal.empty ()) {
      complain (take_string (g_strdup_printf (_ ("Redis refuses: %s"), refusal.c_str ())));
      return EXIT_UNREACHABLE;
    }
    show (context, consumer.look (), rates);
    const auto passed = static_cast<double> (g_get_monotonic_time () - begin) / G_USEC_PER_SEC;
    if (fflush (stdout) != 0 || (options.duration > 0 && passed >= options.duration))
      break;
  }
  const FrameFigures all = consumer.all ();
  if (context.options.json)
    fputs (figures_json (all, true).c_str (), stdout);
  else
    print (context.terminal,
           (context.terminal.screen ? "\n" : "") + format_summary (all, context.terminal));
  return all.frames ? EXIT_HEALTHY : EXIT_CRITICAL;
}

std::string
check (const WatchOptions &options)
{
  if (options.camera && options.uri)
    return _ ("--camera and --uri exclude each other");
  if (options.stream && !options.uri)
    return _ ("--stream goes with --uri; a camera's own configuration says where to read");
  if (options.camera && !is_camera_id (options.camera))
    return _ ("--camera wants a camera's id; \"camwardenctl cameras\" lists them");
  if (!(options.interval >= 0.1 && options.interval <= 3600))
    return _ ("--interval is 0.1 to 3600 seconds");
  if (!(options.duration >= 0 && options.duration <= 1e7))
    return _ ("--duration is a number of seconds");
  return {};
}

int
run_watch (CtlContext &context, int argc, char **argv)
{
  WatchOptions options;
  const GOptionEntry entries[] = {
    { "camera", 0, 0, G_OPTION_ARG_STRING, &options.camera, N_ ("Which one; else the first"),
      N_ ("ID") },
    { "uri", 0, 0, G_OPTION_ARG_STRING, &options.uri, N_ ("A channel, without asking the daemon"),
      N_ ("redis://HOST:PORT/CHANNEL") },
    { "stream", 0, 0, G_OPTION_ARG_NONE, &options.stream,
      N_ ("With --uri: the stream of that channel"), nullptr },
    { "password-file", 0, 0, G_OPTION_ARG_FILENAME, &options.password_file,
      N_ ("A file with the password of Redis"), N_ ("FILE") },
    { "interval", 'i', 0, G_OPTION_ARG_DOUBLE, &options.interval,
      N_ ("Seconds between two lines, 1"), N_ ("SECONDS") },
    { "duration", 'd', 0, G_OPTION_ARG_DOUBLE, &options.duration, N_ ("End after so many seconds"),
      N_ ("SECONDS") },
    {},
  };
  const char *about
      = _ ("Reads as any consumer does, from the channel or the camera's stream, until\n"
           "Ctrl-C. Latency is the time from the capture to the arrival here, the middle one\n"
           "and (the greatest); ? where the clocks of two machines cannot be compared. lost\n"
           "counts frames whose number never came.\n\n"
           "Exit status: 0 frames came, 2 none did.");
  if (!context.parse_alone (entries, argc, argv, about))
    return EXIT_USAGE;
  if (const std::string problem = check (options); !problem.empty ())
    return wrong_usage (problem);
  ClientError error;
  const auto source = options.uri ? std::optional (Source{
                          options.uri, options.stream ? FramesFrom::Stream : FramesFrom::Channel })
                                  : ask_location (context, options.camera, error);
  auto settings = source ? settings_for (*source, options, error) : std::nullopt;
  if (!settings)
    return complain (error);
  FrameConsumer consumer (std::move (*settings), source->from);
  return watch (context, consumer, options);
}

} // namespace

const Command watch_command{ "watch", "",
                             N_ ("Frames as they arrive from Redis: rate, latency, gaps"),
                             run_watch };

} // namespace camwarden
