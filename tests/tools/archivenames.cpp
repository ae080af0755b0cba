// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/archivenames.h"

#include "support/asserttext.h"

#include <glib.h>

using namespace camwarden;

namespace
{

constexpr int64_t day = 86400;
constexpr int64_t new_year = 1767225600; /* 2026-01-01 00:00 UTC */

void
test_members ()
{
  for (const char *name :
       { "about.json", "config/camwarden.conf", "state/a/b/c", "frames/front/x.jpg",
         "history/history.sqlite", "manifest/000001.sha256", "manifest/1000000.sha256",
         "manifest/end.json", "state/..a", "state/.b" })
    ASSERT_TEXT (member_problem (name), "");
  std::string deep = "state";
  for (int i = 0; i < 40; i++)
    deep += "/d";
  for (const std::string &name :
       { std::string (), std::string ("/etc/passwd"), std::string ("../x"),
         std::string ("config/../../x"), std::string ("config/./x"), std::string ("config//x"),
         std::string ("config/"), std::string ("config"), std::string ("other/x"),
         std::string ("state/a\nb"), std::string ("state/\x7f"),
         std::string ("history/other.sqlite"), std::string ("manifest/x"),
         std::string ("manifest/00001.sha256"), std::string ("manifest/99999999999.sha256"),
         std::string ("about.json/x"), "state/" + std::string (256, 'x'),
         "state/" + std::string (1100, 'x'), deep })
    g_assert_false (member_problem (name).empty ());
}

void
test_manifest ()
{
  const std::string digest (64, 'a');
  const std::string text = manifest_line (digest, "state/a b") + manifest_line (digest, "x");
  const auto lines = parse_manifest (text);
  g_assert_true (lines.has_value ());
  g_assert_cmpuint (lines->size (), ==, 2);
  ASSERT_TEXT (std::string ((*lines)[0].name), "state/a b");
  g_assert_true (parse_manifest ("").has_value ());
  for (const std::string &bad :
       { text.substr (0, text.size () - 1), digest + " x\n", digest + "  \n",
         std::string (64, 'G') + "  x\n", std::string ("\n"), std::string (63, 'a') + "   x\n" })
    g_assert_false (parse_manifest (bad).has_value ());
  ASSERT_TEXT (manifest_name (12), "manifest/000012.sha256");
  g_assert_true (is_manifest_part (manifest_name (1)));
  g_assert_false (is_manifest_part ("manifest/00000x.sha256"));
}

void
test_names ()
{
  const std::string name = archive_name ("press-3.local", new_year + 3661);
  ASSERT_TEXT (name, "camwarden-press-3-local-20260101T010101Z.tar.zst");
  g_assert_cmpint (archive_time (name).value_or (0), ==, new_year + 3661);
  for (const char *bad :
       { "", "camwarden-20260101T010101Z.tar.zst", "other-x-20260101T010101Z.tar.zst",
         "camwarden-x-20261301T010101Z.tar.zst", "camwarden-x-20260230T010101Z.tar.zst",
         "camwarden-x-20260101T250101Z.tar.zst", "camwarden-x-20260101T010101Z.tar",
         "camwarden-x-20260101T010101Z.tar.zst.part", "camwarden-x-2026010aT010101Z.tar.zst" })
    g_assert_false (archive_time (bad).has_value ());
}

void
test_expired ()
{
  const std::string old = archive_name ("a", new_year), older = archive_name ("a", new_year - day);
  const std::string fresh = archive_name ("a", new_year + 40 * day);
  const int64_t now = new_year + 41 * day;
  g_assert_true (expired_archives ({ fresh, old, "stranger.tar.zst", older }, now, 30)
                 == (std::vector<std::string>{ older, old }));
  g_assert_true (expired_archives ({ fresh, old, older }, now, 41)
                 == std::vector<std::string>{ older });
  /* The last one stays, however old it is. */
  g_assert_true (expired_archives ({ old, older }, now, 1) == std::vector<std::string>{ older });
  g_assert_true (expired_archives ({ old }, now, 1).empty ());
  g_assert_true (expired_archives ({}, now, 1).empty ());
}

} // namespace

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/archivenames/members", test_members);
  g_test_add_func ("/archivenames/manifest", test_manifest);
  g_test_add_func ("/archivenames/names", test_names);
  g_test_add_func ("/archivenames/expired", test_expired);
  return g_test_run ();
}
