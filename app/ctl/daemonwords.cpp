// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/daemonwords.h"

#include "config/i18n.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace camwarden
{

namespace
{

/* As app/core and app/daemon say them; %s stands for a name or a figure. */
constexpr const char *sentences[]{
  /* A camera. */
  N_ ("Camera %s starts, no frame yet"),
  N_ ("Camera %s stopped delivering frames"),
  N_ ("Camera %s is not connected"),
  N_ ("Camera %s has lost its worker, the next one is about to start"),
  N_ ("Camera %s cannot run with this configuration or installation"),
  N_ ("Camera %s delivers the same picture again and again"),
  N_ ("Camera %s delivers a dark picture"),
  N_ ("Camera %s delivers an overexposed picture"),
  N_ ("Camera %s delivers a blurred picture"),
  N_ ("Camera %s is not being stored (full)"),
  N_ ("Camera %s is not being stored (readonly)"),
  N_ ("Camera %s is not being stored (io)"),
  N_ ("Camera %s is not being stored (missing)"),
  N_ ("Camera %s is not being stored (permission)"),
  N_ ("Camera %s shows the test picture: no camera was found"),
  N_ ("Camera %s fails again and again"),
  N_ ("No camera is configured"),
  /* The machine. */
  N_ ("The processors are busy"),
  N_ ("Memory runs out"),
  N_ ("The file system at %s fills up"),
  N_ ("The file system %s is filled"),
  N_ ("The processor is hot"),
  N_ ("The power supply is too weak"),
  N_ ("The processor is slowed down"),
  N_ ("The machine protects itself"),
  N_ ("The machine does less, to protect itself"),
  N_ ("The machine cannot be rebooted when that is needed"),
  N_ ("Process %s (%s) hangs for %s"),
  N_ ("The memory of %s grows by %s an hour, now %s"),
  /* Redis, and the daemon itself. */
  N_ ("Redis is away"),
  N_ ("Redis at %s is not connected"),
  N_ ("Redis uses %s of %s"),
  N_ ("Redis has thrown away %s keys"),
  N_ ("Redis has cut off %s slow readers"),
  N_ ("A reader of Redis is %s behind"),
  N_ ("The changed configuration was not taken over"),
  N_ ("The history has a problem"),
  N_ ("The daemon is starting"),
  N_ ("This is a test: everything is fine"),
  /* Answers to orders and questions. */
  N_ ("Frames come again after %s"),
  N_ ("the source restarted"),
  N_ ("the pipeline built anew"),
  N_ ("the USB device switched off and on"),
  N_ ("the worker replaced"),
  N_ ("nothing was restarted"),
  N_ ("No new frame came"),
  N_ ("No reboot"),
  N_ ("allow-reboot is false"),
  N_ ("The log of reboots is clear: what did not help is forgotten."),
  N_ ("systemd restarts %s, and with it the cameras' workers and the private Redis."),
  N_ ("The server took the message"),
  N_ ("The broker took the message"),
  N_ ("Not delivered"),
  N_ ("no answer in time"),
  N_ ("Camera %s is switched off, or being stopped."),
  N_ ("There is no running camera \"%s\""),
  N_ ("There is no picture."),
  N_ ("There is no such camera. GET /api/cameras and `camwardenctl cameras` list them."),
  N_ ("There is no such alert. GET /api/alerts lists them."),
  N_ ("Another test or drawing is under way. Try again in a moment."),
  N_ ("This token is not known."),
  N_ ("Too many wrong tokens came from this address. Wait a minute."),
  /* Causes. */
  N_ ("under-voltage; use a stronger supply or a shorter cable"),
  N_ ("heat or weak power"),
  N_ ("it was stopped by a signal"),
  N_ ("a thread waits in the kernel: a device or a disk does not answer"),
  N_ ("it does not give back what it takes"),
  N_ ("large keys or streams, or readers that do not keep up"),
  N_ ("its memory was full"),
  N_ ("they did not read as fast as frames came"),
  N_ ("it does not read as fast as frames come"),
};

struct Word
{
  std::string_view word;
  const char *text;
};

constexpr Word states[]{
  /* Translators: the state of a camera, at most 10 columns. */
  { "starting", N_ ("starting") },
  { "streaming", N_ ("streaming") },
  { "stalled", N_ ("stalled") },
  { "no-camera", N_ ("no-camera") },
  { "respawning", N_ ("respawning") },
  { "stopped", N_ ("stopped") },
  { "failed", N_ ("failed") },
  /* camwardenctl's own, where no daemon runs. */
  { "configured", N_ ("configured") },
  { "off", N_ ("off") },
};

constexpr Word verdicts[]{
  /* Translators: how a picture is, at most 8 columns. */
  { "unknown", N_ ("unknown") }, { "ok", N_ ("ok") },         { "frozen", N_ ("frozen") },
  { "dark", N_ ("dark") },       { "bright", N_ ("bright") }, { "blur", N_ ("blur") },
  { "stall", N_ ("stall") },
};

struct Match
{
  const char *sentence;
  std::vector<std::string> names;
  size_t length; /* of the message */
};

constexpr std::string_view place = "%s";

/* The names in the beginning of a message that is made of this sentence. */
std::optional<Match>
match (const char *sentence, std::string_view message)
{
  Match found{ sentence, {}, 0 };
  std::string_view form = sentence;
  size_t at = form.find (place);
  if (!message.starts_with (form.substr (0, at)))
    return std::nullopt;
  found.length = std::min (at, form.size ());
  while (at != std::string_view::npos) {
    form.remove_prefix (at + place.size ());
    at = form.find (place);
    const std::string_view behind = form.substr (0, at);
    const size_t end = behind.empty ()
                           ? std::min (message.find (": ", found.length), message.size ())
                           : message.find (behind, found.length);
    if (end == std::string_view::npos)
      return std::nullopt;
    found.names.emplace_back (message.substr (found.length, end - found.length));
    found.length = end + behind.size ();
  }
  if (found.length < message.size () && message[found.length] != ':')
    return std::nullopt;
  return found;
}

std::optional<Match>
match (std::string_view message)
{
  for (const char *sentence : sentences)
    if (auto found = match (sentence, message))
      return found;
  return std::nullopt;
}

/* The names in the order of the text, or in that which %1$s, %2$s ... say. */
std::string
fill_in (std::string_view text, const std::vector<std::string> &names)
{
  std::string filled;
  size_t next = 0;
  for (size_t i = 0; i < text.size (); i++) {
    const std::string_view rest = text.substr (i);
    const bool numbered = rest.size () >= 4 && rest[0] == '%' && rest[2] == '$' && rest[3] == 's';
    if (!rest.starts_with (place) && !numbered) {
      filled += rest[0];
      continue;
    }
    const size_t which = numbered ? static_cast<size_t> (rest[1] - '1') : next++;
    filled += which < names.size () ? names[which] : "";
    i += numbered ? 3 : 1;
  }
  return filled;
}

std::string
word_of (std::span<const Word> words, const std::string &wanted)
{
  for (const Word &one : words)
    if (one.word == wanted)
      return _ (one.text);
  return wanted;
}

} // namespace

bool
is_known_sentence (const std::string &message)
{
  return match (message).has_value ();
}

std::string
translated (const std::string &message)
{
  const auto found = match (message);
  if (!found)
    return message;
  const std::string text = fill_in (_ (found->sentence), found->names);
  const std::string rest = message.substr (found->length);
  /* Translators: between a sentence and its cause. */
  return rest.starts_with (": ") ? text + _ (": ") + translated (rest.substr (2)) : text + rest;
}

std::string
state_word (const std::string &state)
{
  return word_of (states, state);
}

std::string
verdict_word (const std::string &verdict)
{
  return word_of (verdicts, verdict);
}

} // namespace camwarden
