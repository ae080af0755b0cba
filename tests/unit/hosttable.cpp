// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/hosttable.h"

#include <glib.h>

using namespace camwarden;

static void
test_hosts ()
{
  static const struct
  {
    const char *host;
    bool accepted;
  } rows[] = {
    { "localhost", true },
    { "localhost:5000", true },
    { "LOCALHOST", true },
    { "localhost.", true },
    { "workshop", true },
    { "workshop:5000", true },
    { "Workshop.Factory.Example", true },
    { "workshop.local", true },
    { "cameras.example", true },
    { "127.0.0.1", true },
    { "127.0.0.1:5000", true },
    { "192.168.1.20:5000", true },
    { "255.255.255.255", true },
    { "[::1]", true },
    { "[::1]:5000", true },
    { "[FE80::1]", true },
    { "[2001:db8:0:0:1:2:3:4]:80", true },
    { "[::ffff:127.0.0.1]", true },
    { "", false },
    { "evil.example", false },
    { "evil.example:5000", false },
    { "localhost.evil.example", false },
    { "workshop.evil.example", false },
    { "workshop.local.evil.example", false },
    { "evil.local", false },
    { "127.0.0.1.evil.example", false },
    { "127.0.0.1.", true },
    { "127.1", false },
    { "0x7f.0.0.1", false },
    { "2130706433", false },
    { "127.0.0.01", false },
    { "127.0.0.256", false },
    { "1.2.3.4.5", false },
    { "localhost@evil.example", false },
    { "evil.example@localhost", false },
    { "localhost evil.example", false },
    { "localhost, evil.example", false },
    { "localhost:", false },
    { "localhost:0", false },
    { "localhost:-1", false },
    { "localhost:65536", false },
    { "localhost:80:80", false },
    { "localhost:80x", false },
    { "[::1", false },
    { "::1", false },
    { "[::1]x", false },
    { "[]", false },
    { "[1::2::3]", false },
    { "[:::]", false },
    { "[1:2:3:4:5:6:7]", false },
    { "[1:2:3:4:5:6:7:8:9]", false },
    { "[fe80::1%eth0]", false },
    { "[evil.example]", false },
    { "localhost\tx", false },
    { "local\xC5\xBFhost", false },
    { ".localhost", false },
    { ".", false },
    { "localhost/", false },
  };
  const HostTable table ("workshop.factory.example", { "cameras.example" });
  for (const auto &row : rows) {
    g_test_message ("Host: %s", row.host);
    g_assert_cmpint (table.accepts (row.host), ==, row.accepted);
  }
  g_assert_false (table.accepts (std::string (100'000, 'a')));
  g_assert_false (table.accepts (std::string_view ("localhost\0x", 11)));
}

static void
test_own_name_may_be_missing ()
{
  const HostTable table ("", {});
  g_assert_true (table.accepts ("localhost"));
  g_assert_false (table.accepts (".local"));
  g_assert_false (table.accepts (""));
}

static void
test_origins ()
{
  static const struct
  {
    const char *origin; /* NULL: no such header */
    const char *host;
    bool allowed;
  } rows[] = {
    { nullptr, "localhost:5000", true },
    { "http://localhost:5000", "localhost:5000", true },
    { "HTTP://LOCALHOST:5000", "localhost:5000", true },
    { "http://127.0.0.1:5000", "127.0.0.1:5000", true },
    { "http://[::1]:5000", "[::1]:5000", true },
    { "http://workshop", "workshop", true },
    { "http://workshop:80", "workshop", true },
    { "http://workshop", "workshop:80", true },
    { "https://workshop", "workshop", true },
    { "https://workshop:443", "workshop", true },
    { "https://workshop", "workshop:443", true },
    { "http://workshop.local:5000", "workshop.local.:5000", true },
    { "null", "localhost:5000", false },
    { "", "localhost:5000", false },
    { "http://", "localhost:5000", false },
    { "http://evil.example", "localhost:5000", false },
    { "http://localhost", "localhost:5000", false },
    { "http://localhost:5001", "localhost:5000", false },
    { "http://127.0.0.1:5000", "localhost:5000", false },
    { "http://localhost:5000/", "localhost:5000", false },
    { "http://localhost:5000.evil.example", "localhost:5000", false },
    { "http://localhost.evil.example:5000", "localhost:5000", false },
    { "http://evil.example@localhost:5000", "localhost:5000", false },
    { "ftp://localhost:5000", "localhost:5000", false },
    { "file://", "localhost:5000", false },
    { "chrome-extension://localhost:5000", "localhost:5000", false },
    { "localhost:5000", "localhost:5000", false },
    { "http://localhost:5000, http://evil.example", "localhost:5000", false },
    { "https://workshop", "workshop:80", false },
    { "http://workshop", "workshop:443", false },
    { "http://localhost:5000", "", false },
  };
  for (const auto &row : rows) {
    g_test_message ("Origin: %s, Host: %s", row.origin ? row.origin : "(none)", row.host);
    const auto origin = row.origin ? std::optional<std::string_view> (row.origin) : std::nullopt;
    g_assert_cmpint (origin_allowed (origin, row.host), ==, row.allowed);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/hosttable/hosts", test_hosts);
  g_test_add_func ("/hosttable/own-name-may-be-missing", test_own_name_may_be_missing);
  g_test_add_func ("/hosttable/origins", test_origins);
  return g_test_run ();
}
