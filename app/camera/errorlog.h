// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "common/locked.h"

#include <deque>
#include <gst/gst.h>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace camwarden
{

/* The errno that a text tells, by its number or in the system's words for it; 0: none that matters
 * to a camera. The place in front of a debug text, "file.c(16): function ():", counts for nothing.
 */
[[nodiscard]] int errno_in_text (std::string_view text);

/* Listens to GStreamer's log, errors and warnings of every category: it keeps the latest lines, and
 * the errno of each source's latest error, which V4L2 tells nowhere else. One at a time; any
 * thread. */
class ErrorLog
{
public:
  ErrorLog ();
  ~ErrorLog ();
  ErrorLog (const ErrorLog &) = delete;
  ErrorLog &operator= (const ErrorLog &) = delete;

  /* Before GStreamer is initialized: what is listened to is not printed as well. Does nothing if
   * GST_DEBUG or an option asks for it. */
  static void keep_quiet (int argc, char **argv);

  [[nodiscard]] std::vector<std::string> lines () const; /* oldest first */
  /* Of what an element of that name, or its pool or allocator, logged a moment ago; 0: nothing. */
  [[nodiscard]] int error_number (const std::string &element) const;
  /* A source starts again: what it said before is history. */
  void forget_numbers ();

private:
  struct Number
  {
    int value;
    int64_t when; /* monotonic us */
  };
  struct Kept
  {
    std::deque<std::string> lines;
    std::map<std::string, Number> numbers; /* by the element's name */
  };

  static void listen (GstDebugCategory *category, GstDebugLevel level, const char *file,
                      const char *function, int line, GObject *object, GstDebugMessage *message,
                      gpointer data);

  void note (const std::string &element, const char *line, int error_number);

  static Locked<ErrorLog *> listening_;
  Locked<Kept> kept_;
};

} // namespace camwarden
