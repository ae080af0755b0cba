// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/i18n.h"
#include "ctl/ask.h"
#include "ctl/childprocess.h"
#include "ctl/command.h"
#include "ctl/doctor.h"
#include "ctl/exitstatus.h"
#include "ctl/places.h"
#include "ctl/progress.h"
#include "ctl/stagemeter.h"
#include "ctl/stopsignals.h"
#include "ctl/textformat.h"
#include "ctl/tuneview.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <thread>

namespace camwarden
{

namespace
{

const std::vector<PictureSize> sizes{ { 640, 480 }, { 1280, 720 }, { 1920, 1080 } };
constexpr unsigned qualities[]{ 70, 85, 95 };
const std::vector<double> rates{ 5, 10, 15, 30, 60 };
constexpr const char *drop_in_name = "50-tune.conf";

struct TuneArguments
{
  double duration = 60;
  gboolean apply = FALSE, yes = FALSE;
  char *report = nullptr;
  char *camera = nullptr;

  TuneArguments () = default;
  TuneArguments (const TuneArguments &) = delete;
  TuneArguments &operator= (const TuneArguments &) = delete;
  ~TuneArguments ()
  {
    g_free (report);
    g_free (camera);
  }

  [[nodiscard]] bool read (CtlContext &context, int argc, char **argv);
};

bool
TuneArguments::read (CtlContext &context, int argc, char **argv)
{
  const GOptionEntry entries[] = {
    { "duration", 0, 0, G_OPTION_ARG_DOUBLE, &duration, N_ ("Measure for about S seconds (60)"),
      N_ ("S") },
    { "camera", 0, 0, G_OPTION_ARG_STRING, &camera,
      N_ ("Measure with this camera's source instead of a test picture"), N_ ("ID") },
    { "report", 0, 0, G_OPTION_ARG_FILENAME, &report, N_ ("Write a page for a browser, too"),
      N_ ("FILE") },
    { "apply", 0, 0, G_OPTION_ARG_NONE, &apply,
      N_ ("Write what is recommended into the configuration, after asking"), nullptr },
    { "yes", 'y', 0, G_OPTION_ARG_NONE, &yes, N_ ("Do not ask"), nullptr },
    {},
  };
  if (!context.parse_alone (entries, argc, argv,
                            _ ("Measures best while the daemon does not run. It changes nothing of "
                               "the machine.")))
    return false;
  if (duration >= 5 && duration <= 3600)
    return true;
  complain (_ ("--duration is a number from 5 to 3600"));
  return false;
}

std::string
processor_name ()
{
  const auto text = Machine ("/").text ("/proc/cpuinfo").value_or ("");
  for (const char *key : { "model name", "Model", "Hardware" }) {
    const size_t at = text.find (std::string ("\n") + key);
    const size_t colon = at == std::string::npos ? at : text.find (": ", at);
    if (colon != std::string::npos)
      return text.substr (colon + 2, text.find ('\n', colon) - colon - 2);
  }
  return _ ("a processor without a name");
}

/* Empty: measured. */
std::string
measure_all (StageMeter &meter, double duration, TuneResult &result)
{
  const double each = duration / static_cast<double> (sizes.size () * std::size (qualities));
  Progress progress (sizes.size () * std::size (qualities));
  for (const PictureSize &size : sizes)
    for (const unsigned quality : qualities) {
      TuneSample sample;
      if (!meter.measure (size, quality, each, sample))
        return meter.error ();
      result.samples.push_back (sample);
      progress.add (1);
    }
  return {};
}

std::string
drop_in_path (const Options &options)
{
  const ConfigSources sources = ConfigSources::from_environment (
      options.config_file.empty () ? nullptr : options.config_file.c_str ());
  return sources.paths.single_file.empty () ? sources.paths.local_overrides + "/" + drop_in_name
                                            : "";
}

int
apply (const CtlContext &context, const TuneArguments &arguments, const TuneResult &result,
       const Config &config)
{
  std::vector<std::string> cameras;
  for (const CameraConfig &camera : config.cameras ())
    cameras.push_back (camera.id);
  const std::string text = drop_in_text (*result.best, cameras);
  const std::string path = drop_in_path (context.options);
  if (path.empty ())
    return fail (EXIT_USAGE, text_of (_ ("one configuration file is in use: put these lines into "
                                         "it\n%s"),
                                      text.c_str ()));
  switch (ask (text_of (_ ("This goes into %s:\n%s\nWrite it?"), path.c_str (), text.c_str ()),
               arguments.yes)) {
  case Consent::Yes:
    break;
  case Consent::No:
    return fail (EXIT_HEALTHY, _ ("nothing was changed"));
  case Consent::CannotAsk:
    return fail (EXIT_USAGE, _ ("nobody is there to be asked; say --yes"));
  }
  g_autofree char *folder = g_path_get_dirname (path.c_str ());
  g_autoptr (GError) error = nullptr;
  if (g_mkdir_with_parents (folder, 0755) != 0)
    return fail (EXIT_CANNOT_WRITE, std::string (folder) + ": " + g_strerror (errno));
  if (!g_file_set_contents_full (path.c_str (), text.c_str (), -1, G_FILE_SET_CONTENTS_DURABLE,
                                 0644, &error))
    return fail (EXIT_CANNOT_WRITE, error->message);
  fprintf (
      stderr, "%s\n",
      text_of (_ ("%s is written; \"camwardenctl reload\" makes it count, deleting it takes it "
                  "back"),
               path.c_str ())
          .c_str ());
  return EXIT_HEALTHY;
}

/* The sizes are asked of the source itself; one that waits for a camera cannot be asked. */
int
choose_source (const TuneArguments &arguments, const Config &config, StageMeter &meter,
               TuneResult &result)
{
  if (!arguments.camera)
    return EXIT_HEALTHY;
  const CameraConfig *camera = config.camera (arguments.camera);
  if (!camera)
    return fail (EXIT_MISSING, text_of (_ ("there is no camera %s"), arguments.camera));
  if (camera->source == "auto")
    return fail (EXIT_USAGE, text_of (_ ("camera %s has source=auto: name its source, such as "
                                         "v4l2src"),
                                      arguments.camera));
  meter.source = camera->source;
  if (!camera->device.empty () && meter.source.find ("device=") == std::string::npos
      && meter.source.starts_with ("v4l2src"))
    meter.source.insert (std::string ("v4l2src").size (), " device=" + camera->device);
  result.source = camera->id;
  return EXIT_HEALTHY;
}

int
report (const CtlContext &context, const TuneArguments &arguments, const TuneResult &result)
{
  g_autoptr (GError) error = nullptr;
  if (arguments.report
      && !g_file_set_contents (arguments.report, tune_html (result).c_str (), -1, &error))
    return fail (EXIT_CANNOT_WRITE, error->message);
  if (context.options.json)
    fputs (tune_json (result).c_str (), stdout);
  else
    print (context.terminal, format_tune (result, context.terminal));
  return EXIT_HEALTHY;
}

int
run_tune (CtlContext &context, int argc, char **argv)
{
  TuneArguments arguments;
  if (!arguments.read (context, argc, argv))
    return EXIT_USAGE;
  adopt_service_directories ();
  catch_interrupts ();
  std::vector<Finding> findings;
  const auto config = load_config (context.options.config_file, findings);
  if (!config)
    return fail (EXIT_BAD_CONFIG,
                 _ ("the configuration has an error; see \"camwardenctl config check\""));
  const ScratchFolder folder;
  ScratchRedis redis;
  if (folder.path ().empty ())
    return fail (EXIT_IO, _ ("no directory can be made below the temporary one"));
  if (const std::string why = redis.start (folder.path ()); !why.empty ())
    return fail (EXIT_MISSING, why);
  TuneResult result;
  result.processor = processor_name ();
  result.limits.cores = std::max (1U, std::thread::hardware_concurrency ());
  result.limits.cameras = std::max (1U, static_cast<unsigned> (config->cameras ().size ()));
  StageMeter meter (folder.path (), redis.socket ());
  if (const int status = choose_source (arguments, *config, meter, result); status != EXIT_HEALTHY)
    return status;
  if (const std::string why = measure_all (meter, arguments.duration, result); !why.empty ())
    return fail (EXIT_IO, why);
  result.rows = predict (result.samples, rates, result.limits);
  result.best = recommend (result.rows);
  const int status = report (context, arguments, result);
  return status == EXIT_HEALTHY && arguments.apply ? apply (context, arguments, result, *config)
                                                   : status;
}

} // namespace

const Command tune_command{ "tune", "",
                            N_ ("Measures what this machine can do, and recommends settings"),
                            run_tune };

} // namespace camwarden
