// SPDX-License-Identifier: LGPL-2.1-or-later
#include "support/storefixture.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <glib/gstdio.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

namespace camwarden
{

namespace
{

namespace fs = std::filesystem;

bool
write_text (const char *path, const std::string &text)
{
  return g_file_set_contents_full (path, text.c_str (), static_cast<gssize> (text.size ()),
                                   G_FILE_SET_CONTENTS_NONE, 0600, nullptr);
}

bool
enter_user_namespace ()
{
  const std::string user = std::to_string (getuid ()), group = std::to_string (getgid ());
  return unshare (CLONE_NEWUSER | CLONE_NEWNS) == 0 && write_text ("/proc/self/setgroups", "deny")
         && write_text ("/proc/self/uid_map", "0 " + user + " 1")
         && write_text ("/proc/self/gid_map", "0 " + group + " 1");
}

} // namespace

bool
enter_private_mounts ()
{
  if (unshare (CLONE_NEWNS) != 0 && !enter_user_namespace ())
    return false;
  return mount (nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

StoreDirectory::StoreDirectory (const char *tmpfs_options) : mounted_ (tmpfs_options != nullptr)
{
  g_autofree char *path = g_dir_make_tmp ("camwarden-store-XXXXXX", nullptr);
  g_assert_nonnull (path);
  path_ = path;
  if (mounted_)
    g_assert_no_errno (mount ("tmpfs", path, "tmpfs", 0, tmpfs_options));
}

StoreDirectory::~StoreDirectory ()
{
  std::error_code error;
  if (mounted_)
    umount2 (path_.c_str (), MNT_DETACH);
  fs::remove_all (path_, error);
}

void
StoreDirectory::remount (const char *options, bool read_only)
{
  const unsigned long flags = MS_REMOUNT | (read_only ? MS_RDONLY : 0);
  g_assert_no_errno (mount ("tmpfs", path_.c_str (), "tmpfs", flags, options));
}

void
StoreDirectory::put (const std::string &relative, const std::string &content) const
{
  const std::string path = path_ + "/" + relative;
  std::error_code error;
  fs::create_directories (fs::path (path).parent_path (), error);
  const int fd = open (path.c_str (), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, content.data (), content.size ()), ==,
                   static_cast<gssize> (content.size ()));
  close (fd);
}

bool
StoreDirectory::has (const std::string &relative) const
{
  return g_file_test ((path_ + "/" + relative).c_str (), G_FILE_TEST_EXISTS);
}

/* Others may be at work in it: what vanishes meanwhile is passed over. */
std::vector<std::string>
StoreDirectory::files () const
{
  std::vector<std::string> result;
  std::error_code error;
  for (auto it = fs::recursive_directory_iterator (path_, error);
       !error && it != fs::recursive_directory_iterator (); it.increment (error)) {
    std::error_code gone;
    if (it->is_regular_file (gone))
      result.push_back (fs::relative (it->path (), path_, gone).string ());
  }
  std::sort (result.begin (), result.end ());
  return result;
}

uint64_t
StoreDirectory::bytes () const
{
  uint64_t sum = 0;
  for (const auto &name : files ()) {
    GStatBuf info;
    if (g_stat ((path_ + "/" + name).c_str (), &info) == 0)
      sum += static_cast<uint64_t> (info.st_size);
  }
  return sum;
}

std::string
stored_name (const char *camera, int64_t time_us, unsigned run, unsigned seq)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (time_us / G_USEC_PER_SEC);
  g_autofree char *folder = g_date_time_format (time, "%Y/%m/%d/%H/%M");
  g_autofree char *stamp = g_date_time_format (time, "%Y%m%dT%H%M%S");
  g_autofree char *name = g_strdup_printf ("%s/%s_%s.%06dZ_%08x_%08u.jpg", folder, camera, stamp,
                                           static_cast<int> (time_us % G_USEC_PER_SEC), run, seq);
  return name;
}

/* FF D8, number, size, filling made of the number, FF D9 */
std::string
made_frame (uint64_t number, size_t size)
{
  g_assert_cmpuint (size, >=, 24);
  std::string frame (size, static_cast<char> ('a' + number % 26));
  const uint64_t length = size;
  memcpy (frame.data (), "\xff\xd8", 2);
  memcpy (frame.data () + 2, &number, sizeof number);
  memcpy (frame.data () + 10, &length, sizeof length);
  memcpy (frame.data () + size - 2, "\xff\xd9", 2);
  return frame;
}

bool
is_whole_frame (const std::string &content)
{
  uint64_t number = 0;
  if (content.size () < 24)
    return false;
  memcpy (&number, content.data () + 2, sizeof number);
  return content == made_frame (number, content.size ());
}

std::string
read_file (const std::string &path)
{
  g_autofree char *content = nullptr;
  gsize size = 0;
  if (!g_file_get_contents (path.c_str (), &content, &size, nullptr))
    return "";
  return { content, size };
}

StoreSink::StoreSink (const std::string &location, const std::string &properties)
    : bus_ (gst_bus_new ())
{
  g_autoptr (GError) error = nullptr;
  const std::string line = "framestoresink location=" + location + " " + properties;
  element_ = gst_parse_launch (line.c_str (), &error);
  g_assert_no_error (error);
  gst_element_set_bus (element_, bus_);
  harness_ = gst_harness_new_with_element (element_, "sink", nullptr);
  gst_harness_set_src_caps_str (harness_, "image/jpeg,width=64,height=48,framerate=30/1");
}

StoreSink::~StoreSink ()
{
  stop ();
  collect ();
  gst_harness_teardown (harness_);
  for (const auto &message : messages_)
    gst_message_unref (message.message);
  gst_object_unref (bus_);
  gst_object_unref (element_);
}

GstFlowReturn
StoreSink::push (size_t size, GstClockTime pts)
{
  const std::string frame = made_frame (pushed_, size);
  GstBuffer *buffer = gst_buffer_new_memdup (frame.data (), frame.size ());
  GST_BUFFER_PTS (buffer) = pts;
  return push (buffer);
}

GstFlowReturn
StoreSink::push (GstBuffer *buffer)
{
  pushed_++;
  return gst_harness_push (harness_, buffer);
}

void
StoreSink::end ()
{
  gst_harness_push_event (harness_, gst_event_new_eos ());
}

void
StoreSink::stop ()
{
  gst_element_set_state (element_, GST_STATE_NULL);
}

guint64
StoreSink::stat (const char *name)
{
  GstStructure *stats = nullptr;
  g_object_get (element_, "stats", &stats, nullptr);
  guint64 value = 0;
  if (!gst_structure_get_uint64 (stats, name, &value))
    g_error ("no statistic %s", name);
  gst_structure_free (stats);
  return value;
}

std::string
StoreSink::paused ()
{
  GstStructure *stats = nullptr;
  g_object_get (element_, "stats", &stats, nullptr);
  const std::string reason = gst_structure_get_string (stats, "paused");
  gst_structure_free (stats);
  return reason;
}

void
StoreSink::check_law ()
{
  guint64 sum = 0;
  for (const char *fate :
       { "stored", "skipped", "queued", "dropped-queue", "dropped-full", "dropped-readonly",
         "dropped-io", "dropped-missing", "dropped-permission", "dropped-held", "dropped-stopped" })
    sum += stat (fate);
  g_assert_cmpuint (sum, ==, pushed_);
  g_assert_cmpuint (stat ("rendered"), ==, pushed_);
}

void
StoreSink::wait (const char *what, const std::function<bool ()> &done)
{
  const gint64 deadline = g_get_monotonic_time () + 20 * G_TIME_SPAN_SECOND;
  while (!done ()) {
    if (g_get_monotonic_time () > deadline) {
      GstStructure *stats = nullptr;
      g_object_get (element_, "stats", &stats, nullptr);
      g_autofree char *text = gst_structure_to_string (stats);
      g_error ("waited in vain for %s: %s", what, text);
    }
    g_usleep (1000);
  }
}

void
StoreSink::wait_stored (guint64 frames)
{
  wait ("stored frames", [&] { return stat ("stored") >= frames; });
}

void
StoreSink::wait_settled ()
{
  wait ("an empty queue", [&] { return stat ("queued") == 0; });
}

void
StoreSink::collect ()
{
  while (GstMessage *message = gst_bus_pop (bus_)) {
    std::string name = gst_message_type_get_name (GST_MESSAGE_TYPE (message));
    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ELEMENT)
      name = gst_structure_get_name (gst_message_get_structure (message));
    messages_.push_back ({ name, message });
  }
}

size_t
StoreSink::count (const char *name)
{
  collect ();
  return static_cast<size_t> (
      std::count_if (messages_.begin (), messages_.end (),
                     [&] (const Message &message) { return message.name == name; }));
}

const GstStructure *
StoreSink::newest (const char *name)
{
  collect ();
  const auto found = std::find_if (messages_.rbegin (), messages_.rend (),
                                   [&] (const Message &message) { return message.name == name; });
  return found == messages_.rend () ? nullptr : gst_message_get_structure (found->message);
}

std::vector<std::string>
StoreSink::stored_paths ()
{
  collect ();
  std::vector<std::string> paths;
  for (const auto &message : messages_) {
    if (message.name == "frame-stored")
      paths.emplace_back (
          gst_structure_get_string (gst_message_get_structure (message.message), "path"));
  }
  return paths;
}

} // namespace camwarden
