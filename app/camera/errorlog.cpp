// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/errorlog.h"

#include "gobject/ref.h"

#include <cerrno>
#include <cstring>

namespace camwarden
{

namespace
{

constexpr size_t most_lines = 50;
constexpr size_t longest_line = 500;
constexpr size_t most_numbers = 16;
/* An errno logged longer ago has nothing to do with an error now. */
constexpr int64_t errno_age = 2 * G_USEC_PER_SEC;

constexpr const char *errno_categories[] = { "v4l2", "v4l2bufferpool", "v4l2allocator" };

/* Longer texts first: "No such device" begins "No such device or address". */
constexpr int errnos[]
    = { ENXIO, ENODEV, ENOENT, EACCES, EPERM, EBUSY, EIO, EPROTO, ETIMEDOUT, ENOSPC, ENOMEM };

std::string_view
without_place (std::string_view text)
{
  const size_t place = text.find (" ():");
  if (place == std::string_view::npos)
    return text;
  const size_t details = text.find ('\n', place);
  return details == std::string_view::npos ? std::string_view{} : text.substr (details);
}

bool
has_number (std::string_view text, int number)
{
  const std::string digits = std::to_string (number);
  for (const auto &form : { "(" + digits + ")", " " + digits + " (", "error code -" + digits }) {
    const size_t at = text.find (form);
    const size_t end = at + form.size ();
    if (at != std::string_view::npos && !(end < text.size () && g_ascii_isdigit (text[end])))
      return true;
  }
  return false;
}

bool
is_one_of_v4l2 (const char *category)
{
  for (const char *one : errno_categories)
    if (strcmp (category, one) == 0)
      return true;
  return false;
}

/* "source", also of its pool "source:pool0:src" and the pool's allocator. Read without the object's
 * lock, as GStreamer's own log does: the caller may hold it. */
std::string
element_name (GObject *object)
{
  if (!GST_IS_OBJECT (object))
    return {};
  const char *given = GST_OBJECT_NAME (object);
  const std::string name = given ? given : "";
  return name.substr (0, name.find (':'));
}

} // namespace

int
errno_in_text (std::string_view text)
{
  const std::string_view details = without_place (text);
  for (const int number : errnos)
    if (details.find (g_strerror (number)) != std::string_view::npos)
      return number;
  for (const int number : errnos)
    if (has_number (details, number))
      return number;
  return 0;
}

Locked<ErrorLog *> ErrorLog::listening_{ nullptr };

void
ErrorLog::keep_quiet (int argc, char **argv)
{
  bool asked = g_getenv ("GST_DEBUG") != nullptr;
  for (int i = 1; i < argc; i++)
    asked = asked || g_str_has_prefix (argv[i], "--gst-debug");
  if (!asked)
    gst_debug_remove_log_function (gst_debug_log_default);
}

/* Listening is never ended, only nobody notes it any more: GStreamer cannot forget a listener
 * without leaking the list. */
ErrorLog::ErrorLog ()
{
  listening_.set (this);
  static const bool once = [] {
    gst_debug_add_log_function (listen, nullptr, nullptr);
    return true;
  }();
  gst_debug_set_active (once);
  if (gst_debug_get_default_threshold () < GST_LEVEL_WARNING)
    gst_debug_set_default_threshold (GST_LEVEL_WARNING);
}

ErrorLog::~ErrorLog ()
{
  listening_.set (nullptr);
}

/* Called in any thread, perhaps under locks of the element's: it takes none but its own. */
void
ErrorLog::listen (GstDebugCategory *category, GstDebugLevel level, const char * /*file*/,
                  const char *function, int /*line*/, GObject *object, GstDebugMessage *message,
                  gpointer /*data*/)
{
  if (level > GST_LEVEL_WARNING || level == GST_LEVEL_NONE)
    return;
  const char *name = gst_debug_category_get_name (category);
  const char *text = gst_debug_message_get (message);
  const std::string element = element_name (object);
  const int number = level == GST_LEVEL_ERROR && is_one_of_v4l2 (name) ? errno_in_text (text) : 0;
  const std::string line = std::string (gst_debug_level_get_name (level)) + " " + name + " "
                           + function + " " + element + ": " + text;
  g_autofree char *valid = g_utf8_make_valid (line.substr (0, longest_line).c_str (), -1);
  listening_.with ([&] (ErrorLog *log) {
    if (log)
      log->note (element, valid, number);
  });
}

void
ErrorLog::note (const std::string &element, const char *line, int error_number)
{
  kept_.with ([&] (Kept &kept) {
    kept.lines.emplace_back (line);
    if (kept.lines.size () > most_lines)
      kept.lines.pop_front ();
    if (error_number && (kept.numbers.size () < most_numbers || kept.numbers.contains (element)))
      kept.numbers[element] = { error_number, g_get_monotonic_time () };
  });
}

std::vector<std::string>
ErrorLog::lines () const
{
  return kept_.with ([] (const Kept &kept) {
    return std::vector<std::string> (kept.lines.begin (), kept.lines.end ());
  });
}

int
ErrorLog::error_number (const std::string &element) const
{
  const int64_t oldest = g_get_monotonic_time () - errno_age;
  return kept_.with ([&] (const Kept &kept) {
    const auto found = kept.numbers.find (element);
    return found != kept.numbers.end () && found->second.when >= oldest ? found->second.value : 0;
  });
}

void
ErrorLog::forget_numbers ()
{
  kept_.with ([] (Kept &kept) { kept.numbers.clear (); });
}

} // namespace camwarden
