// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the daemon says of its health is what camwardenctl can translate. */
#include "ctl/daemonwords.h"
#include "core/healthreport.h"
#include "ctl/terminal.h"
#include "support/asserttext.h"

#include <algorithm>
#include <cstring>
#include <glib.h>

using namespace camwarden;

static void
check_known (const std::vector<HealthIssue> &issues)
{
  for (const auto &issue : issues) {
    g_test_message ("%s", issue.what.c_str ());
    g_assert_true (is_known_sentence (issue.what));
    ASSERT_TEXT (translated (issue.text), issue.text);
  }
}

static void
test_cameras (void)
{
  size_t count = 0;
  const auto check = [&count] (const CameraFacts &facts) {
    const auto issues = camera_issues (facts);
    count += issues.size ();
    check_known (issues);
  };
  for (const auto state : { CameraState::Starting, CameraState::Stalled, CameraState::NoCamera,
                            CameraState::Respawning, CameraState::Failed })
    check ({ .id = "front", .state = state, .last_error = "v4l2src: it is gone: no device" });
  for (const char *verdict : { "stall", "frozen", "dark", "bright", "blur" })
    check ({ .id = "a-1", .state = CameraState::Streaming, .verdict = verdict });
  for (const char *why : { "full", "readonly", "io", "missing", "permission" })
    check ({ .id = "a", .state = CameraState::Streaming, .store_paused = why });
  check ({ .id = "a", .state = CameraState::Streaming, .test_picture = true });
  g_assert_cmpuint (count, ==, 16);
}

static void
test_machine (void)
{
  MachineFacts machine;
  for (const auto what : { Quantity::Cpu, Quantity::Memory, Quantity::Disk, Quantity::Temperature,
                           Quantity::CameraFailures })
    machine.thresholds.push_back (
        { .what = what, .instance = "/var: a", .level = ThresholdLevel::Warning });
  machine.under_voltage = machine.throttled = machine.emergency = true;
  machine.emergency_cause = "memory";
  machine.degrade_step = 1;
  machine.degrade_text = "no previews";
  machine.reboot_trouble = machine.history_trouble = "why";
  const auto report
      = report_health ({}, { .connected = false, .uri = "redis://127.0.0.1:6379", .error = "gone" },
                       "camwarden.conf:3: no", machine);
  g_assert_cmpuint (report.issues.size (), ==, 14);
  for (const auto &issue : report.issues)
    g_assert_true (is_known_sentence (issue.what));
}

/* The figures of processes and of Redis have names with blanks in them. */
static void
test_figures (void)
{
  for (const char *known :
       { "Process redis-server (7) hangs for 30 s: it was stopped by a signal",
         "The memory of camera front grows by 3.0 % an hour, now 80 MiB: it does not give back "
         "what "
         "it takes",
         "Redis uses 60 MiB of 64 MiB: large keys or streams, or readers that do not keep up",
         "Redis has cut off 3 slow readers: they did not read as fast as frames came",
         "A reader of Redis is 12 MiB behind", "The file system / is filled: largest on it" }) {
    g_assert_true (is_known_sentence (known));
    ASSERT_TEXT (translated (known), known);
  }
}

static void
test_others (void)
{
  for (const char *other :
       { "", "Camera", "Camera front", "Camera front is not connected at all",
         "The camera is not connected", "Redis is awake", "%s", "Redis uses " }) {
    g_assert_false (is_known_sentence (other));
    ASSERT_TEXT (translated (other), other);
  }
}

static void
test_words (void)
{
  for (int i = 0; i <= static_cast<int> (CameraState::Failed); i++) {
    const std::string state (camera_state_name (static_cast<CameraState> (i)));
    ASSERT_TEXT (state_word (state), state);
  }
  ASSERT_TEXT (verdict_word ("strange"), "strange");
}

/* Chinese has no blanks, and its characters are two columns wide. */
static void
test_wrap (void)
{
  const std::string sentence = "摄像头 front 已停止输出画面：请检查线缆和电源（或者 USB 集线器），"
                               "然后重新启动服务。";
  for (unsigned columns = 12; columns < 90; columns++) {
    const std::string lines = wrap (sentence, columns, 2);
    std::string joined;
    g_auto (GStrv) each = g_strsplit (lines.c_str (), "\n", -1);
    for (char **line = each; *line; line++) {
      g_assert_cmpuint (text_width (*line), <=, columns);
      g_assert_null (strstr (*line, "..."));
      const char *first = g_strchug (*line);
      for (const char *closing : { "。", "，", "）", "：" })
        g_assert_false (g_str_has_prefix (first, closing));
      g_assert_false (g_str_has_suffix (first, "（"));
      joined += first;
    }
    std::string wanted = sentence;
    for (auto *text : { &joined, &wanted })
      text->erase (std::remove (text->begin (), text->end (), ' '), text->end ());
    ASSERT_TEXT (joined, wanted);
  }
  ASSERT_TEXT (wrap ("中文中文", 4, 0), "中文\n中文");
  ASSERT_TEXT (wrap ("one two", 4, 0), "one\ntwo");
  g_assert_cmpuint (widest ({ "a", "中文", "abc" }), ==, 4);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/daemonwords/cameras", test_cameras);
  g_test_add_func ("/daemonwords/machine", test_machine);
  g_test_add_func ("/daemonwords/figures", test_figures);
  g_test_add_func ("/daemonwords/others", test_others);
  g_test_add_func ("/daemonwords/words", test_words);
  g_test_add_func ("/daemonwords/wrap", test_wrap);
  return g_test_run ();
}
