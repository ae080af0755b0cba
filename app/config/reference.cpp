// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/reference.h"

#include "config/schema.h"

namespace camwarden
{

static const char *const example_head
    = "# SPDX-License-Identifier: LGPL-2.1-or-later\n"
      "# Configuration of Camwarden. Every key is shown with its default; take the # away in "
      "front\n"
      "# of a key (and of the group above it) to change it. Better still, leave this file alone "
      "and\n"
      "# put what you change into a file of its own, such as /etc/camwarden/conf.d/local.conf.\n"
      "#\n"
      "# camwardend --check-config     tells what is wrong, and where\n"
      "# systemctl reload camwarden    takes changes over; a bad file changes nothing\n"
      "#\n"
      "# Durations: 500ms 2s 10min 6h 7d. Sizes: 512KiB 64MiB 2GiB. Values are taken as they are\n"
      "# written: no quotes, no escapes, no comment behind them.\n";

static const char *const reference_head = R"(# Configuration

*This page is made from the table in `app/config/schema.cpp` (`ninja -C build update-config-docs`).*

Camwarden works without any configuration: one camera called `camera`, the first V4L2 or libcamera
device (else a test picture), and a private Redis server. What you want different goes into key
files, read in this order, later ones winning key by key:

1. `/usr/lib/camwarden/conf.d/*.conf`: the distribution's or the image's
2. `/etc/camwarden/camwarden.conf`: yours
3. `/run/camwarden/conf.d/*.conf`: until the next start of the machine
4. `/etc/camwarden/conf.d/*.conf`: yours, one file per purpose
5. the environment: `CAMWARDEN_REDIS_URI` (`[redis] uri`) and `CAMWARDEN_LISTEN` (`[http] listen`)
6. options of the command line

`--config FILE`, or `CAMWARDEN_CONFIG`, names one file that stands instead of 1 to 4.

`camwardend --check-config` reads it all and says for each mistake the file, the line and what was
probably meant; its exit status is 0 or 78. On SIGHUP (`systemctl reload camwarden`) the daemon reads
the files again: a mistake changes nothing and is told, else only what changed is started again.

## How values are written

| Kind | Form |
|---|---|
| true or false | `true` `yes` `on` `1`, `false` `no` `off` `0` |
| duration | a number and `us`, `ms`, `s`, `min`, `h` or `d`: `500ms`, `1.5h`; `0` needs no unit |
| size | a number and `KiB`, `MiB`, `GiB`, `TiB` (powers of 1024; `K`, `M`, `G`, `T` alike) or `kB`, `MB`, `GB`, `TB` (powers of 1000) |
| percentage | `85%` |
| number or fraction | `30`, `15/2`, `29.97` (30000/1001) |
| warning;critical | two values; the first makes a warning, the second an emergency |
| lists | words between commas |

Values are taken literally: no quotes, no escapes, no comment behind a value. Passwords and tokens
are never written in here, but into files of their own that only the service can read.

*Takes effect*: **live**, while everything streams on; **restart**, the camera or the part of the
daemon concerned starts again by itself; **daemon**, at the daemon's next start.
)";

static std::string
group_title (const Group &group)
{
  const std::string name = group.name;
  return name == "camera" ? "camera:ID" : name;
}

/* Words put into lines of at most 96 columns behind "# ". */
static std::string
comment (const std::string &text)
{
  std::string lines, line = "#";
  for (const auto &word : split_words (text, " ")) {
    if (line.size () + 1 + word.size () > 98) {
      lines += line + "\n";
      line = "#";
    }
    line += " " + word;
  }
  return lines + line + "\n";
}

static std::string
key_comment (const Key &key)
{
  std::string text = key.doc;
  if (const std::string range = describe_range (key); !range.empty ())
    text += std::string (" (") + range + (*key.unit ? std::string (" ") + key.unit : "") + ")";
  else if (*key.unit)
    text += std::string (" (") + key.unit + ")";
  if (*key.derived)
    text += std::string (". Default: ") + key.derived;
  return comment (text);
}

std::string
example_configuration ()
{
  std::string text = example_head;
  for (const Group &group : schema_groups ()) {
    const bool camera = group_title (group) == "camera:ID";
    text += "\n" + comment (group.doc);
    text += camera ? "#[camera:front]\n" : "[" + std::string (group.name) + "]\n";
    for (const Key &key : schema_keys ())
      if (std::string_view (key.group) == group.name)
        text += key_comment (key) + "#" + key.name + "=" + key.fallback + "\n";
  }
  return text;
}

/* A text as a cell of a table. */
static std::string
cell (const std::string &text)
{
  std::string result;
  for (const char c : text)
    result += c == '|' ? std::string ("\\|") : std::string (1, c);
  return result;
}

static std::string
default_cell (const Key &key)
{
  if (*key.fallback)
    return "`" + std::string (key.fallback) + "`";
  return *key.derived ? cell (key.derived) : "none";
}

std::string
describe_value (const Key &key)
{
  std::string text = type_name (key.type);
  const bool words = key.type == KeyType::Choice || key.type == KeyType::Flags;
  if (const std::string range = describe_range (key); !range.empty ())
    text += (words ? ": " : ", ") + range;
  if (*key.unit)
    text += std::string (" ") + key.unit;
  return text;
}

static const char *
reload_cell (Reload reload)
{
  switch (reload) {
  case Reload::Live:
    return "live";
  case Reload::Restart:
    return "restart";
  case Reload::Daemon:
    return "daemon";
  }
  return "";
}

std::string
configuration_reference ()
{
  std::string text = reference_head;
  for (const Group &group : schema_groups ()) {
    text
        += "\n## [" + group_title (group) + "]\n\n" + group.doc
           + "\n\n| Key | Value | Default | Takes effect | What it does |\n|---|---|---|---|---|\n";
    for (const Key &key : schema_keys ())
      if (std::string_view (key.group) == group.name)
        text += "| `" + std::string (key.name) + "` | " + cell (describe_value (key)) + " | "
                + default_cell (key) + " | " + reload_cell (key.reload) + " | " + cell (key.doc)
                + " |\n";
  }
  return text;
}

} // namespace camwarden
