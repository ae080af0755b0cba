// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/i18n.h"
#include "ctl/cameracommands.h"
#include "ctl/cameraview.h"
#include "ctl/daemonanswers.h"
#include "ctl/daemonwords.h"
#include "ctl/exitstatus.h"
#include "ctl/interrupt.h"

#include <cstdio>

namespace camwarden
{

/* As long as the daemon may take: it answers when the camera is given up, at the latest. */
static constexpr unsigned test_deadline = 60, recover_deadline = 900; /* s */

int
show_camera (CtlContext &context, const CameraTask &task)
{
  ClientError error;
  const JsonNodePtr answer = context.client ().get (task.path (), error);
  if (!answer)
    return complain (error);
  JsonObject *camera = json_node_get_object (answer.get ());
  if (context.options.json)
    fputs (to_text (answer.get ()).c_str (), stdout);
  else
    print (context.terminal, format_camera (camera, context.terminal));
  return exit_status_of (json_text (camera, "status"));
}

/* No frame is what a test is there to find out: critical, not a failed order. */
int
test_camera (CtlContext &context, const CameraTask &task)
{
  ClientError error;
  const auto reply = context.client ().send (
      { .path = task.path ("/test"), .method = "POST", .deadline = test_deadline }, error);
  if (!reply)
    return complain (error);
  const JsonNodePtr answer = parse_json_object (reply->body);
  if (!reply->good () || !answer) {
    error = reply->good () ? ClientError{ EXIT_UNKNOWN, _ ("the answer is not JSON") }
                           : context.client ().explain (*reply);
    if (context.options.json && answer)
      fputs (to_text (answer.get ()).c_str (), stdout);
    complain (error.text);
    return error.status == EXIT_NOT_DONE ? EXIT_CRITICAL : error.status;
  }
  JsonObject *result = json_node_get_object (answer.get ());
  if (context.options.json)
    fputs (to_text (answer.get ()).c_str (), stdout);
  else
    print (context.terminal, format_camera_test (result, context.terminal));
  const std::string verdict = json_text (result, "verdict");
  if (!json_flag (result, "success") || verdict == "stall")
    return EXIT_CRITICAL;
  return verdict.empty () || verdict == "ok" || verdict == "unknown" ? EXIT_HEALTHY : EXIT_WARNING;
}

int
recover_camera (CtlContext &context, const CameraTask &task)
{
  ClientError error;
  const std::string body = task.tier.empty () ? "{}" : "{\"tier\": \"" + task.tier + "\"}";
  const JsonNodePtr answer
      = context.client ().post (task.path ("/recover"), body, recover_deadline, error);
  if (!answer)
    return complain (error);
  if (context.options.json)
    fputs (to_text (answer.get ()).c_str (), stdout);
  else
    print (context.terminal,
           wrap (translated (json_text (json_node_get_object (answer.get ()), "message")),
                 context.terminal.columns, 0)
               + "\n");
  return EXIT_HEALTHY;
}

/* One look: a line to write. */
static std::string
look (CtlContext &context, const CameraTask &task, MonitorLine &line, ClientError &error)
{
  error = {};
  const JsonNodePtr answer = context.client ().get (task.path (), error);
  if (context.options.json)
    return answer ? take_string (json_to_string (answer.get (), FALSE)) : "";
  if (!answer)
    return line.missed (error.text);
  return line.next (camera_line_of (json_node_get_object (answer.get ())));
}

int
monitor_camera (CtlContext &context, const CameraTask &task)
{
  const bool over = context.terminal.screen && !context.options.json;
  Interrupt interrupt;
  context.client ().set_cancellable (interrupt.cancellable ());
  MonitorLine line (context.terminal);
  ClientError error;
  for (unsigned looks = 0; !interrupt.came (); looks++) {
    const std::string text = look (context, task, line, error);
    const bool lasting = error.status != 0 && error.status != EXIT_UNREACHABLE;
    if (interrupt.came () || lasting || (looks == 0 && error.status != 0))
      break;
    if (!text.empty ())
      print (context.terminal, (over ? "\r" + text + "\033[K" : text + "\n"));
    if (fflush (stdout) != 0 || looks + 1 == task.count || !interrupt.wait (task.interval))
      break;
  }
  if (over)
    fputs ("\n", stdout);
  context.client ().set_cancellable (nullptr);
  return error.status == 0 || interrupt.came () ? EXIT_HEALTHY : complain (error);
}

} // namespace camwarden
