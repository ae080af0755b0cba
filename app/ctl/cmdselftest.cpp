// SPDX-License-Identifier: LGPL-2.1-or-later
#include "buildconfig.h"
#include "config/i18n.h"
#include "ctl/childprocess.h"
#include "ctl/command.h"
#include "ctl/exitstatus.h"
#include "ctl/frameconsumer.h"
#include "ctl/jsonwriter.h"
#include "ctl/stopsignals.h"
#include "ctl/textformat.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>

namespace camwarden
{

namespace
{

constexpr double rate = 30; /* frames a second that are asked for */
constexpr double good_rate = 0.9, poor_rate = 0.5;
constexpr double start_patience = 20;    /* s until the first frame */
constexpr int64_t good_latency = 250000; /* us, nine of ten */

struct Step
{
  const char *code;
  Tone tone = Tone::Good;
  std::string text;
};

/* A real worker with a test picture, a Redis of its own, and readers as consumers are. */
class SelfTest
{
public:
  explicit SelfTest (double seconds) : seconds_ (seconds) {}

  void
  run ()
  {
    if (folder_.path ().empty ())
      return bad ("folder", _ ("no directory can be made below the temporary one"));
    if (const std::string why = redis_.start (folder_.path ()); !why.empty ())
      return bad ("redis", why);
    good ("redis", _ ("a redis-server of its own runs"));
    if (!start_worker ())
      return;
    RedisSettings settings;
    settings.where.socket_path = redis_.socket ();
    settings.where.channel = "cam:selftest:frame";
    FrameConsumer consumer (settings);
    consumer.start ();
    if (!wait_for_frame (consumer))
      return;
    measure (consumer);
    judge_stop ();
    judge_store ();
  }

  [[nodiscard]] int
  status () const
  {
    const auto has = [this] (Tone tone) {
      return std::any_of (steps_.begin (), steps_.end (),
                          [tone] (const Step &step) { return step.tone == tone; });
    };
    if (has (Tone::Bad))
      return EXIT_CRITICAL;
    return has (Tone::Warning) ? EXIT_WARNING : EXIT_HEALTHY;
  }

  [[nodiscard]] std::string text (const Terminal &terminal) const;
  [[nodiscard]] std::string json () const;

private:
  void
  say (const char *code, Tone tone, const std::string &text)
  {
    steps_.push_back ({ code, tone, text });
  }
  void
  good (const char *code, const std::string &text)
  {
    say (code, Tone::Good, text);
  }
  void
  bad (const char *code, const std::string &text)
  {
    say (code, Tone::Bad, text);
  }

  [[nodiscard]] std::string
  in_folder (const char *name) const
  {
    return folder_.path () + "/" + name;
  }

  [[nodiscard]] bool start_worker ();
  [[nodiscard]] bool wait_for_frame (FrameConsumer &consumer);
  void measure (FrameConsumer &consumer);
  void judge_frames ();
  void judge_source ();
  void judge_stop ();
  void judge_store ();

