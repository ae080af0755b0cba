// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/reference.h"
#include "config/schema.h"

namespace camwarden
{

static const char *const head
    = R"(camwarden.conf(5)

; SPDX-License-Identifier: LGPL-2.1-or-later
; Made from the table in app/config/schema.cpp: ninja -C build update-config-docs

# NAME

camwarden.conf - configuration of Camwarden

# FILES

Read in this order, later ones win key by key:

_/usr/lib/camwarden/conf.d/\*.conf_
)"
      "\tThe distribution's or the image's.\n"
      R"(_/etc/camwarden/camwarden.conf_
)"
      "\tYours.\n"
      R"(_/run/camwarden/conf.d/\*.conf_
)"
      "\tUntil the next start of the machine.\n"
      R"(_/etc/camwarden/conf.d/\*.conf_
)"
      "\tYours, one file per purpose. *camwardenctl*(1) writes _90-camwardenctl.conf_.\n"
      R"(
Then _CAMWARDEN\_REDIS\_URI_ (\[redis\] uri) and _CAMWARDEN\_LISTEN_ (\[http\] listen) of the
environment. _CAMWARDEN\_CONFIG_, or the option *--config*, names one file that stands instead of
all of them. Without any there is one camera called _camera_, the first device that is found.

*camwardenctl config check* says what is wrong, and where. *camwardenctl reload*, or SIGHUP, lets the
daemon read the files again; a mistake changes nothing.

# FORM

Groups in brackets, below them key=value; # begins a comment. Values are taken as they are written:
no quotes, no escapes, no comment behind them.

Durations are a number and us, ms, s, min, h or d; sizes a number and KiB, MiB, GiB, TiB (powers of
1024; K, M, G, T alike) or kB, MB, GB, TB (powers of 1000); shares a number and %; two levels are
warning;critical; lists have commas.

A change takes effect _live_ while everything streams on, by a _restart_ of the camera or the part
of the daemon, or at the next start of the _daemon_.
)";

/* A text in which nothing is a mark of scdoc's. */
static std::string
plain (const std::string &text)
{
  std::string result;
  for (const char c : text) {
    if (std::string_view ("\\*_[]~`<>#|.").find (c) != std::string_view::npos)
      result += '\\';
    result += c;
  }
  return result;
}

static std::string
sentence (const std::string &text)
{
  return plain (text) + (text.ends_with (".") ? "" : ".");
}

static std::string
default_text (const Key &key)
{
  if (*key.fallback)
    return "*" + plain (key.fallback) + "*";
  return *key.derived ? plain (key.derived) : "none";
}

static const char *
effect (Reload reload)
{
  switch (reload) {
  case Reload::Live:
    return "live";
  case Reload::Restart:
    return "restart";
  default:
    return "daemon";
  }
}

std::string
configuration_manual ()
{
  std::string text = head;
  for (const Group &group : schema_groups ()) {
    const std::string name = group.name;
    text += "\n# [" + (name == "camera" ? std::string ("camera:ID") : name) + "]\n\n"
            + sentence (group.doc) + "\n";
    for (const Key &key : schema_keys ())
      if (name == key.group)
        text += "\n*" + plain (key.name) + "*\n\t" + plain (key.doc)
                + ".++\nValue: " + plain (describe_value (key)) + ". Default: " + default_text (key)
                + ". Takes effect: " + effect (key.reload) + ".\n";
  }
  return text + "\n# SEE ALSO\n\n*camwardend*(8), *camwardenctl*(1)\n";
}

} // namespace camwarden
