// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/logsetup.h"

#include "common/locked.h"
#include "daemon/logthread.h"

#include <array>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <unistd.h>

namespace camwarden
{

namespace
{

struct Level
{
  const char *name;
  GLogLevelFlags flag;
};

/* The more important, the smaller the flag. */
constexpr std::array levels{
  Level{ "error", G_LOG_LEVEL_ERROR },     Level{ "critical", G_LOG_LEVEL_CRITICAL },
  Level{ "warning", G_LOG_LEVEL_WARNING }, Level{ "message", G_LOG_LEVEL_MESSAGE },
  Level{ "info", G_LOG_LEVEL_INFO },       Level{ "debug", G_LOG_LEVEL_DEBUG },
};

std::atomic<unsigned> threshold = G_LOG_LEVEL_MESSAGE;

constexpr int64_t last_words = 100'000; /* us in which they reach the file */

/* Not held while writing. Never destroyed: threads of the libraries may log until the very end. */
Locked<LogRing> &log_ring = *new Locked<LogRing>;

const char *
level_name (GLogLevelFlags flags)
{
  for (const auto &level : levels)
    if (flags & level.flag)
      return level.name;
  return "log";
}

std::string_view
field (const GLogField *fields, gsize count, const char *key)
{
  for (gsize i = 0; i < count; i++)
    if (strcmp (fields[i].key, key) == 0) {
      const auto *text = static_cast<const char *> (fields[i].value);
      return fields[i].length < 0 ? std::string_view (text)
                                  : std::string_view (text, static_cast<size_t> (fields[i].length));
    }
  return {};
}

LogLevel
kept_level (GLogLevelFlags flags)
{
  if (flags & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
    return LogLevel::Error;
  if (flags & G_LOG_LEVEL_WARNING)
    return LogLevel::Warning;
  return flags & G_LOG_LEVEL_DEBUG ? LogLevel::Debug : LogLevel::Info;
}

void
keep (GLogLevelFlags flags, const GLogField *fields, gsize count)
{
  const std::string_view text = field (fields, count, "MESSAGE");
  const std::string_view camera = field (fields, count, "CAMWARDEN_CAMERA");
  LogRecord record{ .time = g_get_real_time (),
                    .level = kept_level (flags),
                    .camera = camera.empty () ? camera_of_line (text) : std::string (camera),
                    .text = std::string (text) };
  log_ring.with ([&record] (LogRing &ring) { ring.add (std::move (record)); });
}

bool
write_stderr (const std::string &line)
{
  return write (STDERR_FILENO, line.data (), line.size ()) >= 0;
}

/* Never destroyed, either. */
LogThread &
log_file ()
{
  static LogThread &thread = *new LogThread ([] (const std::string &problem) {
    write_stderr (log_line (G_LOG_LEVEL_WARNING, problem, g_get_real_time ()) + "\n");
  });
  return thread;
}

/* Called in any thread; a line is one write(), so that lines do not mix. */
GLogWriterOutput
write_log (GLogLevelFlags flags, const GLogField *fields, gsize count, gpointer to_journal)
{
  const auto level = static_cast<unsigned> (flags & G_LOG_LEVEL_MASK);
  if (level > threshold.load (std::memory_order_relaxed))
    return G_LOG_WRITER_HANDLED;
  /* Details of the libraries' own help nobody here. */
  if (level > G_LOG_LEVEL_MESSAGE
      && !field (fields, count, "GLIB_DOMAIN").starts_with ("camwarden"))
    return G_LOG_WRITER_HANDLED;
  keep (flags, fields, count);
  if (to_journal && g_log_writer_journald (flags, fields, count, nullptr) == G_LOG_WRITER_HANDLED)
    return G_LOG_WRITER_HANDLED;
  const std::string line
      = log_line (flags, field (fields, count, "MESSAGE"), g_get_real_time ()) + "\n";
  const bool shown = write_stderr (line);
  log_file ().write (line);
  if (flags & (G_LOG_FLAG_FATAL | G_LOG_LEVEL_ERROR))
    settle_log_file (); /* the process ends */
  return shown ? G_LOG_WRITER_HANDLED : G_LOG_WRITER_UNHANDLED;
}

} // namespace

Locked<LogRing> &
kept_log ()
{
  return log_ring;
}

bool
set_log_level (const char *name)
{
  for (const auto &level : levels)
    if (strcmp (level.name, name) == 0) {
      threshold = level.flag;
      return true;
    }
  return false;
}

void
set_up_log (const char *level)
{
  if (!set_log_level (level))
    threshold = G_LOG_LEVEL_MESSAGE;
  const bool journal = g_log_writer_is_journald (STDERR_FILENO);
  g_log_set_writer_func (write_log, GINT_TO_POINTER (journal), nullptr);
}

void
set_log_file (LogFileSettings settings)
{
  if (g_log_writer_is_journald (STDERR_FILENO))
    return;
  log_file ().configure (std::move (settings));
}

void
settle_log_file ()
{
  log_file ().settle (last_words);
}

std::string
log_line (GLogLevelFlags level, std::string_view message, int64_t wall_us)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (wall_us / G_USEC_PER_SEC);
  g_autofree char *stamp = g_date_time_format (time, "%Y-%m-%d %H:%M:%S");
  char millis[8];
  snprintf (millis, sizeof millis, ".%03d ", static_cast<int> (wall_us / 1000 % 1000));
  std::string line = std::string (stamp) + millis + level_name (level) + ": ";
  for (const char c : message) {
    const auto byte = static_cast<unsigned char> (c);
    if (byte >= ' ' && byte != 0x7f) {
      line += c;
    } else if (c == '\n') {
      line += "\n    ";
    } else {
      char code[8];
      snprintf (code, sizeof code, "\\x%02x", byte);
      line += code;
    }
  }
  return line;
}

} // namespace camwarden
