// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/alertbook.h"
#include "support/asserttext.h"

#include <algorithm>
#include <glib.h>
#include <random>
#include <set>

using namespace camwarden;

static constexpr int64_t second = 1'000'000, wall_zero = 1'700'000'000 * second;

static HealthIssue
issue (const char *code, HealthLevel level = HealthLevel::Warning, const char *matter = "")
{
  HealthIssue one;
  one.level = level;
  one.part = "camera/front";
  one.code = code;
  one.text = one.what = code;
  one.instance = "front";
  one.matter = matter;
  return one;
}

class Desk
{
public:
  explicit Desk (AlertBook::Settings settings = {}) : book (settings, [this] { return ++id_; }) {}

  /* One look a second, for so many seconds. */
  std::vector<AlertMessage>
  look (const std::vector<HealthIssue> &issues, int seconds = 1)
  {
    std::vector<AlertMessage> messages;
    for (int i = 0; i < seconds; i++) {
      now += second;
      last = book.update (now, wall_zero + now, issues);
      messages.insert (messages.end (), last.messages.begin (), last.messages.end ());
      for (const auto &kept : last.kept)
        file[kept.alert.id] = kept;
    }
    return messages;
  }
  [[nodiscard]] std::vector<Alert>
  open () const
  {
    return book.alerts ({ .over = false });
  }
  [[nodiscard]] std::vector<KeptAlert>
  kept () const
  {
    std::vector<KeptAlert> list;
    for (const auto &[id, one] : file)
      list.push_back (one);
    return list;
  }

  int64_t now = 0;
  AlertBook::Changes last;
  std::map<int64_t, KeptAlert> file; /* as the database would have it */

private:
  int64_t id_ = 0;

public:
  AlertBook book;
};

static void
test_debounce ()
{
  Desk desk;
  g_assert_cmpuint (desk.look ({ issue ("stall") }, 9).size (), ==, 0);
  g_assert_cmpuint (desk.look ({}).size (), ==, 0);
  g_assert_cmpuint (desk.look ({ issue ("stall") }, 10).size (), ==, 0);
  const auto messages = desk.look ({ issue ("stall") });
  g_assert_cmpuint (messages.size (), ==, 1);
  g_assert_cmpint (messages[0].alert.since, ==, wall_zero + 11 * second);
  g_assert_cmpuint (desk.look ({ issue ("stall") }, 1000).size (), ==, 0);
  g_assert_cmpuint (desk.open ().size (), ==, 1);
}

static void
test_resolved_with_duration ()
{
  Desk desk;
  g_assert_cmpuint (desk.look ({ issue ("stall") }, 400).size (), ==, 1);
  g_assert_cmpuint (desk.look ({}, 10).size (), ==, 0);
  const auto messages = desk.look ({}, 10);
  g_assert_cmpuint (messages.size (), ==, 1);
  g_assert_true (messages[0].kind == AlertMessage::Kind::Over);
  g_assert_cmpint (messages[0].lasted, ==, 400 * second);
  g_assert_cmpint (messages[0].alert.until - messages[0].alert.since, ==, 400 * second);
  g_assert_cmpuint (desk.open ().size (), ==, 0);
  g_assert_cmpuint (desk.book.alerts ({}).size (), ==, 1);
}

/* What a camera goes through on its way back is one alert, and names the case that tells most. */
static void
test_one_matter ()
{
  Desk desk;
  const auto gone = issue ("no-camera", HealthLevel::Critical, "frames");
  auto respawning = issue ("respawning", HealthLevel::Critical, "frames");
  auto starting = issue ("starting", HealthLevel::Warning, "frames");
  respawning.passing = starting.passing = true;
  desk.look ({ gone }, 15);
  const int64_t id = desk.open ().at (0).id;
  for (int i = 0; i < 100; i++) {
    desk.look ({ respawning }, 2);
    desk.look ({ starting }, 20);
    desk.look ({ gone }, 8);
  }
  g_assert_cmpuint (desk.book.alerts ({}).size (), ==, 1);
  g_assert_cmpint (desk.open ().at (0).id, ==, id);
  ASSERT_TEXT (desk.open ().at (0).code, "no-camera");
}

