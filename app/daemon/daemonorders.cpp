// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/secrettext.h"
#include "daemon/daemonmodel.h"
#include "daemon/httpapi/jsonwriter.h"
#include "daemon/ownunit.h"
#include "gobject/timer.h"

namespace camwarden
{

namespace
{

constexpr unsigned look_every_ms = 100;
constexpr int64_t longest_absence = 10 * G_USEC_PER_SEC;
constexpr int64_t longest_recovery = 60 * G_USEC_PER_SEC;

OrderResult
refused (unsigned status, std::string message)
{
  return { .ok = false, .status = status, .message = std::move (message) };
}

OrderResult
good (std::string message)
{
  return { .ok = true, .message = std::move (message) };
}

OrderResult
not_running (const std::string &camera)
{
  return refused (409, "Camera " + camera + " is switched off, or being stopped.");
}

unsigned
status_of (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT) ? 504 : 503;
}

/* "the source restarted 2 times, the pipeline built anew" */
std::string
cures_text (const std::array<unsigned, 5> &before, const std::array<unsigned, 5> &now)
{
  static constexpr const char *words[]
      = { "the source restarted", "the pipeline built anew", "the USB device switched off and on",
          "the worker replaced", "a reboot asked for" };
  std::string text;
  for (size_t i = 0; i < now.size (); i++) {
    const unsigned times = now[i] - before[i];
    if (times == 0)
      continue;
    text += (text.empty () ? "" : ", ") + std::string (words[i]);
    if (times > 1)
      text += " " + std::to_string (times) + " times";
  }
  return text.empty () ? "nothing was restarted" : text;
}

std::string
first_line (const std::string &text)
{
  return text.substr (0, text.find ('\n'));
}

std::string
seconds_text (int64_t us)
{
  g_autofree char *text = g_strdup_printf ("%.1f s", static_cast<double> (us) / 1e6);
  return text;
}

} // namespace

/* Somebody waits for the outcome of a recovery. */
struct DaemonModel::Recovery
{
  std::string camera;
  int64_t since;
  std::array<unsigned, 5> cures;
  unsigned cured;
  OrderDone done;
  Timer timer;

  [[nodiscard]] std::optional<OrderResult> outcome (const CameraSet::Camera *now) const;
};

DaemonModel::DaemonModel (const DaemonParts &parts) : parts_ (parts)
{}

DaemonModel::~DaemonModel () = default;

static CameraTest
read_test (GVariant *values)
{
  CameraTest test;
  gboolean success = FALSE;
  guint64 size = 0;
  gint32 width = 0, height = 0;
  const char *verdict = "";
  double luma = -1;
  gint64 took = 0;
  g_variant_lookup (values, "success", "b", &success);
  g_variant_lookup (values, "size", "t", &size);
  g_variant_lookup (values, "width", "i", &width);
  g_variant_lookup (values, "height", "i", &height);
  g_variant_lookup (values, "verdict", "&s", &verdict);
  g_variant_lookup (values, "luma-mean", "d", &luma);
  g_variant_lookup (values, "elapsed-us", "x", &took);
  test.bytes = size;
  test.width = static_cast<unsigned> (std::max (0, width));
  test.height = static_cast<unsigned> (std::max (0, height));
  test.verdict = verdict;
  if (luma >= 0)
    test.luma = luma;
  test.took = took;
  test.result = success ? good ("A new frame came, the picture is " + test.verdict)
                        : refused (503, "No new frame came");
  return test;
}

void
DaemonModel::test_camera (const std::string &camera, TestDone done)
{
  const CameraSet::Camera *found = parts_.cameras ? parts_.cameras->find (camera) : nullptr;
  if (!found) {
    CameraTest test;
    test.result = not_running (camera);
    return done (test);
  }
  found->supervisor->test ([done = std::move (done)] (GVariant *values, const GError *error) {
    CameraTest test;
    if (error)
      test.result = refused (status_of (error), without_passwords (error->message));
    else
      test = read_test (values);
    done (test);
  });
}

void
DaemonModel::graph (const std::string &camera, GraphDone done)
{
  const CameraSet::Camera *found = parts_.cameras ? parts_.cameras->find (camera) : nullptr;
  if (found)
    return found->supervisor->graph (
        [done = std::move (done)] (const std::string &dot, const GError *error) {
          done (without_passwords (dot), error);
        });
  g_autoptr (GError) error = g_error_new (G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                                          "There is no running camera \"%s\"", camera.c_str ());
  done ("", error);
}