  const double seconds_;
  ScratchFolder folder_;
  ScratchRedis redis_;
  ChildProcess worker_, source_;
  bool source_runs_ = false;
  FrameFigures figures_;
  uint64_t stored_ = 0;
  std::vector<Step> steps_;
};

bool
SelfTest::start_worker ()
{
  const std::string config = in_folder ("selftest.conf");
  const std::string text
      = "[camera:selftest]\nsource=videotestsrc is-live=true\nwidth=1280\n"
        "height=720\nframerate=30\nencode-when=always\nmodes=pubsub\nstore=true\nstore-interval=0\n"
        "[redis]\nuri=redis+unix://"
        + redis_.socket () + "\n[store]\nlocation=" + in_folder ("frames") + "\n";
  g_autoptr (GError) error = nullptr;
  if (!g_file_set_contents (config.c_str (), text.c_str (), -1, &error)) {
    bad ("worker", error->message);
    return false;
  }
  const char *named = g_getenv ("CAMWARDEN_WORKER");
  const std::string program = named && *named ? named : CAMWARDEN_LIBEXECDIR "/camwarden-camera";
  const ChildProcess::Environment environment{ { "RUNTIME_DIRECTORY", folder_.path () },
                                               { "STATE_DIRECTORY", folder_.path () },
                                               { "LOGS_DIRECTORY", folder_.path () } };
  const std::string why = worker_.start ({ program, "--camera", "selftest", "--config", config },
                                         environment, in_folder ("worker.log"));
  if (!why.empty ())
    bad ("worker", text_of (_ ("the worker does not start: %s"), why.c_str ()));
  return why.empty ();
}

bool
SelfTest::wait_for_frame (FrameConsumer &consumer)
{
  const int64_t begin = g_get_monotonic_time ();
  const auto waited
      = [begin] { return static_cast<double> (g_get_monotonic_time () - begin) / G_USEC_PER_SEC; };
  while (consumer.all ().frames == 0) {
    if (!worker_.running () || waited () > start_patience || interrupted ()) {
      bad ("worker", text_of (_ ("no frame came: %s"),
                              interrupted () ? _ ("interrupted")
                                             : last_lines (in_folder ("worker.log"), 5).c_str ()));
      return false;
    }
    g_usleep (5000);
  }
  good ("worker", text_of (_ ("the worker runs; its first frame came after %.1f s"), waited ()));
  return true;
}

void
SelfTest::measure (FrameConsumer &consumer)
{
  const std::string launch = take_string (g_find_program_in_path ("gst-launch-1.0"));
  if (!launch.empty ())
    source_runs_
        = source_
              .start ({ launch, "-q", "redissrc",
                        "location=redis+unix://" + redis_.socket () + "?channel=cam:selftest:frame",
                        "num-buffers=30", "!", "image/jpeg", "!", "fakesink" },
                      {}, in_folder ("redissrc.log"))
              .empty ();
  (void)consumer.look ();
  const int64_t end = g_get_monotonic_time () + static_cast<int64_t> (seconds_ * G_USEC_PER_SEC);
  while (g_get_monotonic_time () < end && worker_.running () && !interrupted ())
    g_usleep (20000);
  figures_ = consumer.look ();
  judge_frames ();
  judge_source ();
}

void
SelfTest::judge_frames ()
{
  const double share = figures_.fps () / rate;
  const Tone speed = share >= good_rate   ? Tone::Good
                     : share >= poor_rate ? Tone::Warning
                                          : Tone::Bad;
  say ("frames", speed,
       text_of (_ ("%lu frames of 1280x720 in %.1f s: %.1f a second of %.0f, %s each"),
                static_cast<unsigned long> (figures_.frames), figures_.seconds, figures_.fps (),
                rate,
                format_bytes (figures_.frames ? static_cast<double> (figures_.bytes)
                                                    / static_cast<double> (figures_.frames)
                                              : 0)
                    .c_str ()));
  const auto middle = figures_.latency.quantile (0.5), most = figures_.latency.quantile (0.9);
  if (middle && most)
    say ("latency", *most <= good_latency ? Tone::Good : Tone::Warning,
         text_of (_ ("from capture to a consumer: %.1f ms in the middle, %.1f ms for nine of ten"),
                  static_cast<double> (*middle) / 1000, static_cast<double> (*most) / 1000));
  else
    bad ("latency", _ ("the frames do not tell when they were captured"));
  say ("losses", figures_.lost == 0 ? Tone::Good : Tone::Warning,
       text_of (_ ("frames lost on the way: %lu"), static_cast<unsigned long> (figures_.lost)));
}

void
SelfTest::judge_source ()
{
  if (!source_runs_)
    return say ("redissrc", Tone::Warning,
                _ ("redissrc is not tried: gst-launch-1.0 is not installed (gstreamer1.0-tools)"));
  const auto status = source_.wait (5);
  if (status == 0)
    return good ("redissrc", _ ("redissrc gives frames to GStreamer"));
  bad ("redissrc", text_of (_ ("redissrc gives no frames: %s"),
                            last_lines (in_folder ("redissrc.log"), 3).c_str ()));
}

void
SelfTest::judge_stop ()
{
  const int status = worker_.stop (10);
  if (status == 0)
    return good ("stop", _ ("the worker ended when it was told to"));
  bad ("stop", text_of (_ ("the worker ended with %d: %s"), status,
                        last_lines (in_folder ("worker.log"), 3).c_str ()));
}

bool
is_whole_jpeg (const std::string &path)
{
  g_autofree char *data = nullptr;
  gsize size = 0;
  if (!g_file_get_contents (path.c_str (), &data, &size, nullptr) || size < 4)
    return false;
  const std::string_view text (data, size);
  return text.starts_with ("\xff\xd8") && text.ends_with ("\xff\xd9");
}

void
SelfTest::judge_store ()
{
  uint64_t broken = 0;
  std::error_code error;
  for (auto entry = std::filesystem::recursive_directory_iterator (in_folder ("frames"), error);
       !error && entry != std::filesystem::recursive_directory_iterator ();
       entry.increment (error)) {
    const std::string name = entry->path ().filename ().string ();
    if (!name.ends_with (".jpg") || name.front () == '.')
      continue;
    stored_++;
    broken += !is_whole_jpeg (entry->path ().string ());
  }
  const auto wanted = static_cast<double> (figures_.frames) * good_rate;
  if (broken > 0)
    return bad ("store", text_of (_ ("%lu of %lu stored frames are not whole"),
                                  static_cast<unsigned long> (broken),
                                  static_cast<unsigned long> (stored_)));
  say ("store", static_cast<double> (stored_) >= wanted ? Tone::Good : Tone::Warning,
       text_of (_ ("frames stored, all of them whole: %lu"), static_cast<unsigned long> (stored_)));
}

std::string
SelfTest::text (const Terminal &terminal) const
{
  std::string text;
  for (const Step &step : steps_)
    text += terminal.paint (step.tone, terminal.mark (step.tone)) + " "
            + wrap (step.text, terminal.columns - 2, 0, "  ") + "\n";
  const int result = status ();
  const char *sentence = _ ("Something does not work: see above, and camwardenctl doctor.");
  if (result == EXIT_HEALTHY)
    sentence = _ ("All works, from the picture to the consumer.");
  else if (result == EXIT_WARNING)
    sentence = _ ("It works, but not as fast as it should: see camwardenctl tune.");
  return text + "\n" + sentence + "\n";
}

std::string
SelfTest::json () const
{
  JsonWriter json;
  const auto milliseconds = [&json] (std::optional<int64_t> us) {
    us ? json.number (static_cast<double> (*us) / 1000) : json.null ();
  };
  const int result = status ();
  json.name ("result").text (result == EXIT_HEALTHY   ? "good"
                             : result == EXIT_WARNING ? "slow"
                                                      : "bad");
  json.name ("seconds").number (figures_.seconds);
  json.name ("frames").integer (figures_.frames);
  json.name ("fps").number (figures_.fps ());
  json.name ("lost").integer (figures_.lost);
  json.name ("bytes").integer (figures_.bytes);
  json.name ("stored").integer (stored_);
  json.name ("latency_ms").begin_object ();
  json.name ("median");
  milliseconds (figures_.latency.quantile (0.5));
  json.name ("p90");
  milliseconds (figures_.latency.quantile (0.9));
  json.name ("max");
  milliseconds (figures_.latency.greatest ());
  json.end_object ();
  json.name ("steps").begin_array ();
  for (const Step &step : steps_) {
    json.begin_object ();
    json.name ("step").text (step.code);
    json.name ("good").flag (step.tone == Tone::Good);
    json.name ("text").text (step.text);
    json.end_object ();
  }
  json.end_array ();
  return json.finish ();
}

int
run_selftest (CtlContext &context, int argc, char **argv)
{
  double seconds = 10;
  const GOptionEntry entries[] = {
    { "duration", 0, 0, G_OPTION_ARG_DOUBLE, &seconds, N_ ("Measure for S seconds (10)"),
      N_ ("S") },
    {},
  };
  if (!context.parse_alone (entries, argc, argv,
                            _ ("Uses a Redis, a test picture and directories of its own: cameras "
                               "and daemon are\nleft alone. Exit status: 0 good, 1 slow, 2 bad.")))
    return EXIT_USAGE;
  if (!(seconds >= 1 && seconds <= 3600)) {
    complain (_ ("--duration is a number from 1 to 3600"));
    return EXIT_USAGE;
  }
  catch_interrupts ();
  SelfTest test (seconds);
  test.run ();
  if (interrupted ()) {
    complain (_ ("interrupted"));
    return EXIT_IO;
  }
  if (context.options.json)
    fputs (test.json ().c_str (), stdout);
  else
    print (context.terminal, test.text (context.terminal));
  return test.status ();
}

} // namespace

const Command selftest_command{ "selftest", "",
                                N_ ("Sends a test picture all the way, and measures"),
                                run_selftest };

} // namespace camwarden
