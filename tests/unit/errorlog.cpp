// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/errorlog.h"

#include "gobject/ref.h"

#include <cerrno>
#include <cstring>
#include <thread>

using namespace camwarden;

GST_DEBUG_CATEGORY_STATIC (pool_debug);
GST_DEBUG_CATEGORY_STATIC (other_debug);

namespace
{

/* A pool's name begins with its element's. */
Ref<GstElement>
make_pool (const char *name)
{
  return Ref<GstElement>::adopt (GST_ELEMENT (gst_object_ref_sink (gst_bin_new (name))));
}

} // namespace

static void
test_errno_in_text ()
{
  const struct
  {
    std::string text;
    int number;
  } rows[]{
    { "", 0 },
    { "error with STREAMON 28 (in any language)", ENOSPC },
    { "poll error 1: in any language (19)", ENODEV },
    { "Camera.start() failed with error code -5", EIO },
    { "Camera.start() failed with error code -52", 0 },
    { std::string ("system error: ") + g_strerror (ENODEV), ENODEV },
    { std::string ("system error: ") + g_strerror (ENXIO), ENXIO },
    { std::string ("failed dequeuing a buffer: ") + g_strerror (EPROTO), EPROTO },
    { "streaming stopped, reason error (-5)", 0 },
    { "../sys/v4l2/v4l2_calls.c(19): gst_v4l2_open (): /p/s:\n", 0 },
    { "../sys/v4l2/v4l2_calls.c(19): gst_v4l2_open (): /p/s", 0 },
    { "../sys/v4l2/v4l2_calls.c(19): gst_v4l2_open (): /p/s:\nsomething (71)", EPROTO },
  };
  for (const auto &row : rows) {
    g_test_message ("%s", row.text.c_str ());
    g_assert_cmpint (errno_in_text (row.text), ==, row.number);
  }
}

static void
test_each_source_has_its_number ()
{
  ErrorLog log;
  const auto pool = make_pool ("cam:pool0:src");
  GST_CAT_ERROR_OBJECT (pool_debug, pool.get (), "error with STREAMON %d (%s)", 28, "x");
  g_assert_cmpint (log.error_number ("cam"), ==, ENOSPC);
  g_assert_cmpint (log.error_number ("encoder"), ==, 0);
  GST_CAT_ERROR_OBJECT (pool_debug, pool.get (), "nothing known");
  g_assert_cmpint (log.error_number ("cam"), ==, ENOSPC);
  GST_CAT_ERROR_OBJECT (pool_debug, pool.get (), "failed dequeuing: (19)");
  g_assert_cmpint (log.error_number ("cam"), ==, ENODEV);
  log.forget_numbers ();
  g_assert_cmpint (log.error_number ("cam"), ==, 0);
  /* Not an error, not V4L2's. */
  GST_CAT_WARNING_OBJECT (pool_debug, pool.get (), "hm (19)");
  GST_CAT_ERROR_OBJECT (other_debug, pool.get (), "hm (19)");
  g_assert_cmpint (log.error_number ("cam"), ==, 0);
}

static void
test_keeps_the_latest_lines ()
{
  ErrorLog log;
  for (int i = 0; i < 60; i++)
    GST_CAT_ERROR (other_debug, "line %d \xff", i);
  GST_CAT_INFO (other_debug, "not this one");
  const auto lines = log.lines ();
  g_assert_cmpuint (lines.size (), ==, 50);
  g_assert_nonnull (strstr (lines.front ().c_str (), "line 10 "));
  g_assert_nonnull (strstr (lines.back ().c_str (), "line 59 "));
  for (const auto &line : lines)
    g_assert_true (g_utf8_validate (line.c_str (), -1, nullptr));
}

/* A pad that fails to start logs while it holds its own lock. */
static void
test_takes_no_lock_of_who_logs ()
{
  ErrorLog log;
  const auto pool = make_pool ("cam:src");
  GST_OBJECT_LOCK (pool.get ());
  GST_CAT_ERROR_OBJECT (pool_debug, pool.get (), "failed (5)");
  GST_OBJECT_UNLOCK (pool.get ());
  g_assert_cmpint (log.error_number ("cam"), ==, EIO);
}

static void
test_any_thread ()
{
  ErrorLog log;
  const auto shout = [] {
    for (int i = 0; i < 500; i++)
      GST_CAT_ERROR (pool_debug, "failed (5)");
  };
  std::thread one (shout), two (shout);
  for (int i = 0; i < 100; i++)
    g_assert_cmpuint (log.lines ().size (), <=, 50);
  one.join ();
  two.join ();
  g_assert_cmpuint (log.lines ().size (), ==, 50);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  ErrorLog::keep_quiet (argc, argv);
  gst_init (&argc, &argv);
  GST_DEBUG_CATEGORY_INIT (pool_debug, "v4l2bufferpool", 0, "as V4L2's");
  GST_DEBUG_CATEGORY_INIT (other_debug, "other", 0, "not V4L2's");
  g_test_add_func ("/errorlog/errno-in-text", test_errno_in_text);
  g_test_add_func ("/errorlog/each-source-has-its-number", test_each_source_has_its_number);
  g_test_add_func ("/errorlog/keeps-the-latest-lines", test_keeps_the_latest_lines);
  g_test_add_func ("/errorlog/takes-no-lock-of-who-logs", test_takes_no_lock_of_who_logs);
  g_test_add_func ("/errorlog/any-thread", test_any_thread);
  return g_test_run ();
}
