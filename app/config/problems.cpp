// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/problems.h"

#include "config/i18n.h"
#include "gobject/ref.h"

namespace camwarden
{

std::string
printable (const std::string &text)
{
  std::string clean;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char> (c);
    clean += byte < 0x20 || byte == 0x7F ? '?' : c;
  }
  if (clean.size () <= 60)
    return clean;
  size_t end = 57;
  while (end > 0 && (static_cast<unsigned char> (clean[end]) & 0xC0) == 0x80)
    end--;
  return clean.substr (0, end) + "...";
}

std::string
did_you_mean (const std::string &word)
{
  if (word.empty ())
    return {};
  return take_string (g_strdup_printf (_ ("; did you mean \"%s\"?"), word.c_str ()));
}

/* What is expected, by what the value is not. */
static const char *
expectation (ValueProblem problem)
{
  switch (problem) {
  case ValueProblem::Empty:
    return _ ("a value is missing; leave the whole line out for the default");
  case ValueProblem::NotBool:
    return _ ("say true or false");
  case ValueProblem::NotInteger:
    return _ ("say a whole number");
  case ValueProblem::NotNumber:
    return _ ("say a number such as 12.5");
  case ValueProblem::NotDuration:
    return _ ("say a duration with its unit, such as 500ms, 2s, 10min, 6h or 7d");
  case ValueProblem::NotSize:
    return _ ("say a size such as 512KiB, 64MiB or 2GiB");
  case ValueProblem::NotShare:
    return _ ("say a percentage such as 85%");
  case ValueProblem::NotSizeOrShare:
    return _ ("say a size such as 500MiB or a percentage such as 10%");
  case ValueProblem::NotFraction:
    return _ ("say a number of frames per second, such as 30, 15/2 or 29.97");
  case ValueProblem::NotAbsolute:
    return _ ("say a path that starts with /");
  case ValueProblem::NotAChannel:
    return _ ("a channel's name has no blanks and at most 512 bytes");
  case ValueProblem::NotRedisUri:
    return _ ("say redis://HOST:PORT, rediss://HOST:PORT or redis+unix:///PATH");
  case ValueProblem::HasPassword:
    return _ ("a password does not belong in here, where logs and process lists show it: write it "
              "into a file and name that with password-file (in [alerts]: webhook-token-file, "
              "mqtt-password-file)");
  case ValueProblem::HasChannel:
    return _ ("only the server belongs in here; the channel is said per camera");
  case ValueProblem::NotUrl:
    return _ ("say an address that starts with https:// (http:// on this machine only)");
  case ValueProblem::NotMqttUri:
    return _ ("say mqtt://HOST:PORT or mqtts://HOST:PORT");
  case ValueProblem::NotATopic:
    return _ ("a topic has no blanks, no +, # or quotes, no / at its ends and at most 200 bytes");
  case ValueProblem::LevelsOrder:
    return _ ("the warning comes first and is not above the critical value");
  case ValueProblem::ControlCharacter:
    return _ ("there is a control character in it");
  default:
    return nullptr;
  }
}

static std::string
levels_expectation (const Key &key)
{
  return take_string (g_strdup_printf (_ ("say the warning and the critical value, the first no "
                                          "greater than the second, such as %s"),
                                       key.fallback));
}

static std::string
word_expectation (const Key &key, const ParsedValue &parsed)
{
  return take_string (g_strdup_printf (_ ("possible: %s"), describe_range (key).c_str ()))
         + did_you_mean (closest_word (parsed.detail, split_words (key.words, " ")));
}

static std::string
advice (const Key &key, const ParsedValue &parsed)
{
  switch (parsed.problem) {
  case ValueProblem::NotLevels:
    return levels_expectation (key);
  case ValueProblem::NotAWord:
    return word_expectation (key, parsed);
  case ValueProblem::OutOfRange:
    return take_string (g_strdup_printf (_ ("it must be %s"), describe_range (key).c_str ()));
  case ValueProblem::NotAnAddress:
    return key.type == KeyType::Address
               ? _ ("say an IP address, such as 192.168.1.20")
               : _ ("say ADDRESS:PORT with an IP address, such as 127.0.0.1:5000 or [::1]:5000");
  case ValueProblem::NotAHost:
    return _ ("say host names between commas");
  default:
    return expectation (parsed.problem);
  }
}

std::string
describe_problem (const Key &key, const std::string &text, const ParsedValue &parsed)
{
  const bool quiet = key.secret || text.empty () || parsed.problem == ValueProblem::HasPassword;
  if (quiet)
    return std::string (key.name) + ": " + advice (key, parsed);
  const std::string value = printable (parsed.detail.empty () ? text : parsed.detail);
  return std::string (key.name) + ": \"" + value + "\": " + advice (key, parsed);
}

std::string
unknown_group (const std::string &group)
{
  std::vector<std::string> names;
  for (const Group &known : schema_groups ())
    names.emplace_back (known.name == std::string_view ("camera") ? "camera:" : known.name);
  if (group.starts_with ("camera:"))
    return take_string (
        g_strdup_printf (_ ("[%s]: a camera's id has 1 to 32 small letters, digits and dashes"),
                         printable (group).c_str ()));
  if (group == "camera")
    return _ ("[camera]: a camera needs an id, such as [camera:front]");
  return take_string (g_strdup_printf (_ ("unknown group [%s]"), printable (group).c_str ()))
         + did_you_mean (closest_word (group, names));
}

/* The key of another group is the likelier slip than a misspelt one. */
static std::string
elsewhere (const std::string &key)
{
  for (const Key &known : schema_keys ())
    if (key == known.name)
      return take_string (
          g_strdup_printf (_ ("; it belongs into [%s]"),
                           known.group == std::string_view ("camera") ? "camera:ID" : known.group));
  return {};
}

std::string
unknown_key (const std::string &group, const std::string &key)
{
  const std::string_view family = group_family (group);
  std::vector<std::string> names;
  for (const Key &known : schema_keys ())
    if (family == known.group)
      names.emplace_back (known.name);
  std::string text = take_string (
      g_strdup_printf (_ ("unknown key \"%s\" in [%s]"), printable (key).c_str (), group.c_str ()));
  if (key == "password")
    return text + _ ("; a password is written into a file that password-file names");
  const std::string close = did_you_mean (closest_word (key, names));
  return text + (close.empty () ? elsewhere (key) : close);
}

} // namespace camwarden
