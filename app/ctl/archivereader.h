// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <glib.h>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

struct archive;
struct archive_entry;

namespace camwarden
{

struct ArchiveMember
{
  std::string name;
  uint64_t size = 0;
  unsigned mode = 0; /* 0 to 0777 */
  int64_t mtime = 0; /* s */
};

/* Takes the members of a backup, in their order. An answer that is not empty says why it cannot. */
class MemberSink
{
public:
  virtual ~MemberSink () = default;
  [[nodiscard]] virtual std::string begin (const ArchiveMember &member) = 0;
  [[nodiscard]] virtual std::string data (const void *data, size_t size) = 0;
  [[nodiscard]] virtual std::string end () = 0;
};

/* Reads a backup once, as a stream, and believes nothing of it: only ordinary files with names as
 * archivenames.h wants them, none twice, none that claims to be larger than it is, each with its
 * checksum, and all of them there. The manifest's own members are not handed on. */
class ArchiveReader
{
public:
  enum class Result { Good, Bad, Failed, Interrupted };

  ArchiveReader ();
  ~ArchiveReader ();
  ArchiveReader (const ArchiveReader &) = delete;
  ArchiveReader &operator= (const ArchiveReader &) = delete;

  /* sink NULL: checks only. read: told of each piece of the archive's file. */
  [[nodiscard]] Result run (const std::string &path, MemberSink *sink,
                            std::function<void (uint64_t)> read = {});

  /* Why it was not good. */
  [[nodiscard]] const std::string &
  problem () const
  {
    return problem_;
  }
  struct Sum
  {
    uint64_t files = 0, bytes = 0;
  };
  /* By tree: "config", "frames", ... */
  [[nodiscard]] const std::map<std::string, Sum> &
  sums () const
  {
    return sums_;
  }
  [[nodiscard]] const std::string &
  about () const
  {
    return about_;
  }

  /* Only the first member of the archive; empty: it is none of ours. */
  [[nodiscard]] static std::string read_about (const std::string &path);

private:
  [[nodiscard]] bool open (const std::string &path);
  [[nodiscard]] Result fail (Result result, std::string text);
  [[nodiscard]] Result read_error ();
  [[nodiscard]] Result read_all (MemberSink *sink);
  [[nodiscard]] Result check_entry (archive_entry *entry, ArchiveMember &member);
  [[nodiscard]] Result read_member (const ArchiveMember &member, MemberSink *sink);
  [[nodiscard]] Result read_text (const ArchiveMember &member, std::string &text);
  [[nodiscard]] Result check_part (const ArchiveMember &member);
  [[nodiscard]] Result check_end (const ArchiveMember &member);
  [[nodiscard]] Result note (const ArchiveMember &member);

  struct archive *archive_ = nullptr;
  int fd_ = -1;
  std::function<void (uint64_t)> read_;
  int64_t told_ = 0;
  GChecksum *checksum_ = nullptr;
  std::unordered_map<std::string, std::string> pending_; /* name -> digest, until its manifest */
  std::unordered_set<size_t> seen_;                      /* hashes of names */
  std::map<std::string, Sum> sums_;
  uint64_t files_ = 0, bytes_ = 0;
  unsigned parts_ = 0;
  bool ended_ = false;
  std::string about_, problem_;
};

} // namespace camwarden
