// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/alertbook.h"

#include <algorithm>
#include <set>

namespace camwarden
{

namespace
{

constexpr int64_t longest_end = 10'000'000;

std::string
key_of (const HealthIssue &issue)
{
  const std::string &matter = issue.matter.empty () ? issue.code : issue.matter;
  return issue.part + "|" + matter + "|" + issue.instance;
}

Severity
severity_of (HealthLevel level)
{
  return level == HealthLevel::Critical ? Severity::Critical : Severity::Warning;
}

KeptAlert::Told
told_as (Severity severity)
{
  return severity == Severity::Critical ? KeptAlert::Told::Critical : KeptAlert::Told::Warning;
}

bool
was_begun (KeptAlert::Told told)
{
  return told == KeptAlert::Told::Warning || told == KeptAlert::Told::Critical;
}

void
describe (Alert &alert, const HealthIssue &issue)
{
  alert.code = issue.code;
  alert.instance = issue.instance;
  alert.part = issue.part;
  alert.text = issue.what.empty () ? issue.text : issue.what;
  alert.cause = issue.cause;
  alert.unit = issue.unit;
  alert.threshold = issue.threshold;
  for (const auto &[name, value] : issue.parameters)
    alert.parameters[name] = value;
}

void
take_worse_value (Alert &alert, const HealthIssue &issue)
{
  if (issue.value && (!alert.value || *issue.value > *alert.value))
    alert.value = issue.value;
}

bool
newer (const Alert &a, const Alert &b)
{
  return a.since != b.since ? a.since > b.since : a.id > b.id;
}

} // namespace

void
AlertBook::configure (Settings settings)
{
  settings_ = settings;
}

KeptAlert
AlertBook::kept (const std::string &key, const Entry &entry)
{
  return { entry.alert, key, entry.told, entry.told_wall };
}

void
AlertBook::changed (const std::string &key, const Entry &entry, Changes &changes)
{
  changes.kept.push_back (kept (key, entry));
  changes.shown.push_back (entry.alert);
}

int64_t
AlertBook::end_after (const Entry &entry) const
{
  return entry.restored ? RESTORE_GRACE : std::min (settings_.min_duration, longest_end);
}

/* It ended a moment ago, or somebody still believes that it goes on. */
bool
AlertBook::comes_back (const Entry &entry, int64_t now) const
{
  if (entry.alert.id == 0 || entry.told == KeptAlert::Told::Over)
    return false;
  return was_begun (entry.told) || now - entry.closed < settings_.min_interval;
}

AlertBook::Changes
AlertBook::restore (int64_t now, int64_t wall, std::vector<KeptAlert> alerts)
{
  Changes changes;
  for (auto &old : alerts) {
    if (old.alert.until != 0)
      remember (old.alert);
    if (old.alert.until != 0 && !was_begun (old.told))
      continue;
    if (Entry &entry = entries_[old.key]; entry.alert.id == 0)
      resume (entry, now, wall, std::move (old));
    else if (old.alert.until == 0)
      replace (std::move (old), wall, changes);
  }
  return changes;
}

void
AlertBook::resume (Entry &entry, int64_t now, int64_t wall, KeptAlert old)
{
  entry.open = old.alert.until == 0;
  entry.closed = entry.open ? -1 : now;
  entry.restored = entry.open;
  entry.alert = std::move (old.alert);
  if (entry.done.empty ())
    entry.done = entry.alert.done;
  entry.told = old.told;
  entry.told_wall = old.told_at;
  if (old.told != KeptAlert::Told::Nothing)
    entry.told_at = now - std::clamp<int64_t> (wall - old.told_at, 0, settings_.min_interval);
  if (entry.open && entry.held_since < 0) {
    entry.gone_since = now;
    entry.gone_wall = wall;
  }
}

/* The new one began before the old ones could be read: it goes on for the old one. */
void
AlertBook::replace (KeptAlert old, int64_t wall, Changes &changes)
{
  old.alert.until = std::max (wall, old.alert.since + 1);
  old.told = KeptAlert::Told::Over;
  remember (old.alert);
  changes.shown.push_back (old.alert);
  changes.kept.push_back (std::move (old));
}

void
AlertBook::hold (Entry &entry, int64_t now, int64_t wall, const HealthIssue &issue)
{
  if (entry.held_since < 0) {
    entry.held_since = now;
    entry.held_wall = wall;
  }
  entry.gone_since = -1;
  entry.restored = false;
  entry.issue = issue;
}

/* What did not last long enough is forgotten at once. */
void
AlertBook::let_go (Entry &entry, int64_t now, int64_t wall)
{
  entry.held_since = -1;
  if (entry.open && entry.gone_since < 0) {
    entry.gone_since = now;
    entry.gone_wall = wall;
  }
}

void
AlertBook::open (const std::string &key, Entry &entry, int64_t now, Changes &changes)
{
  const bool again = comes_back (entry, now);
  if (again) {
    std::erase_if (over_, [&entry] (const Alert &alert) { return alert.id == entry.alert.id; });
    entry.alert.until = 0;
    entry.alert.parameters["times"] = std::to_string (++entry.times);
  } else {
    entry.alert = {};
    entry.alert.id = next_id_ ();
    entry.alert.since = entry.held_wall;
    entry.alert.done = entry.done;
    entry.alert.severity = Severity::Warning;
    entry.began = entry.held_since;
    entry.times = 1;
    entry.told = KeptAlert::Told::Nothing;
  }
  entry.open = true;
  describe (entry.alert, entry.issue);
  take_worse_value (entry.alert, entry.issue);
  entry.alert.severity = std::max (entry.alert.severity, severity_of (entry.issue.level));
  changed (key, entry, changes);
}

/* The condition of an open alert goes on, perhaps as another case. */
void
AlertBook::follow (const std::string &key, Entry &entry, Changes &changes)
{
  Alert &alert = entry.alert;
  const Severity severity = severity_of (entry.issue.level);
  const bool other = entry.issue.code != alert.code && !entry.issue.passing;
  const bool worse = severity > alert.severity;
  take_worse_value (alert, entry.issue);
  if (other || (worse && !entry.issue.passing))
    describe (alert, entry.issue);
  else if (alert.cause.empty () && entry.issue.code == alert.code)
    alert.cause = entry.issue.cause;
  if (worse) {
    alert.severity = severity;
    alert.acknowledged = 0; /* who saw the warning has not seen this */
    alert.acknowledged_by.clear ();
  }
  if (other || worse)
    changed (key, entry, changes);
}

void
AlertBook::close (const std::string &key, Entry &entry, int64_t now, Changes &changes)
{
  entry.open = false;
  entry.closed = now;
  entry.restored = false;
  entry.done.clear ();
  entry.alert.until = std::max (entry.gone_wall, entry.alert.since + 1);
  remember (entry.alert);
  changed (key, entry, changes);
}

void
AlertBook::remember (const Alert &alert)
{
  over_.push_back (alert);
  if (over_.size () > MOST_OVER)
    over_.pop_front ();
}

/* At most one message, if its time has come. */
void
AlertBook::tell (const std::string &key, Entry &entry, int64_t now, int64_t wall, Changes &changes)
{
  if (entry.alert.id == 0 || entry.told == KeptAlert::Told::Over)
    return;
  if (entry.told_at >= 0 && now - entry.told_at < settings_.min_interval)
    return;
  const bool begun = was_begun (entry.told);
  AlertMessage message{ AlertMessage::Kind::Begin, entry.alert, 0 };
  if (entry.open && !begun)
    entry.told = told_as (entry.alert.severity);
  else if (entry.open && told_as (entry.alert.severity) > entry.told) {
    message.kind = AlertMessage::Kind::Worse;
    entry.told = told_as (entry.alert.severity);
  } else if (!entry.open && begun) {
    message.kind = AlertMessage::Kind::Over;
    const bool whole = entry.began >= 0 && entry.times == 1;
    message.lasted = whole ? entry.closed - end_after (entry) - entry.began
                           : entry.alert.until - entry.alert.since;
    entry.told = KeptAlert::Told::Over;
  } else {
    return;
  }
  entry.told_at = now;
  entry.told_wall = wall;
  changes.messages.push_back (std::move (message));
  changes.kept.push_back (kept (key, entry));
}

/* Nothing depends any more on that it ever was. */
void
AlertBook::forget_old (int64_t now)
{
  std::erase_if (entries_, [this, now] (const auto &item) {
    const Entry &entry = item.second;
    const auto recent
        = [this, now] (int64_t when) { return when >= 0 && now - when < settings_.min_interval; };
    return !entry.open && entry.held_since < 0 && !was_begun (entry.told) && !recent (entry.told_at)
           && !recent (entry.closed);
  });
}

AlertBook::Changes
AlertBook::update (int64_t now, int64_t wall, const std::vector<HealthIssue> &issues)
{
  Changes changes;
  std::map<std::string, const HealthIssue *> holding; /* the worst of each key */
  for (const auto &issue : issues) {
    const HealthIssue *&worst = holding[key_of (issue)];
    if (!worst || issue.level > worst->level)
      worst = &issue;
  }
  for (const auto &[key, issue] : holding)
    hold (entries_[key], now, wall, *issue);
  for (auto &[key, entry] : entries_) {
    const bool holds = holding.contains (key);
    if (!holds)
      let_go (entry, now, wall);
    if (!entry.open && holds && now - entry.held_since >= settings_.min_duration)
      open (key, entry, now, changes);
    else if (entry.open && holds)
      follow (key, entry, changes);
    else if (entry.open && now - entry.gone_since >= end_after (entry))
      close (key, entry, now, changes);
    tell (key, entry, now, wall, changes);
  }
  forget_old (now);
  return changes;
}

AlertBook::Changes
AlertBook::done (const std::string &part, const std::string &text)
{
  Changes changes;
  for (auto &[key, entry] : entries_) {
    const bool about
        = entry.open ? entry.alert.part == part : entry.held_since >= 0 && entry.issue.part == part;
    if (!about || std::exchange (entry.done, text) == text || !entry.open)
      continue;
    entry.alert.done = text;
    changed (key, entry, changes);
  }
  return changes;
}

AlertBook::Changes
AlertBook::acknowledge (int64_t id, int64_t wall, const std::string &who)
{
  Changes changes;
  for (auto &[key, entry] : entries_)
    if (entry.alert.id == id && id != 0) {
      entry.alert.acknowledged = wall;
      entry.alert.acknowledged_by = who;
      for (auto &alert : over_)
        if (alert.id == id)
          alert = entry.alert;
      changed (key, entry, changes);
      return changes;
    }
  for (auto &alert : over_)
    if (alert.id == id) {
      alert.acknowledged = wall;
      alert.acknowledged_by = who;
      changes.kept.push_back ({ alert, "", KeptAlert::Told::Over, 0 });
      changes.shown.push_back (alert);
      break;
    }
  return changes;
}

std::vector<Alert>
AlertBook::alerts (const AlertQuery &query) const
{
  const auto asked
      = [&query] (const Alert &alert) { return query.part.empty () || alert.part == query.part; };
  std::vector<Alert> list, over;
  if (query.open)
    for (const auto &[key, entry] : entries_)
      if (entry.open && asked (entry.alert))
        list.push_back (entry.alert);
  if (query.over)
    std::copy_if (over_.begin (), over_.end (), std::back_inserter (over), asked);
  std::sort (list.begin (), list.end (), newer);
  std::sort (over.begin (), over.end (), newer);
  list.insert (list.end (), over.begin (), over.end ());
  if (list.size () > query.limit)
    list.resize (query.limit);
  return list;
}

std::vector<KeptAlert>
AlertBook::open () const
{
  std::vector<KeptAlert> list;
  for (const auto &[key, entry] : entries_)
    if (entry.open || was_begun (entry.told))
      list.push_back (kept (key, entry));
  return list;
}

} // namespace camwarden
