// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/redact.h"

#include "ctl/systemdunit.h"
#include "support/asserttext.h"

#include <glib.h>

using namespace camwarden;

namespace
{

void
check (const char *text, const char *expected)
{
  ASSERT_TEXT (redact (text), expected);
}

void
test_values ()
{
  check ("password=abc", "password=[removed]");
  check ("password = abc def", "password = [removed] def");
  check ("user-pw=abc other=1", "user-pw=[removed] other=1");
  check ("a=1,password=xyz", "a=1,password=[removed]");
  check ("{\"token\":\"abc\"}", "{\"token\":[removed]");
  check ("  \"token\": \"abc\",\n  \"x\": 1", "  \"token\": [removed]\n  \"x\": 1");
  check ("requirepass abc", "requirepass [removed]");
  check ("Authorization: Bearer abc", "Authorization: Bearer [removed]");
  check ("webhook = https://host/a", "webhook = [removed]");
}

void
test_harmless ()
{
  for (const char *text :
       { "", "\n", "password-file=/etc/camwarden/password", "token-file = /etc/camwarden/tokens",
         "camera front: fault source/stall, class camera", "12:34:56 info: 30.0 fps",
         "redis://127.0.0.1:6379/cam:front:frame", "http://127.0.0.1:5000/api/status",
         "/var/lib/camwarden/frames/front/2026/01/31", "MemTotal:  4000000 kB\n" })
    check (text, text);
}

void
test_addresses ()
{
  check ("location=rtsp://u:p@10.0.0.9/live", "location=rtsp://[removed]@10.0.0.9/live");
  check ("rtsp://10.0.0.9/live?user=a&pass=b", "rtsp://10.0.0.9/live?[removed]");
  check ("\"https://hooks.host/services/T0/B0\",", "\"https://hooks.host/[removed]\",");
  check ("redis://u:p@host:6379", "redis://[removed]@host:6379");
  check ("see https://host/", "see https://host/");
}

void
test_tokens ()
{
  check ("0123456789abcdef0123456789abcdef", "[removed]");
  check ("is 0123456789abcdef0123456789abcdef, yes", "is [removed], yes");
  check ("short0123", "short0123");
  check ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
}

void
test_unit ()
{
  SystemdUnit unit;
  g_assert_true (unit.empty ());
  unit.add ("[Service]\n# no\nUser=camwarden\nReadWritePaths=/a /b\nRestart = always\n");
  unit.add ("[Service]\nReadWritePaths=/c\nUser=\nUser=root\nNoNewPrivileges=yes\n");
  ASSERT_TEXT (unit.value ("User"), "root");
  ASSERT_TEXT (unit.value ("Restart"), "always");
  ASSERT_TEXT (unit.value ("None"), "");
  g_assert_cmpuint (unit.words ("ReadWritePaths").size (), ==, 3);
  g_assert_true (unit.has_word ("ReadWritePaths", "/b"));
  g_assert_true (unit.is_yes ("NoNewPrivileges"));
  unit.add ("ReadWritePaths=\n");
  g_assert_true (unit.words ("ReadWritePaths").empty ());
}

void
test_seconds ()
{
  g_assert_cmpfloat (systemd_seconds ("14"), ==, 14);
  g_assert_cmpfloat (systemd_seconds ("1min 30s"), ==, 90);
  g_assert_cmpfloat (systemd_seconds ("500ms"), ==, 0.5);
  g_assert_cmpfloat (systemd_seconds ("0"), ==, 0);
  for (const char *text : { "", "off", "-1", "5 parsecs" })
    g_assert_cmpfloat (systemd_seconds (text), ==, -1);
}

} // namespace

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/redact/values", test_values);
  g_test_add_func ("/redact/harmless", test_harmless);
  g_test_add_func ("/redact/addresses", test_addresses);
  g_test_add_func ("/redact/tokens", test_tokens);
  g_test_add_func ("/redact/unit", test_unit);
  g_test_add_func ("/redact/seconds", test_seconds);
  return g_test_run ();
}
