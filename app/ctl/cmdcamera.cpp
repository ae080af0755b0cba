// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/i18n.h"
#include "config/schema.h"
#include "config/values.h"
#include "ctl/cameracommands.h"
#include "ctl/exitstatus.h"
#include "gobject/ref.h"

#include <algorithm>

namespace camwarden
{

namespace
{

struct Verb
{
  const char *name;
  int (*run) (CtlContext &context, const CameraTask &task);
  const char *option; /* the one that it alone takes; nullptr: none */
};

constexpr Verb verbs[]{
  { "status", show_camera, nullptr },      { "test", test_camera, nullptr },
  { "recover", recover_camera, "tier" },   { "monitor", monitor_camera, "interval" },
  { "snapshot", take_snapshot, "output" },
};

const Verb *
find_verb (const std::string &name)
{
  const auto *found = std::find_if (std::begin (verbs), std::end (verbs),
                                    [&] (const Verb &verb) { return name == verb.name; });
  if (found != std::end (verbs))
    return found;
  complain (take_string (g_strdup_printf (
      _ ("\"%s\" is nothing that a camera does: status, test, recover, monitor, snapshot"),
      clip (name, 40).c_str ())));
  return nullptr;
}

struct CameraOptions
{
  char *tier = nullptr;
  char *output = nullptr;
  double interval = 0;
  int count = 0;

  CameraOptions () = default;
  CameraOptions (const CameraOptions &) = delete;
  ~CameraOptions ()
  {
    g_free (tier);
    g_free (output);
  }
};

bool
is_tier (const std::string &tier)
{
  const auto tiers = { "source", "pipeline", "device", "worker" };
  return std::find (tiers.begin (), tiers.end (), tier) != tiers.end ();
}

/* What does not fit together; empty: nothing. */
std::string
check (const CameraOptions &options, const Verb &verb)
{
  const auto belongs
      = [&] (const char *option) { return verb.option && g_str_equal (verb.option, option); };
  if (options.tier && !belongs ("tier"))
    return _ ("--tier goes with recover");
  if (options.output && !belongs ("output"))
    return _ ("--output goes with snapshot");
  if ((options.interval != 0 || options.count != 0) && !belongs ("interval"))
    return _ ("--interval and --count go with monitor");
  if (options.tier && !is_tier (options.tier))
    return _ ("--tier is source, pipeline, device or worker");
  if (options.interval != 0 && !(options.interval >= 0.1 && options.interval <= 3600))
    return _ ("--interval is 0.1 to 3600 seconds");
  if (options.count < 0)
    return _ ("--count is a number of lines");
  return {};
}

int
run_verb (CtlContext &context, const CameraOptions &options, const Words &words)
{
  const Verb *verb = find_verb (words.size () > 1 ? words[1] : "status");
  if (!verb)
    return EXIT_USAGE;
  if (const std::string problem = check (options, *verb); !problem.empty ())
    return wrong_usage (problem);
  CameraTask task{ .id = words[0], .tier = {}, .output = {} };
  if (!is_camera_id (task.id)) {
    complain (take_string (
        g_strdup_printf (_ ("\"%s\" cannot be a camera's id"), clip (task.id, 40).c_str ())));
    return EXIT_MISSING;
  }
  if (options.tier)
    task.tier = options.tier;
  if (options.output)
    task.output = options.output;
  if (options.interval != 0)
    task.interval = options.interval;
  task.count = static_cast<unsigned> (options.count);
  return verb->run (context, task);
}

int
run_camera (CtlContext &context, int argc, char **argv)
{
  CameraOptions options;
  const GOptionEntry entries[] = {
    { "tier", 0, 0, G_OPTION_ARG_STRING, &options.tier,
      N_ ("recover: begin with source, pipeline, device or worker"), N_ ("TIER") },
    { "interval", 'i', 0, G_OPTION_ARG_DOUBLE, &options.interval,
      N_ ("monitor: seconds between two looks, 1"), N_ ("SECONDS") },
    { "count", 'n', 0, G_OPTION_ARG_INT, &options.count, N_ ("monitor: end after so many looks"),
      N_ ("N") },
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output,
      N_ ("snapshot: the JPEG file to write, - for standard output"), N_ ("FILE") },
    {},
  };
  const char *about
      = _ ("status    how it is; also where no verb is given\n"
           "test      captures a new frame and judges it\n"
           "recover   restarts it, and waits until frames come again\n"
           "monitor   its state and rate, again and again, until Ctrl-C\n"
           "snapshot  a picture taken now: into a file, or drawn in the terminal\n\n"
           "Exit status of status and test: 0 healthy, 1 warning, 2 critical, 3 not known.");
  const auto words = context.parse (entries, argc, argv, about);
  if (!words)
    return EXIT_USAGE;
  if (words->empty () || words->size () > 2)
    return wrong_usage (_ ("say \"camwardenctl camera ID\" and what to do; "
                           "\"camwardenctl cameras\" lists the ids"));
  return run_verb (context, options, *words);
}

} // namespace

const Command camera_command{ "camera", "ID [status|test|recover|monitor|snapshot]",
                              N_ ("One camera: how it is, test, restart, picture"), run_camera };

} // namespace camwarden
