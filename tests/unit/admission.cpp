// SPDX-License-Identifier: LGPL-2.1-or-later
/* Who may come in, as whom, how often, for how long; and which route a path means. */
#include "core/accessrules.h"
#include "core/connectionbook.h"
#include "core/pathtemplate.h"
#include "core/tokenbucket.h"
#include "support/asserttext.h"

#include <cstring>
#include <glib.h>

using namespace camwarden;

static constexpr int64_t second = 1'000'000;
static const char *const read_token = "read-0123456789abcdef";
static const char *const control_token = "ctrl-0123456789abcdef";
static const char *const admin_token = "admin-0123456789abcdef";

static void
test_bucket ()
{
  TokenBucket bucket (10, 20, 0);
  for (int i = 0; i < 20; i++)
    g_assert_true (bucket.take (0));
  g_assert_false (bucket.take (0));
  g_assert_false (bucket.take (99'000));
  g_assert_cmpint (bucket.wait (0), >, 0);
  g_assert_true (bucket.take (100'001));
  g_assert_false (bucket.take (100'002));
  /* A clock that stands still or goes back gives nothing. */
  g_assert_false (bucket.take (0));
  int taken = 0;
  while (bucket.take (3600 * second))
    taken++;
  g_assert_cmpint (taken, ==, 20);
}

static void
test_buckets_are_bounded ()
{
  AddressBuckets buckets (1, 2, 100);
  for (int i = 0; i < 100; i++)
    g_assert_true (buckets.take ("10.0.0." + std::to_string (i), 0));
  g_assert_false (buckets.take ("10.0.1.1", 0));
  g_assert_true (buckets.take ("10.0.0.1", 0));
  g_assert_true (buckets.take ("10.0.1.1", 10 * second));
  g_assert_cmpuint (buckets.size (), <=, 100);
}

static void
test_tokens ()
{
  const auto good = TokenTable::parse ("# comment\n\nread read-0123456789abcdef\r\n"
                                       "  control\tctrl-0123456789abcdef  \n"
                                       "admin admin-0123456789abcdef");
  g_assert_cmpstr (good.error.c_str (), ==, "");
  g_assert_true (good.table.role_of (read_token) == Role::Read);
  g_assert_true (good.table.role_of (control_token) == Role::Control);
  g_assert_true (good.table.role_of (admin_token) == Role::Admin);
  for (const char *wrong : { "", "read", "read-0123456789abcde", "read-0123456789abcdeg",
                             "read-0123456789abcdef0", "READ-0123456789ABCDEF" })
    g_assert_false (good.table.role_of (wrong).has_value ());
  for (const char *text :
       { "read short\n", "root 0123456789abcdef\n", "read\n", "read 0123456789abcdef more\n",
         "read 0123456789\xC3\xA4\x62\x63\x64\n", "\n\nread \n" }) {
    const auto bad = TokenTable::parse (text);
    g_test_message ("%s", bad.error.c_str ());
    g_assert_cmpstr (bad.error.c_str (), !=, "");
    g_assert_true (bad.table.empty ());
    g_assert_null (strstr (bad.error.c_str (), "0123456789"));
  }
  g_assert_true (TokenTable::parse ("\n\nread \n").error.starts_with ("line 3: "));
}

static void
test_access_matrix ()
{
  using A = Access;
  static const struct
  {
    Peer peer;
    bool trusted;
    const char *token;
    Access read, control, admin;
  } rows[] = {
    { Peer::Unix, false, nullptr, A::Allowed, A::Allowed, A::Allowed },
    { Peer::Unix, false, "wrong-0123456789", A::Allowed, A::Allowed, A::Allowed },
    { Peer::Loopback, true, nullptr, A::Allowed, A::Allowed, A::NeedsToken },
    { Peer::Loopback, true, read_token, A::Allowed, A::Allowed, A::RoleTooSmall },
    { Peer::Loopback, true, control_token, A::Allowed, A::Allowed, A::RoleTooSmall },
    { Peer::Loopback, true, admin_token, A::Allowed, A::Allowed, A::Allowed },
    { Peer::Loopback, true, "wrong", A::WrongToken, A::WrongToken, A::WrongToken },
    { Peer::Loopback, false, nullptr, A::NeedsToken, A::NeedsToken, A::NeedsToken },
    { Peer::Loopback, false, read_token, A::Allowed, A::RoleTooSmall, A::RoleTooSmall },
    { Peer::Other, true, nullptr, A::NeedsToken, A::NeedsToken, A::NeedsToken },
    { Peer::Other, true, read_token, A::Allowed, A::RoleTooSmall, A::RoleTooSmall },
    { Peer::Other, true, control_token, A::Allowed, A::Allowed, A::RoleTooSmall },
    { Peer::Other, true, admin_token, A::Allowed, A::Allowed, A::Allowed },
    { Peer::Other, true, "", A::WrongToken, A::WrongToken, A::WrongToken },
  };
  for (const auto &row : rows) {
    const auto tokens = TokenTable::parse (std::string ("read ") + read_token + "\ncontrol "
                                           + control_token + "\nadmin " + admin_token + "\n");
    AccessRules rules (tokens.table, row.trusted);
    const auto token = row.token ? std::optional<std::string_view> (row.token) : std::nullopt;
    g_assert_true (rules.decide (row.peer, "a", token, Role::Read, 0) == row.read);
    g_assert_true (rules.decide (row.peer, "a", token, Role::Control, 0) == row.control);
    g_assert_true (rules.decide (row.peer, "a", token, Role::Admin, 0) == row.admin);
  }
}

static void
test_wrong_tokens_cost ()
{
  AccessRules rules (TokenTable::parse (std::string ("read ") + read_token).table, true);
  const auto decide = [&] (const char *address, const char *token, int64_t now) {
    return rules.decide (Peer::Other, address, token, Role::Read, now);
  };
  for (int i = 0; i < 5; i++)
    g_assert_true (decide ("10.0.0.1", "wrong", 0) == Access::WrongToken);
  g_assert_true (decide ("10.0.0.1", "wrong", second) == Access::TooManyTries);
  /* Guessing on must not be told from a hit. */
  g_assert_true (decide ("10.0.0.1", read_token, second) == Access::TooManyTries);
  g_assert_true (decide ("10.0.0.2", read_token, second) == Access::Allowed);
  g_assert_cmpint (rules.wait ("10.0.0.1", second), >, 10 * second);
  g_assert_true (decide ("10.0.0.1", read_token, 13 * second) == Access::Allowed);
}

static void
test_same_secret ()
{
  g_assert_true (same_secret ("", ""));
  g_assert_true (same_secret ("abc", "abc"));
  g_assert_false (same_secret ("abc", "abd"));
  g_assert_false (same_secret ("abc", "ab"));
  g_assert_false (same_secret ("Abc", "abc"));
}

static void
test_room ()
{
  ConnectionLimits limits;
  limits.requests = 3;
  limits.streams = 2;
  limits.per_address = 2;
  ConnectionBook book (limits);
  const auto a = book.admit (Peer::Loopback, "127.0.0.1", 0);
  const auto b = book.admit (Peer::Loopback, "127.0.0.1", 0);
  const auto c = book.admit (Peer::Loopback, "127.0.0.1", 0);
  g_assert_false (book.refusal (Peer::Loopback, "127.0.0.1").empty ());
  /* The others are not touched by that. */
  ASSERT_TEXT (book.refusal (Peer::Unix, "unix"), "");
  ASSERT_TEXT (book.refusal (Peer::Other, "10.0.0.1"), "");
  /* A stream makes room for a request. */
  g_assert_true (book.become_stream (a));
  ASSERT_TEXT (book.refusal (Peer::Loopback, "127.0.0.1"), "");
  g_assert_true (book.become_stream (b));
  g_assert_true (book.become_stream (b)); /* the last one, told again */
  g_assert_false (book.become_stream (c));
  book.remove (a);
  g_assert_true (book.become_stream (c));
  const auto other = book.admit (Peer::Other, "10.0.0.1", 0);
  g_assert_true (book.become_stream (other));
  (void)book.admit (Peer::Other, "10.0.0.1", 0);
  g_assert_false (book.refusal (Peer::Other, "10.0.0.1").empty ());
  ASSERT_TEXT (book.refusal (Peer::Other, "10.0.0.2"), "");
}

static void
test_deadlines ()
{
  static const struct
  {
    ConnectionPhase phase;
    int64_t seconds; /* 0: none */
  } rows[] = {
    { ConnectionPhase::Header, 10 },   { ConnectionPhase::Body, 15 },
    { ConnectionPhase::Working, 0 },   { ConnectionPhase::Writing, 10 },
    { ConnectionPhase::Streaming, 0 }, { ConnectionPhase::Idle, 30 },
    { ConnectionPhase::Lingering, 2 },
  };
  for (const auto &row : rows) {
    ConnectionBook book{ ConnectionLimits () };
    const auto id = book.admit (Peer::Loopback, "127.0.0.1", 0);
    book.enter (id, row.phase, 5 * second);
    const int64_t end = 5 * second + row.seconds * second;
    g_assert_cmpuint (book.overdue (end - 1).size (), ==, 0);
    g_assert_cmpuint (book.overdue (end + (row.seconds ? 0 : 86400 * second)).size (), ==,
                      row.seconds ? 1 : 0);
  }
}

static void
test_progress ()
{
  ConnectionBook book{ ConnectionLimits () };
  const auto id = book.admit (Peer::Loopback, "127.0.0.1", 0);
  book.enter (id, ConnectionPhase::Writing, 0);
  for (int i = 1; i <= 100; i++)
    book.progress (id, i * second);
  g_assert_cmpuint (book.overdue (109 * second).size (), ==, 0);
  g_assert_cmpuint (book.overdue (110 * second).size (), ==, 1);
  /* Dribbling a header byte by byte buys no time. */
  book.enter (id, ConnectionPhase::Header, 200 * second);
  book.progress (id, 209 * second);
  g_assert_cmpuint (book.overdue (210 * second).size (), ==, 1);
  book.enter (id, ConnectionPhase::Lingering, 210 * second);
  book.enter (id, ConnectionPhase::Idle, 211 * second);
  g_assert_true (book.phase (id) == ConnectionPhase::Lingering);
  book.remove (id);
  book.enter (id, ConnectionPhase::Idle, 212 * second);
  g_assert_cmpuint (book.size (), ==, 0);
}

static void
test_paths ()
{
  static const struct
  {
    const char *path_template;
    const char *path;
    const char *value; /* NULL: no match; "": no parameter */
  } rows[] = {
    { "/", "/", "" },
    { "/", "", nullptr },
    { "/", "/x", nullptr },
    { "/api/status", "/api/status", "" },
    { "/api/status", "/api/status/", nullptr },
    { "/api/status", "/api", nullptr },
    { "/api/status", "/API/status", nullptr },
    { "/api/cameras/{id}", "/api/cameras/front", "front" },
    { "/api/cameras/{id}", "/api/cameras/", nullptr },
    { "/api/cameras/{id}", "/api/cameras", nullptr },
    { "/api/cameras/{id}", "/api/cameras/a/b", nullptr },
    { "/api/cameras/{id}", "/api/cameras/..", nullptr },
    { "/api/cameras/{id}", "/api/cameras/.hidden", nullptr },
    { "/api/cameras/{id}", "/api/cameras/a%2fb", nullptr },
    { "/api/cameras/{id}", "/api/cameras/a b", nullptr },
    { "/api/cameras/{id}", "/api/cameras/a\\b", nullptr },
    { "/api/cameras/{id}/snapshot.jpg", "/api/cameras/front/snapshot.jpg", "front" },
    { "/api/cameras/{id}/snapshot.jpg", "/api/cameras/front/snapshotxjpg", nullptr },
    { "/api/cameras/{id}/snapshot.jpg", "/api/cameras//snapshot.jpg", nullptr },
    { "/assets/{file}", "/assets/camwarden.css", "camwarden.css" },
    { "/assets/{file}", "//camwarden.css", nullptr },
  };
  for (const auto &row : rows) {
    g_test_message ("%s %s", row.path_template, row.path);
    const auto found = match_path (row.path_template, row.path);
    g_assert_cmpint (found.has_value (), ==, row.value != nullptr);
    if (found && *row.value)
      g_assert_cmpstr (found->front ().second.c_str (), ==, row.value);
  }
  g_assert_false (match_path ("/{a}", "/" + std::string (65, 'a')).has_value ());
  const auto two = match_path ("/{a}/{b}", "/1/2");
  g_assert_true (two.has_value ());
  g_assert_cmpstr (two->at (1).first.c_str (), ==, "b");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/admission/bucket", test_bucket);
  g_test_add_func ("/admission/buckets-are-bounded", test_buckets_are_bounded);
  g_test_add_func ("/admission/tokens", test_tokens);
  g_test_add_func ("/admission/access-matrix", test_access_matrix);
  g_test_add_func ("/admission/wrong-tokens-cost", test_wrong_tokens_cost);
  g_test_add_func ("/admission/same-secret", test_same_secret);
  g_test_add_func ("/admission/room", test_room);
  g_test_add_func ("/admission/deadlines", test_deadlines);
  g_test_add_func ("/admission/progress", test_progress);
  g_test_add_func ("/admission/paths", test_paths);
  return g_test_run ();
}
