// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/i18n.h"
#include "config/schema.h"
#include "ctl/command.h"
#include "ctl/exitstatus.h"
#include "ctl/interrupt.h"
#include "ctl/recordsview.h"
#include "gobject/ref.h"

#include <algorithm>
#include <cstdio>

namespace camwarden
{

namespace
{

constexpr double retry = 1; /* seconds until a broken stream is tried again */

struct EventOptions
{
  gboolean follow = FALSE;
  int limit = 0;
  char *camera = nullptr;
  char *kind = nullptr;
  char *severity = nullptr;

  EventOptions () = default;
  EventOptions (const EventOptions &) = delete;
  ~EventOptions ()
  {
    for (char *text : { camera, kind, severity })
      g_free (text);
  }
};

bool
is_word (const std::string &text)
{
  return !text.empty () && text.size () <= 64
         && text.find_first_not_of ("abcdefghijklmnopqrstuvwxyz-") == std::string::npos;
}

unsigned
rank (const std::string &severity)
{
  return severity == "critical" ? 2 : severity == "warning" ? 1 : 0;
}

std::string
check (const EventOptions &options)
{
  const std::string severity = options.severity ? options.severity : "info";
  if (severity != "info" && rank (severity) == 0)
    return _ ("--severity is info, warning or critical");
  if (options.camera && !is_camera_id (options.camera))
    return _ ("--camera wants a camera's id; \"camwardenctl cameras\" lists them");
  if (options.kind && !is_word (options.kind))
    return _ ("--kind is a word such as fault, cured, order or alert");
  if (options.limit < 0 || options.limit > 1000)
    return _ ("--limit is 1 to 1000");
  return {};
}

std::string
query (const EventOptions &options)
{
  std::string text = "/api/events?limit=" + std::to_string (options.limit ? options.limit : 50);
  const auto add = [&] (const char *name, const char *value) {
    if (value)
      text += std::string ("&") + name + "=" + value;
  };
  add ("camera", options.camera);
  add ("kind", options.kind);
  add ("severity", options.severity);
  return text;
}

void
show (CtlContext &context, JsonObject *event)
{
  print (context.terminal, format_event (event, context.terminal));
}

/* The newest ones, the oldest of them first, as a log is read. */
int
list_events (CtlContext &context, const EventOptions &options)
{
  ClientError error;
  const JsonNodePtr answer = context.client ().get (query (options), error);
  if (!answer)
    return complain (error);
  if (context.options.json) {
    fputs (to_text (answer.get ()).c_str (), stdout);
    return EXIT_HEALTHY;
  }
  auto events = json_objects (json_node_get_object (answer.get ()), "events");
  std::reverse (events.begin (), events.end ());
  for (JsonObject *event : events)
    show (context, event);
  if (events.empty ())
    print (context.terminal, std::string (_ ("Nothing has happened.")) + "\n");
  return EXIT_HEALTHY;
}

/* The stream has all events; what is not asked for is left out here. */
bool
is_wanted (JsonObject *event, const EventOptions &options)
{
  if (json_text (event, "kind").empty ())
    return false; /* an alert: events tell of it, too */
  if (options.camera && json_text (event, "camera") != options.camera)
    return false;
  if (options.kind && json_text (event, "kind") != options.kind)
    return false;
  return !options.severity || rank (json_text (event, "severity")) >= rank (options.severity);
}

class Follower
{
public:
  Follower (CtlContext &context, const EventOptions &options)
      : context_ (context), options_ (options)
  {}

  [[nodiscard]] int
  run ()
  {
    Client &client = context_.client ();
    client.set_cancellable (interrupt_.cancellable ());
    ClientError error;
    do {
      const bool good = client.follow_events (
          "/api/events", last_, [this] (std::string_view line) { take (line); }, error);
      if (!good && !may_come_back (error))
        break;
    } while (!interrupt_.came () && interrupt_.wait (retry));
    client.set_cancellable (nullptr);
    return interrupt_.came () ? EXIT_HEALTHY : complain (error);
  }

private:
  /* A daemon that is restarted is away for a moment; one that was never there is an error. */
  [[nodiscard]] bool
  may_come_back (const ClientError &error)
  {
    if (interrupt_.came () || error.status != EXIT_UNREACHABLE || !connected_)
      return false;
    if (!std::exchange (away_, true))
      complain (_ ("the daemon has gone; waiting for it"));
    return true;
  }

  void
  take (std::string_view line)
  {
    connected_ = true;
    away_ = false;
    const auto message = lines_.line (line);
    if (!message)
      return;
    if (!message->id.empty ())
      last_ = message->id;
    const JsonNodePtr event = parse_json_object (message->data);
    if (!event || !is_wanted (json_node_get_object (event.get ()), options_))
      return;
    if (context_.options.json)
      printf ("%s\n", take_string (json_to_string (event.get (), FALSE)).c_str ());
    else
      show (context_, json_node_get_object (event.get ()));
    fflush (stdout);
  }

  CtlContext &context_;
  const EventOptions &options_;
  Interrupt interrupt_;
  EventLines lines_;
  std::string last_;
  bool connected_ = false, away_ = false;
};

int
run_events (CtlContext &context, int argc, char **argv)
{
  EventOptions options;
  const GOptionEntry entries[] = {
    { "follow", 'f', 0, G_OPTION_ARG_NONE, &options.follow,
      N_ ("What happens from now on, until Ctrl-C"), nullptr },
    { "limit", 'n', 0, G_OPTION_ARG_INT, &options.limit, N_ ("The last so many, 50"), N_ ("N") },
    { "camera", 0, 0, G_OPTION_ARG_STRING, &options.camera, N_ ("Of this camera alone"),
      N_ ("ID") },
    { "kind", 0, 0, G_OPTION_ARG_STRING, &options.kind,
      N_ ("Of this kind: fault, cured, order, alert, ..."), N_ ("KIND") },
    { "severity", 0, 0, G_OPTION_ARG_STRING, &options.severity,
      N_ ("At least info, warning or critical"), N_ ("SEVERITY") },
    {},
  };
  if (!context.parse_alone (entries, argc, argv))
    return EXIT_USAGE;
  if (const std::string problem = check (options); !problem.empty ())
    return wrong_usage (problem);
  if (options.follow && options.limit)
    return wrong_usage (_ ("--limit does not go with --follow"));
  return options.follow ? Follower (context, options).run () : list_events (context, options);
}

} // namespace

const Command events_command{ "events", "", N_ ("What happened, and what happens"), run_events };

} // namespace camwarden
