// SPDX-License-Identifier: LGPL-2.1-or-later
/* The log of reboots as text:
 *
 *   camwarden-reboots 1
 *   reboot BOOT-ID MONO WALL|- REASON CAMERA NEXT-BOOT|- OUTCOME
 *   end COUNT CHECKSUM
 */
#include "core/rebootguard.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace camwarden
{

namespace
{

constexpr std::string_view first_line = "camwarden-reboots 1";
constexpr size_t most_entries = 100;
constexpr size_t longest_word = 64;
constexpr std::string_view nothing = "-";

constexpr std::array<std::string_view, 4> outcomes{ "unknown", "cured", "not-cured", "cleared" };

bool
is_word_character (char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'
         || c == '_' || c == '.';
}

bool
is_word (std::string_view text)
{
  return !text.empty () && text.size () <= longest_word
         && std::all_of (text.begin (), text.end (), is_word_character);
}

/* A field of the log: "signal 9" becomes "signal-9". */
std::string
word (std::string_view text)
{
  std::string result (text.substr (0, longest_word));
  for (char &c : result)
    if (!is_word_character (c))
      c = '-';
  return result.empty () ? "unknown" : result;
}

/* FNV-1a: finds damage, not malice. */
std::string
checksum (std::string_view text)
{
  uint64_t sum = 14695981039346656037ULL;
  for (const char c : text)
    sum = (sum ^ static_cast<unsigned char> (c)) * 1099511628211ULL;
  std::string result;
  for (int shift = 60; shift >= 0; shift -= 4)
    result += "0123456789abcdef"[sum >> shift & 15];
  return result;
}

std::vector<std::string_view>
split (std::string_view text, char separator)
{
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t end = text.find (separator);
    parts.push_back (text.substr (0, end));
    if (end == std::string_view::npos)
      return parts;
    text.remove_prefix (end + 1);
  }
}

/* Of a time: nothing but digits, and not before the epoch. */
std::optional<int64_t>
number (std::string_view text)
{
  int64_t value = 0;
  const auto [end, error] = std::from_chars (text.data (), text.data () + text.size (), value);
  if (error != std::errc () || end != text.data () + text.size () || value < 0)
    return {};
  return value;
}

std::optional<RebootEntry>
parse_entry (std::string_view line)
{
  const auto fields = split (line, ' ');
  if (fields.size () != 8 || fields[0] != "reboot")
    return {};
  for (const size_t i : { 1, 4, 5, 6 })
    if (!is_word (fields[i]))
      return {};
  const auto mono = number (fields[2]);
  const auto wall = number (fields[3]);
  const auto outcome = std::find (outcomes.begin (), outcomes.end (), fields[7]);
  if (!mono || (!wall && fields[3] != nothing) || outcome == outcomes.end ())
    return {};
  RebootEntry entry;
  entry.boot_id = fields[1];
  entry.mono = *mono;
  entry.wall = wall;
  entry.reason = fields[4];
  entry.camera = fields[5];
  entry.next_boot = fields[6] == nothing ? "" : fields[6];
  entry.outcome = static_cast<RebootOutcome> (outcome - outcomes.begin ());
  return entry;
}

std::string
entry_text (const RebootEntry &entry)
{
  return "reboot " + word (entry.boot_id) + " " + std::to_string (std::max<int64_t> (0, entry.mono))
         + " " + (entry.wall ? std::to_string (*entry.wall) : std::string (nothing)) + " "
         + word (entry.reason) + " " + word (entry.camera) + " "
         + (entry.next_boot.empty () ? std::string (nothing) : word (entry.next_boot)) + " "
         + std::string (outcomes[static_cast<size_t> (entry.outcome)]) + "\n";
}

std::string
end_text (std::string_view before, size_t count)
{
  return "end " + std::to_string (count) + " " + checksum (before) + "\n";
}

void
spoil (RebootLog &log, const std::string &problem)
{
  if (log.state == RebootLog::State::Good)
    log.problem = problem;
  log.state = RebootLog::State::Corrupt;
}

void
check_frame (RebootLog &log, std::string_view text)
{
  const size_t end = text.rfind ("end ");
  const bool whole = end != std::string_view::npos && end > 0 && text[end - 1] == '\n'
                     && text.substr (end) == end_text (text.substr (0, end), log.entries.size ());
  if (!whole)
    spoil (log, "its checksum does not fit, or its end is missing");
}

} // namespace

RebootLog
parse_reboot_log (std::string_view text)
{
  RebootLog log;
  const auto lines = split (text, '\n');
  if (lines[0] != first_line)
    spoil (log, "its first line is not \"" + std::string (first_line) + "\"");
  for (size_t i = 1; i < lines.size (); i++) {
    if (lines[i].empty () || lines[i].starts_with ("end "))
      continue; /* whether these are in place shows below */
    if (auto entry = parse_entry (lines[i]))
      log.entries.push_back (std::move (*entry));
    else
      spoil (log, "line " + std::to_string (i + 1) + " makes no sense");
  }
  check_frame (log, text);
  return log;
}

std::string
reboot_log_text (const RebootLog &log)
{
  const size_t count = std::min (log.entries.size (), most_entries);
  std::string text = std::string (first_line) + "\n";
  for (size_t i = log.entries.size () - count; i < log.entries.size (); i++)
    text += entry_text (log.entries[i]);
  return text + end_text (text, count);
}

RebootEntry
reboot_entry (const RebootLimits &limits, const Fault &fault, const std::string &camera,
              const RebootMoment &now)
{
  RebootEntry entry;
  entry.boot_id = word (now.boot_id);
  entry.mono = std::max<int64_t> (0, now.mono);
  if (now.wall >= limits.built && now.wall >= 0)
    entry.wall = now.wall;
  entry.reason = word (fault.code);
  entry.camera = word (camera);
  return entry;
}

} // namespace camwarden
