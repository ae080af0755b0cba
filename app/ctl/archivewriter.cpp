// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/archivewriter.h"

#include "config/i18n.h"
#include "ctl/archivenames.h"
#include "ctl/filechange.h"
#include "ctl/textformat.h"
#include "gobject/ref.h"

#include <algorithm>
#include <archive.h>
#include <archive_entry.h>
#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace camwarden
{

ArchiveWriter::ArchiveWriter (bool manifest)
    : manifest_ (manifest), checksum_ (g_checksum_new (G_CHECKSUM_SHA256))
{}

ArchiveWriter::~ArchiveWriter ()
{
  if (archive_) {
    (void)archive_write_fail (archive_);
    (void)archive_write_free (archive_);
  }
  if (!part_.empty ())
    unlink (part_.c_str ());
  if (fd_ >= 0)
    close (fd_);
  g_checksum_free (checksum_);
}

bool
ArchiveWriter::fail (std::string text)
{
  if (error_.empty ())
    error_ = std::move (text);
  return false;
}

bool
ArchiveWriter::check (int result)
{
  if (result == ARCHIVE_OK || result == ARCHIVE_WARN)
    return true;
  const char *why = archive_error_string (archive_);
  return fail (path_ + ": " + (why ? why : g_strerror (archive_errno (archive_))));
}

bool
ArchiveWriter::open (const std::string &path)
{
  path_ = path;
  if (access (path.c_str (), F_OK) == 0)
    return fail (path + ": " + _ ("there is such a file already"));
  const std::string part = path + ".part";
  fd_ = ::open (part.c_str (), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd_ < 0)
    return fail (system_error (part));
  if (flock (fd_, LOCK_EX | LOCK_NB) != 0)
    return fail (part + ": " + _ ("another camwardenctl is writing it"));
  part_ = part;
  if (ftruncate (fd_, 0) != 0)
    return fail (system_error (part));
  archive_ = archive_write_new ();
  if (!archive_)
    return fail (path + ": " + g_strerror (ENOMEM));
  return check (archive_write_set_format_pax_restricted (archive_))
         && check (archive_write_add_filter_zstd (archive_))
         && check (archive_write_set_bytes_in_last_block (archive_, 1))
         && check (archive_write_open_fd (archive_, fd_));
}

bool
ArchiveWriter::begin_file (const std::string &name, uint64_t size, unsigned mode, int64_t mtime)
{
  if (!error_.empty ())
    return false;
  const std::unique_ptr<archive_entry, void (*) (archive_entry *)> entry (archive_entry_new (),
                                                                          archive_entry_free);
  archive_entry_set_pathname (entry.get (), name.c_str ());
  archive_entry_set_size (entry.get (), static_cast<la_int64_t> (size));
  archive_entry_set_filetype (entry.get (), AE_IFREG);
  archive_entry_set_perm (entry.get (), static_cast<mode_t> (mode & 0777));
  archive_entry_set_mtime (entry.get (), mtime, 0);
  g_checksum_reset (checksum_);
  name_ = name;
  left_ = size;
  return check (archive_write_header (archive_, entry.get ()));
}

bool
ArchiveWriter::write (const void *data, size_t size)
{
  if (!error_.empty ())
    return false;
  size = static_cast<size_t> (std::min<uint64_t> (size, left_));
  g_checksum_update (checksum_, static_cast<const guchar *> (data), static_cast<gssize> (size));
  left_ -= size;
  bytes_ += in_manifest_ ? 0 : size;
  const auto *from = static_cast<const char *> (data);
  while (size > 0) {
    const la_ssize_t written = archive_write_data (archive_, from, size);
    if (written <= 0)
      return check (written < 0 ? static_cast<int> (written) : ARCHIVE_FATAL);
    from += written;
    size -= static_cast<size_t> (written);
  }
  return true;
}

bool
ArchiveWriter::end_file ()
{
  static constexpr std::array<char, 65536> zeros{};
  while (left_ > 0)
    if (!write (zeros.data (), zeros.size ()))
      return false;
  if (!check (archive_write_finish_entry (archive_)))
    return false;
  if (in_manifest_ || !manifest_)
    return true;
  files_++;
  lines_ += manifest_line (g_checksum_get_string (checksum_), name_);
  return ++in_part_ < manifest_part_files || write_part ();
}

bool
ArchiveWriter::add_text (const std::string &name, std::string_view text)
{
  return begin_file (name, text.size (), 0600, g_get_real_time () / G_USEC_PER_SEC)
         && write (text.data (), text.size ()) && end_file ();
}

bool
ArchiveWriter::write_part ()
{
  if (in_part_ == 0)
    return true;
  const std::string lines = std::exchange (lines_, {});
  in_part_ = 0;
  in_manifest_ = true;
  const bool good = add_text (manifest_name (++parts_), lines);
  in_manifest_ = false;
  return good;
}

bool
ArchiveWriter::write_end ()
{
  in_manifest_ = true;
  return add_text (std::string (end_member),
                   text_of ("{\"files\": %lu, \"bytes\": %lu, \"parts\": %u}\n",
                            static_cast<unsigned long> (files_),
                            static_cast<unsigned long> (bytes_), parts_));
}

bool
ArchiveWriter::publish ()
{
  const std::string directory = take_string (g_path_get_dirname (path_.c_str ()));
  if (fsync (fd_) != 0 || rename (part_.c_str (), path_.c_str ()) != 0)
    return fail (system_error (path_));
  part_.clear ();
  const int folder = ::open (directory.c_str (), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    (void)fsync (folder);
    close (folder);
  }
  return true;
}

bool
ArchiveWriter::finish ()
{
  if (!error_.empty () || (manifest_ && (!write_part () || !write_end ())))
    return false;
  if (!check (archive_write_close (archive_)))
    return false;
  return publish ();
}

} // namespace camwarden