static void
test_worse_clears_the_acknowledgement ()
{
  Desk desk ({ 10 * second, 60 * second });
  auto disk = issue ("disk");
  disk.value = 91;
  disk.threshold = 90;
  desk.look ({ disk }, 11);
  g_assert_cmpuint (desk.book.acknowledge (1, wall_zero, "me").shown.size (), ==, 1);
  ASSERT_TEXT (desk.open ().at (0).acknowledged_by, "me");
  g_assert_cmpuint (desk.book.acknowledge (77, wall_zero, "me").shown.size (), ==, 0);

  disk.level = HealthLevel::Critical;
  disk.value = 97;
  disk.threshold = 95;
  desk.look ({ disk });
  g_assert_cmpint (desk.open ().at (0).acknowledged, ==, 0);
  g_assert_true (desk.open ().at (0).severity == Severity::Critical);
  g_assert_cmpfloat (*desk.open ().at (0).value, ==, 97);
  g_assert_cmpfloat (*desk.open ().at (0).threshold, ==, 95);
  const auto messages = desk.look ({ disk }, 60);
  g_assert_cmpuint (messages.size (), ==, 1);
  g_assert_true (messages[0].kind == AlertMessage::Kind::Worse);

  disk.level = HealthLevel::Warning; /* the worst stays */
  desk.look ({ disk }, 10);
  g_assert_true (desk.open ().at (0).severity == Severity::Critical);
}

static void
test_flapping_is_bounded ()
{
  Desk desk;
  std::vector<AlertMessage> all;
  for (int i = 0; i < 100; i++)
    for (const auto &issues : { std::vector{ issue ("stall") }, std::vector<HealthIssue>{} })
      for (auto &message : desk.look (issues, 15))
        all.push_back (message);
  g_assert_cmpuint (all.size (), <=, 3000 / 300 + 1);
  g_assert_cmpuint (desk.book.alerts ({}).size (), <=, 6);
  for (size_t i = 1; i < all.size (); i++)
    g_assert_true ((all[i].kind == AlertMessage::Kind::Over)
                   != (all[i - 1].kind == AlertMessage::Kind::Over));
}

static void
test_survives_a_restart ()
{
  Desk before;
  before.look ({ issue ("stall") }, 100);
  Desk after;
  after.now = 7 * second;
  const auto early = after.book.restore (after.now, wall_zero + 130 * second, before.kept ());
  g_assert_cmpuint (early.messages.size (), ==, 0);
  g_assert_cmpuint (after.look ({}, 30).size (), ==, 0); /* the cameras start */
  g_assert_cmpuint (after.look ({ issue ("stall") }, 600).size (), ==, 0);
  g_assert_cmpint (after.open ().at (0).id, ==, 1);
  const auto over = after.look ({}, 12);
  g_assert_cmpuint (over.size (), ==, 1);
  g_assert_true (over[0].kind == AlertMessage::Kind::Over);

  Desk third; /* it was over while no daemon ran */
  g_assert_cmpuint (third.book.restore (0, wall_zero + 130 * second, before.kept ()).kept.size (),
                    ==, 0);
  g_assert_cmpuint (third.look ({}, 59).size (), ==, 0);
  g_assert_cmpuint (third.open ().size (), ==, 1);
  g_assert_cmpuint (third.look ({}, 300).size (), ==, 1);
  g_assert_cmpuint (third.open ().size (), ==, 0);
}

/* The file is read late: what began meanwhile takes the place of the old one. */
static void
test_late_restore ()
{
  Desk before;
  before.look ({ issue ("stall") }, 100);
  auto kept = before.kept ();
  kept[0].alert.id = 50;
  Desk after;
  after.look ({ issue ("stall") }, 20);
  const auto changes = after.book.restore (after.now, wall_zero + 300 * second, kept);
  g_assert_cmpuint (changes.kept.size (), ==, 1);
  g_assert_cmpint (changes.kept[0].alert.id, ==, 50);
  g_assert_cmpint (changes.kept[0].alert.until, >, 0);
  g_assert_cmpuint (after.open ().size (), ==, 1);
}

static void
test_done ()
{
  Desk desk;
  desk.look ({ issue ("stall") }, 5);
  g_assert_cmpuint (desk.book.done ("camera/front", "source restarted").shown.size (), ==, 0);
  desk.look ({ issue ("stall") }, 10);
  ASSERT_TEXT (desk.open ().at (0).done, "source restarted");
  g_assert_cmpuint (desk.book.done ("camera/front", "worker replaced").shown.size (), ==, 1);
  g_assert_cmpuint (desk.book.done ("camera/front", "worker replaced").shown.size (), ==, 0);
  g_assert_cmpuint (desk.book.done ("camera/back", "worker replaced").shown.size (), ==, 0);
}

