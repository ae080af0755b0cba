// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/workerlog.h"

#include "core/logline.h"

#include <cstring>
#include <glib.h>
#include <unistd.h>

namespace camwarden
{

namespace
{

constexpr int error_severity = 3;
constexpr int warning_severity = 4;

int
severity_of (GLogLevelFlags level)
{
  if (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
    return error_severity;
  if (level & G_LOG_LEVEL_WARNING)
    return warning_severity;
  if (level & G_LOG_LEVEL_MESSAGE)
    return LogLine::notice;
  return level & G_LOG_LEVEL_INFO ? 6 : 7;
}

/* One write(), so that lines of two threads do not mix. */
bool
write_lines (int severity, std::string_view text)
{
  const std::string lines = prefixed_lines (severity, text);
  return write (STDERR_FILENO, lines.data (), lines.size ()) >= 0;
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

/* Called in any thread. */
GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize count, gpointer /*data*/)
{
  const std::string domain (field (fields, count, "GLIB_DOMAIN"));
  if (g_log_writer_default_would_drop (level, domain.empty () ? nullptr : domain.c_str ()))
    return G_LOG_WRITER_HANDLED;
  const std::string_view text = field (fields, count, "MESSAGE");
  return write_lines (severity_of (level), text) ? G_LOG_WRITER_HANDLED : G_LOG_WRITER_UNHANDLED;
}

} // namespace

void
log_to_daemon ()
{
  g_log_set_writer_func (write_log, nullptr, nullptr);
  g_set_printerr_handler ([] (const char *text) { write_lines (warning_severity, text); });
}

} // namespace camwarden
