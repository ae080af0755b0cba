// SPDX-License-Identifier: LGPL-2.1-or-later
/* The JSON of a fault and of its cure, also with the texts of strangers in it. */
#include "daemon/faultreport.h"

#include "common/jsoncheck.h"
#include "common/textcheck.h"
#include "gobject/ref.h"
#include "support/asserttext.h"

#include <cmath>
#include <json-glib/json-glib.h>
#include <random>

using namespace camwarden;

namespace
{

FaultReport
sample ()
{
  FaultReport report;
  report.camera = "front";
  report.incident = "front-17";
  report.wall = 1'700'000'000'123'456;
  report.fault
      = { FaultClass::Camera, Tier::Pipeline, "source", "resource-read", "poll error 1: \"x\"" };
  report.worker_lines = { "first", "second" };
  report.kernel_lines = { "usb 1-1: disconnect" };
  report.temperature = 61.5;
  report.throttled = true;
  report.path = "/var/lib/camwarden/faults/front/20231114T221320Z-resource-read";
  return report;
}

/* The strictest reader there is: ours. */
void
check (const std::string &json)
{
  g_assert_cmpuint (json.size (), <=, REPORT_BYTES);
  g_assert_true (is_valid_utf8 (json));
  g_assert_true (JsonCheck (json, 2).is_object ());
  for (const char c : json)
    g_assert_true (static_cast<unsigned char> (c) >= 0x20);
}

Ref<JsonParser>
parse (const std::string &json)
{
  check (json);
  auto parser = Ref<JsonParser>::adopt (json_parser_new ());
  g_assert_true (json_parser_load_from_data (parser.get (), json.c_str (), -1, nullptr));
  return parser;
}

JsonObject *
object (const Ref<JsonParser> &parser)
{
  return json_node_get_object (json_parser_get_root (parser.get ()));
}

void
test_fault ()
{
  ASSERT_TEXT (
      fault_json (sample ()),
      R"({"v":1,"cam":"front","ts":1700000000123456,"event":"fault","incident":"front-17",)"
      R"("class":"camera","tier":"pipeline","part":"source","code":"resource-read",)"
      R"("evidence":"poll error 1: \"x\"","stderr":["first","second"],)"
      R"("kernel":["usb 1-1: disconnect"],"temperature":61.5,"throttled":true,)"
      R"("path":"/var/lib/camwarden/faults/front/20231114T221320Z-resource-read"})");
}

void
test_unknown ()
{
  const FaultReport nothing;
  const std::string json = fault_json (nothing);
  check (json);
  g_assert_nonnull (strstr (json.c_str (), R"("stderr":[],"kernel":[],"temperature":null,)"
                                           R"("throttled":null,"path":"")"));
  FaultReport report = sample ();
  for (const double wrong : { NAN, INFINITY, -INFINITY }) {
    report.temperature = wrong;
    g_assert_nonnull (strstr (fault_json (report).c_str (), R"("temperature":null)"));
  }
}

void
test_cure ()
{
  CureReport report{
    "front", "front-17", 5, CureReport::Event::Cured, Tier::Worker, 7, 12'500'000
  };
  ASSERT_TEXT (cure_json (report),
               R"({"v":1,"cam":"front","ts":5,"event":"cured","incident":"front-17",)"
               R"("tier":"worker","attempts":7,"took":12500000})");
  report.event = CureReport::Event::Cure;
  g_assert_nonnull (strstr (cure_json (report).c_str (), R"("event":"cure",)"));
  report.event = CureReport::Event::GivenUp;
  g_assert_nonnull (strstr (cure_json (report).c_str (), R"("event":"given-up",)"));
  report.incident.assign (10'000, '"');
  check (cure_json (report));
}

/* Of lines the last ones are worth most. */
void
test_last_lines ()
{
  FaultReport report = sample ();
  report.worker_lines.clear ();
  for (int i = 0; i < 100; i++)
    report.worker_lines.push_back ("line " + std::to_string (i));
  auto parser = parse (fault_json (report));
  JsonArray *lines = json_object_get_array_member (object (parser), "stderr");
  g_assert_cmpuint (json_array_get_length (lines), ==, REPORT_LINES);
  g_assert_cmpstr (json_array_get_string_element (lines, 0), ==, "line 80");
  g_assert_cmpstr (json_array_get_string_element (lines, 19), ==, "line 99");
  for (auto &line : report.worker_lines)
    line.insert (0, 300, 'x');
  parser = parse (fault_json (report));
  lines = json_object_get_array_member (object (parser), "stderr");
  const guint kept = json_array_get_length (lines);
  g_assert_cmpuint (kept, ==, 8);
  g_assert_true (g_str_has_suffix (json_array_get_string_element (lines, kept - 1), "line 99"));
}

void
test_cut ()
{
  FaultReport report = sample ();
  report.fault.evidence.assign (EVIDENCE_BYTES, 'x');
  auto parser = parse (fault_json (report));
  ASSERT_TEXT (json_object_get_string_member (object (parser), "evidence"), report.fault.evidence);
  report.fault.evidence += 'x';
  parser = parse (fault_json (report));
  ASSERT_TEXT (json_object_get_string_member (object (parser), "evidence"),
               std::string (EVIDENCE_BYTES - 3, 'x') + "…");
  report.fault.evidence.clear ();
  while (report.fault.evidence.size () <= EVIDENCE_BYTES)
    report.fault.evidence += "ü"; /* never half of one */
  parser = parse (fault_json (report));
  const std::string text = json_object_get_string_member (object (parser), "evidence");
  g_assert_cmpuint (text.size (), <=, EVIDENCE_BYTES);
  g_assert_cmpuint (text.size (), >=, EVIDENCE_BYTES - 2);
  g_assert_true (text.ends_with ("ü…"));
}

void
fill (FaultReport &report, const std::string &text)
{
  report.camera = report.incident = report.path = text;
  report.fault.part = report.fault.code = report.fault.evidence = text;
  report.worker_lines.assign (30, text);
  report.kernel_lines.assign (30, text);
}

/* Each character alone, as often as there is room and more. */
void
test_each_byte ()
{
  FaultReport report = sample ();
  report.wall = INT64_MIN; /* the longest number */
  report.fault.fault_class = FaultClass::Configuration;
  report.fault.first = Tier::Pipeline;
  report.temperature = -1.0 / 3e-300;
  for (int byte = 0; byte < 256; byte++)
    for (const size_t length : { 1, 40, 200, 600, 5000 }) {
      fill (report, std::string (length, static_cast<char> (byte)));
      parse (fault_json (report));
    }
}

void
test_random ()
{
  std::mt19937 random (1);
  FaultReport report = sample ();
  for (int i = 0; i < 3000; i++) {
    std::string text (random () % 4000, '\0');
    for (char &c : text)
      c = static_cast<char> (random () % 3 ? random () % 256 : "\"\\\x1f\x7f\n</>"[random () % 9]);
    fill (report, text);
    parse (fault_json (report));
  }
}

} // namespace

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/faultreport/fault", test_fault);
  g_test_add_func ("/faultreport/unknown", test_unknown);
  g_test_add_func ("/faultreport/cure", test_cure);
  g_test_add_func ("/faultreport/last-lines", test_last_lines);
  g_test_add_func ("/faultreport/cut", test_cut);
  g_test_add_func ("/faultreport/each-byte", test_each_byte);
  g_test_add_func ("/faultreport/random", test_random);
  return g_test_run ();
}