/* --- ten thousand random walks --- */

namespace
{

struct Seen
{
  std::map<std::string, int64_t> told;      /* when, by key */
  std::map<int64_t, AlertMessage::Kind> of; /* the last message, by alert */
};

std::string
key (const Alert &alert)
{
  return alert.part + alert.parameters.at ("matter") + alert.instance;
}

HealthIssue
random_issue (std::mt19937 &random)
{
  static const char *const codes[] = { "a", "b", "c" };
  static const char *const matters[] = { "x", "y" };
  auto one
      = issue (codes[random () % 3], random () % 2 ? HealthLevel::Critical : HealthLevel::Warning,
               matters[random () % 2]);
  one.passing = random () % 3 == 0;
  one.instance = random () % 4 ? "front" : "back";
  one.parameters["matter"] = one.matter;
  return one;
}

void
check_messages (Seen &seen, const AlertBook::Changes &changes, int64_t now, int64_t interval)
{
  for (const auto &message : changes.messages) {
    const auto [told, first] = seen.told.try_emplace (key (message.alert), now);
    g_assert_true (first || now - told->second >= interval);
    told->second = now;
    const auto before = seen.of.find (message.alert.id);
    if (before == seen.of.end ())
      g_assert_true (message.kind == AlertMessage::Kind::Begin);
    else
      g_assert_true (before->second != AlertMessage::Kind::Over
                     && message.kind != AlertMessage::Kind::Begin);
    seen.of[message.alert.id] = message.kind;
    if (message.kind == AlertMessage::Kind::Over)
      g_assert_cmpint (message.lasted, >, 0);
  }
}

void
check_open (const AlertBook &book)
{
  std::set<std::string> keys;
  for (const auto &alert : book.alerts ({ .over = false }))
    g_assert_true (keys.insert (key (alert)).second);
}

void
walk (unsigned seed)
{
  std::mt19937 random (seed);
  const AlertBook::Settings settings{ static_cast<int64_t> (random () % 20) * second,
                                      static_cast<int64_t> (random () % 120) * second };
  Desk desk (settings);
  Seen seen;
  std::vector<HealthIssue> issues;
  for (int step = 0; step < 60; step++) {
    issues.clear ();
    for (unsigned n = random () % 4; n > 0; n--)
      issues.push_back (random_issue (random));
    for (unsigned n = 1 + random () % 15; n > 0; n--) {
      desk.look (issues);
      check_messages (seen, desk.last, desk.now, settings.min_interval);
    }
    check_open (desk.book);
    for (const auto &alert : desk.book.alerts ({ .open = false }))
      g_assert_cmpint (alert.until, >, alert.since);
  }
  /* In the end everything that was told is told to be over. */
  for (int i = 0; i < 500; i++) {
    desk.look ({});
    check_messages (seen, desk.last, desk.now, settings.min_interval);
  }
  g_assert_cmpuint (desk.open ().size (), ==, 0);
  for (const auto &[id, kind] : seen.of)
    g_assert_true (kind == AlertMessage::Kind::Over);
  for (const auto &[id, kept] : desk.file)
    g_assert_cmpint (kept.alert.until, >, 0);
}

} // namespace

static void
test_random_walks ()
{
  for (unsigned seed = 0; seed < 10'000; seed++)
    walk (seed);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/alertbook/debounce", test_debounce);
  g_test_add_func ("/alertbook/resolved-with-duration", test_resolved_with_duration);
  g_test_add_func ("/alertbook/one-matter", test_one_matter);
  g_test_add_func ("/alertbook/worse", test_worse_clears_the_acknowledgement);
  g_test_add_func ("/alertbook/flapping", test_flapping_is_bounded);
  g_test_add_func ("/alertbook/restart", test_survives_a_restart);
  g_test_add_func ("/alertbook/late-restore", test_late_restore);
  g_test_add_func ("/alertbook/done", test_done);
  g_test_add_func ("/alertbook/random-walks", test_random_walks);
  return g_test_run ();
}
