// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/archivereader.h"

#include "config/i18n.h"
#include "ctl/archivenames.h"
#include "ctl/jsonvalue.h"
#include "ctl/stopsignals.h"
#include "ctl/terminal.h"
#include "ctl/textformat.h"

#include <archive.h>
#include <archive_entry.h>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace camwarden
{

namespace
{

constexpr size_t block = 128 * 1024;
constexpr uint64_t longest_text = 8 << 20; /* of a part of the manifest */

} // namespace

ArchiveReader::ArchiveReader () : checksum_ (g_checksum_new (G_CHECKSUM_SHA256))
{}

ArchiveReader::~ArchiveReader ()
{
  if (archive_)
    (void)archive_read_free (archive_);
  if (fd_ >= 0)
    close (fd_);
  g_checksum_free (checksum_);
}

ArchiveReader::Result
ArchiveReader::fail (Result result, std::string text)
{
  if (problem_.empty ())
    problem_ = std::move (text);
  return result;
}

/* Damage and trouble of the disk come the same way. */
ArchiveReader::Result
ArchiveReader::read_error ()
{
  const char *why = archive_error_string (archive_);
  const bool disk = archive_errno (archive_) == EIO || archive_errno (archive_) == EISDIR;
  return fail (disk ? Result::Failed : Result::Bad,
               text_of (_ ("the archive cannot be read on: %s"), why ? why : _ ("it is damaged")));
}

bool
ArchiveReader::open (const std::string &path)
{
  fd_ = ::open (path.c_str (), O_RDONLY | O_CLOEXEC);
  if (fd_ < 0) {
    problem_ = path + ": " + g_strerror (errno);
    return false;
  }
  archive_ = archive_read_new ();
  return archive_ && archive_read_support_filter_zstd (archive_) == ARCHIVE_OK
         && archive_read_support_format_tar (archive_) == ARCHIVE_OK;
}

ArchiveReader::Result
ArchiveReader::check_entry (archive_entry *entry, ArchiveMember &member)
{
  const char *name = archive_entry_pathname (entry);
  member.name = name ? name : "";
  const std::string shown = clip (member.name, 60);
  if (const std::string why = member_problem (member.name); !why.empty ())
    return fail (Result::Bad,
                 text_of (_ ("refused: %s (\"%s\")"), _ (why.c_str ()), shown.c_str ()));
  if (archive_entry_filetype (entry) != AE_IFREG || archive_entry_hardlink (entry)
      || archive_entry_symlink (entry))
    return fail (Result::Bad,
                 text_of (_ ("refused: a link, device or folder (\"%s\")"), shown.c_str ()));
  if (!archive_entry_size_is_set (entry) || archive_entry_size (entry) < 0
      || archive_entry_sparse_count (entry) > 0)
    return fail (Result::Bad, text_of (_ ("refused: a file with holes, or without a size (\"%s\")"),
                                       shown.c_str ()));
  if (!seen_.insert (std::hash<std::string>{}(member.name)).second)
    return fail (Result::Bad,
                 text_of (_ ("refused: the same name twice (\"%s\")"), shown.c_str ()));
  member.size = static_cast<uint64_t> (archive_entry_size (entry));
  member.mode = static_cast<unsigned> (archive_entry_perm (entry)) & 0777;
  member.mtime = archive_entry_mtime (entry);
  return Result::Good;
}

ArchiveReader::Result
ArchiveReader::read_member (const ArchiveMember &member, MemberSink *sink)
{
  std::string why = sink ? sink->begin (member) : "";
  g_checksum_reset (checksum_);
  uint64_t got = 0;
  const auto buffer = std::make_unique<char[]> (block);
  while (why.empty ()) {
    const la_ssize_t size = archive_read_data (archive_, buffer.get (), block);
    if (size < 0)
      return read_error ();
    if (size == 0)
      break;
    got += static_cast<uint64_t> (size);
    g_checksum_update (checksum_, reinterpret_cast<const guchar *> (buffer.get ()), size);
    if (sink)
      why = sink->data (buffer.get (), static_cast<size_t> (size));
    const int64_t read = archive_filter_bytes (archive_, -1);
    if (read_ && read > told_)
      read_ (static_cast<uint64_t> (read - told_));
    told_ = std::max (told_, read);
    if (interrupted ())
      return fail (Result::Interrupted, _ ("interrupted"));
  }
  if (why.empty () && got != member.size)
    return fail (Result::Bad,
                 text_of (_ ("\"%s\" ends too early"), clip (member.name, 60).c_str ()));
  if (why.empty () && sink)
    why = sink->end ();
  return why.empty () ? Result::Good : fail (Result::Failed, why);
}

ArchiveReader::Result
ArchiveReader::read_text (const ArchiveMember &member, std::string &text)
{
  struct Collect : MemberSink
  {
    explicit Collect (std::string &where) : to (where) {}
    std::string
    begin (const ArchiveMember &) override
    {
      return {};
    }
    std::string
    data (const void *bytes, size_t size) override
    {
      to.append (static_cast<const char *> (bytes), size);
      return {};
    }
    std::string
    end () override
    {
      return {};
    }
    std::string &to;
  };
  if (member.size > longest_text)
    return fail (Result::Bad, text_of (_ ("refused: \"%s\" is too large"), member.name.c_str ()));
  Collect collect (text);
  return read_member (member, &collect);
}

ArchiveReader::Result
ArchiveReader::check_part (const ArchiveMember &member)
{
  std::string text;
  if (const Result result = read_text (member, text); result != Result::Good)
    return result;
  parts_++;
  const auto lines = parse_manifest (text);
  if (!lines)
    return fail (Result::Bad, text_of (_ ("%s is no list of checksums"), member.name.c_str ()));
  for (const ManifestLine &line : *lines) {
    const auto found = pending_.find (std::string (line.name));
    const std::string shown = clip (std::string (line.name), 60);
    if (found == pending_.end ())
      return fail (Result::Bad, text_of (_ ("\"%s\" is missing"), shown.c_str ()));
    if (found->second != line.digest)
      return fail (Result::Bad, text_of (_ ("the checksum of \"%s\" is wrong"), shown.c_str ()));
    pending_.erase (found);
  }
  return Result::Good;
}

ArchiveReader::Result
ArchiveReader::check_end (const ArchiveMember &member)
{
  std::string text;
  if (const Result result = read_text (member, text); result != Result::Good)
    return result;
  const JsonNodePtr root = parse_json_object (text);
  JsonObject *end = root ? json_node_get_object (root.get ()) : nullptr;
  const auto says = [end] (const char *name, uint64_t number) {
    return end && json_number (end, name) == static_cast<double> (number);
  };
  if (!pending_.empty () || !says ("files", files_) || !says ("bytes", bytes_)
      || !says ("parts", parts_))
    return fail (Result::Bad, _ ("the archive does not hold what its end says"));
  ended_ = true;
  return Result::Good;
}

ArchiveReader::Result
ArchiveReader::note (const ArchiveMember &member)
{
  if (pending_.size () >= 2 * manifest_part_files)
    return fail (Result::Bad, _ ("the archive has no checksums"));
  pending_[member.name] = g_checksum_get_string (checksum_);
  files_++;
  bytes_ += member.size;
  const std::string_view tree = member_tree (member.name);
  if (!tree.empty ()) {
    Sum &sum = sums_[std::string (tree)];
    sum.files++;
    sum.bytes += member.size;
  }
  return Result::Good;
}

ArchiveReader::Result
ArchiveReader::read_all (MemberSink *sink)
{
  if (archive_read_open_fd (archive_, fd_, block) != ARCHIVE_OK)
    return read_error ();
  archive_entry *entry = nullptr;
  Result result = Result::Good;
  int next = ARCHIVE_OK;
  while (result == Result::Good
         && ((next = archive_read_next_header (archive_, &entry)) == ARCHIVE_OK
             || next == ARCHIVE_WARN)) {
    ArchiveMember member;
    if (ended_)
      return fail (Result::Bad, _ ("refused: something stands behind the archive's end"));
    result = check_entry (entry, member);
    if (result != Result::Good)
      break;
    if (member.name == end_member)
      result = check_end (member);
    else if (is_manifest_part (member.name))
      result = check_part (member);
    else {
      result
          = member.name == about_member ? read_text (member, about_) : read_member (member, sink);
      result = result == Result::Good ? note (member) : result;
    }
  }
  if (result != Result::Good)
    return result;
  if (next != ARCHIVE_EOF)
    return read_error ();
  if (!ended_)
    return fail (Result::Bad, _ ("the archive is cut off: its end is missing"));
  return Result::Good;
}

ArchiveReader::Result
ArchiveReader::run (const std::string &path, MemberSink *sink, std::function<void (uint64_t)> read)
{
  read_ = std::move (read);
  if (!open (path))
    return Result::Failed;
  return read_all (sink);
}

std::string
ArchiveReader::read_about (const std::string &path)
{
  ArchiveReader reader;
  archive_entry *entry = nullptr;
  ArchiveMember member;
  if (!reader.open (path) || archive_read_open_fd (reader.archive_, reader.fd_, block) != ARCHIVE_OK
      || archive_read_next_header (reader.archive_, &entry) != ARCHIVE_OK
      || reader.check_entry (entry, member) != Result::Good || member.name != about_member
      || reader.read_text (member, reader.about_) != Result::Good)
    return {};
  return reader.about_;
}

} // namespace camwarden
