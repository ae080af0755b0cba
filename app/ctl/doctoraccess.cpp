// SPDX-License-Identifier: LGPL-2.1-or-later
/* What "doctor" says of the configuration, of files with secrets, and of ports. */
#include "config/i18n.h"
#include "config/values.h"
#include "ctl/doctor.h"
#include "ctl/textformat.h"

#include <algorithm>
#include <cstdlib>
#include <sys/stat.h>

namespace camwarden
{

namespace
{

bool
is_loopback (const std::string &address)
{
  return address.starts_with ("127.") || address.starts_with ("[::1]")
         || address.starts_with ("localhost:");
}

unsigned
port_of (const std::string &address)
{
  const size_t colon = address.rfind (':');
  return colon == std::string::npos
             ? 0
             : static_cast<unsigned> (std::strtoul (address.c_str () + colon + 1, nullptr, 10));
}

void
check_secret (Inspection &all, const std::string &path, const char *key)
{
  struct stat status
  {};
  if (path.empty ())
    return;
  const bool there = stat (path.c_str (), &status) == 0;
  all.error (!there, "secret-missing", text_of (_ ("%s is not there"), path.c_str ()),
             text_of (_ ("%s names it"), key),
             _ ("make the file, or take the key out of the configuration"));
  all.warning (
      there && (status.st_mode & 0007) != 0, "secret-readable",
      text_of (_ ("everybody on this machine can read %s"), path.c_str ()),
      text_of (_ ("it holds the secret of %s"), key),
      text_of (_ ("chown root:camwarden %s && chmod 0640 %s"), path.c_str (), path.c_str ()));
}

/* The daemon wants it for its user alone. */
void
check_token_file (Inspection &all, const std::string &path)
{
  struct stat status
  {};
  const bool there = stat (path.c_str (), &status) == 0;
  all.error (there && (status.st_mode & 0077) != 0, "secret-readable",
             text_of (_ ("others than its owner can read %s"), path.c_str ()),
             _ ("the daemon does not start with such a file of tokens"),
             text_of (_ ("chmod 0600 %s; make new tokens if others have read it"), path.c_str ()));
}

/* Tokens are on lines ROLE TOKEN; the rest is for the daemon to complain about. */
std::vector<std::string>
read_tokens (const std::string &path)
{
  std::vector<std::string> tokens;
  const auto text = Machine ("/").text (path);
  for (const auto &line : split_words (text.value_or (""), "\n")) {
    const auto words = split_words (line, " \t\r");
    if (words.size () == 2 && !words[0].starts_with ("#"))
      tokens.push_back (words[1]);
  }
  return tokens;
}

void
check_tokens (Inspection &all)
{
  constexpr size_t shortest = 32;
  const HttpConfig &http = all.config.http ();
  const auto open = std::find_if_not (http.listen.begin (), http.listen.end (), is_loopback);
  const auto tokens = read_tokens (http.token_file);
  all.error (open != http.listen.end () && tokens.empty (), "no-token",
             text_of (_ ("the daemon is to listen on %s, and there is no token"),
                      open == http.listen.end () ? "" : open->c_str ()),
             text_of (_ ("other machines need one; without lines in %s the daemon does not start"),
                      http.token_file.c_str ()),
             _ ("camwardenctl token add --role read, or listen=127.0.0.1:5000 in [http]"));
  all.warning (std::any_of (tokens.begin (), tokens.end (),
                            [] (const std::string &token) { return token.size () < shortest; }),
               "weak-token", text_of (_ ("a token in %s is short"), http.token_file.c_str ()),
               text_of (_ ("one of fewer than %zu characters can be guessed"), shortest),
               _ ("replace it with one that camwardenctl token add --role read makes"));
  if (!tokens.empty ())
    check_token_file (all, http.token_file);
}

/* Ports in /proc/net/tcp and tcp6 that somebody listens on. */
std::vector<unsigned>
listening_ports (const Machine &machine)
{
  std::vector<unsigned> ports;
  for (const char *file : { "/proc/net/tcp", "/proc/net/tcp6" }) {
    const auto text = machine.text (file);
    for (const auto &line : split_words (text.value_or (""), "\n")) {
      const auto words = split_words (line, " ");
      if (words.size () < 4 || words[3] != "0A")
        continue;
      const size_t colon = words[1].rfind (':');
      if (colon != std::string::npos)
        ports.push_back (
            static_cast<unsigned> (std::strtoul (words[1].c_str () + colon + 1, nullptr, 16)));
    }
  }
  return ports;
}

void
check_ports (Inspection &all)
{
  const auto taken = listening_ports (all.machine);
  for (const std::string &address : all.config.http ().listen) {
    const unsigned port = port_of (address);
    const bool busy = std::find (taken.begin (), taken.end (), port) != taken.end ();
    all.error (
        busy && !all.daemon_runs, "port-busy",
        text_of (_ ("another program listens on port %u"), port),
        text_of (_ ("the daemon, which does not run now, is to listen on %s"), address.c_str ()),
        text_of (_ ("end that program (ss -ltnp \"sport = :%u\"), or another port in listen "
                    "of [http]"),
                 port));
  }
}

} // namespace

void
check_configuration (Inspection &all, const std::vector<Finding> &findings,
                     const std::string &config_file)
{
  for (const Finding &finding : findings)
    all.check (true, finding.error ? Severity::Error : Severity::Warning,
               finding.error ? "config-error" : "config-warning", finding.message (), "",
               _ ("correct that line; camwardenctl config check tells when it is good"));
  struct stat status
  {};
  const bool loose = stat (config_file.c_str (), &status) == 0 && S_ISREG (status.st_mode)
                     && (status.st_mode & 0002) != 0;
  all.error (loose, "config-writable",
             text_of (_ ("everybody on this machine can write to %s"), config_file.c_str ()),
             _ ("who can change it runs programs as the service's user"),
             text_of (_ ("chmod o-w %s"), config_file.c_str ()));
}

void
check_access (Inspection &all)
{
  check_secret (all, all.config.redis ().password_file, "[redis] password-file");
  check_secret (all, all.config.alerts ().webhook_token_file, "[alerts] webhook-token-file");
  check_secret (all, all.config.alerts ().mqtt_password_file, "[alerts] mqtt-password-file");
  check_tokens (all);
  check_ports (all);
}

} // namespace camwarden