std::optional<OrderResult>
DaemonModel::Recovery::outcome (const CameraSet::Camera *now) const
{
  if (!now)
    return refused (409, "Camera " + camera + " was switched off meanwhile.");
  const CameraHealth &health = now->supervisor->health ();
  const int64_t took = g_get_monotonic_time () - since;
  const std::string what = cures_text (cures, health.cures);
  if (health.cured != cured)
    return good ("Frames come again after " + seconds_text (took) + ": " + what);
  const std::string fault = first_line (without_passwords (now->last_error));
  const std::string error = fault.empty () ? "" : ". Its last fault: " + fault;
  if (health.given_up)
    return refused (503, "Nothing that is allowed helped: " + what
                             + ". It is tried again now and then" + error);
  /* It is waited for, however long that takes. */
  if (took > longest_absence && health.state == CameraState::NoCamera)
    return refused (503, "There is no such camera: " + what
                             + ". It starts by itself when it is plugged in" + error);
  if (took > longest_recovery)
    return refused (504, "No frames within " + seconds_text (longest_recovery) + ": " + what
                             + ". The recovery goes on" + error);
  return std::nullopt;
}

/* The log, and the events. */
void
DaemonModel::note_order (const std::string &camera, const char *code, const std::string &text)
{
  g_message ("%s%s", camera.empty () ? "" : ("camera " + camera + ": ").c_str (), text.c_str ());
  if (parts_.records)
    parts_.records->note ("order", Severity::Info, camera, code, text);
}

void
DaemonModel::recover (const std::string &camera, Tier from, const std::string &who, OrderDone done)
{
  const CameraSet::Camera *found = parts_.cameras ? parts_.cameras->find (camera) : nullptr;
  if (!found || found->supervisor->health ().state == CameraState::Stopped)
    return done (not_running (camera));
  note_order (camera, "recover",
              who + " orders a recovery, from tier " + std::string (tier_name (from)) + " on");
  const CameraHealth &health = found->supervisor->health ();
  const uint64_t number = ++last_recovery_;
  recoveries_[number] = std::make_unique<Recovery> (
      Recovery{ camera, g_get_monotonic_time (), health.cures, health.cured, std::move (done),
                Timer::every (look_every_ms, [this, number] { look_after (number); }) });
  found->supervisor->recover (from);
}

void
DaemonModel::look_after (uint64_t number)
{
  const auto found = recoveries_.find (number);
  const Recovery &recovery = *found->second;
  const auto result
      = recovery.outcome (parts_.cameras ? parts_.cameras->find (recovery.camera) : nullptr);
  if (!result)
    return;
  const OrderDone done = recovery.done;
  recoveries_.erase (found);
  done (*result);
}

void
DaemonModel::restart_services (const std::string &who, OrderDone done)
{
  const auto unit = own_unit ();
  if (!unit || !parts_.services)
    return done (refused (503, "systemd did not start this daemon, so it cannot start it again: "
                               "stop camwardend and start it as it was started."));
  note_order ("", "restart-services", who + " orders a restart of " + *unit);
  owes_answer_ = true;
  parts_.services->restart_unit (
      *unit, [this, unit, done = std::move (done)] (const GError *error) {
        owes_answer_ = owes_answer_ && !error;
        done (error ? refused (status_of (error), error->message)
                    : good ("systemd restarts " + *unit
                            + ", and with it the cameras' workers and the "
                              "private Redis."));
      });
}

OrderResult
DaemonModel::may_reboot () const
{
  const std::string why = parts_.rebooter ? parts_.rebooter->refusal () : "it is starting";
  return why.empty () ? good ("") : refused (409, "No reboot: " + why + ".");
}

void
DaemonModel::reboot (const std::string &who, OrderDone done)
{
  if (!parts_.rebooter)
    return done (may_reboot ());
  note_order ("", "reboot", who + " orders a reboot of the machine");
  parts_.rebooter->order (who, [done = std::move (done)] (bool asked, const std::string &why) {
    done (asked ? good (why) : refused (503, "No reboot: " + why + "."));
  });
}

void
DaemonModel::clear_reboots (const std::string &who, OrderDone done)
{
  if (!parts_.rebooter)
    return done (may_reboot ());
  parts_.rebooter->clear ([this, who, done = std::move (done)] (const std::string &problem) {
    if (!problem.empty ())
      return done (refused (503, problem));
    note_order ("", "clear-reboots", who + " cleared the log of reboots");
    done (good ("The log of reboots is clear: what did not help is forgotten."));
  });
}

std::string
DaemonModel::configuration () const
{
  JsonWriter json;
  std::string group;
  json.begin_object ();
  for (const ConfigEntry &entry :
       parts_.config ? parts_.config->entries () : std::vector<ConfigEntry> ()) {
    if (entry.group != group) {
      if (!group.empty ())
        json.end_object ();
      group = entry.group;
      json.begin_object (group.c_str ());
    }
    json.begin_object (entry.key.c_str ());
    if (entry.secret)
      json.add_null ("value");
    else
      json.add ("value", entry.value);
    json.add_text ("default", entry.fallback)
        .add_text ("derived", entry.derived)
        .add_text ("where", entry.where)
        .add ("secret", entry.secret)
        .end_object ();
  }
  if (!group.empty ())
    json.end_object ();
  json.end_object ();
  g_autoptr (GBytes) text = json.finish ();
  return { static_cast<const char *> (g_bytes_get_data (text, nullptr)),
           g_bytes_get_size (text) - 1 };
}

} // namespace camwarden
