// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <glib.h>
#include <memory>
#include <string>
#include <string_view>

struct archive;

namespace camwarden
{

/* Writes a tar file compressed with zstd, as a stream: PATH.part, mode 0600, which finish()
 * renames. Without finish() nothing is left. With `manifest` the checksums go in, as archivenames.h
 * says. Each method gives false once something has failed; error() says what. */
class ArchiveWriter
{
public:
  explicit ArchiveWriter (bool manifest);
  ~ArchiveWriter ();
  ArchiveWriter (const ArchiveWriter &) = delete;
  ArchiveWriter &operator= (const ArchiveWriter &) = delete;

  [[nodiscard]] bool open (const std::string &path);

  /* A file of `size` bytes; mtime in s. Its data by write(), no more than that; what is missing at
   * end_file() is filled up with zeros. */
  [[nodiscard]] bool begin_file (const std::string &name, uint64_t size, unsigned mode,
                                 int64_t mtime);
  [[nodiscard]] bool write (const void *data, size_t size);
  [[nodiscard]] bool end_file ();
  [[nodiscard]] bool add_text (const std::string &name, std::string_view text);

  [[nodiscard]] bool finish ();

  [[nodiscard]] const std::string &
  error () const
  {
    return error_;
  }
  [[nodiscard]] uint64_t
  files () const
  {
    return files_;
  }
  [[nodiscard]] uint64_t
  bytes () const
  {
    return bytes_;
  }

private:
  [[nodiscard]] bool fail (std::string text);
  [[nodiscard]] bool check (int result);
  [[nodiscard]] bool write_part ();
  [[nodiscard]] bool write_end ();
  [[nodiscard]] bool publish ();

  const bool manifest_;
  std::string path_, part_, error_;
  int fd_ = -1;
  struct archive *archive_ = nullptr;
  GChecksum *checksum_ = nullptr; /* of the file that is being written */
  std::string name_;
  uint64_t left_ = 0;
  uint64_t files_ = 0, bytes_ = 0; /* the manifest's own left out */
  std::string lines_;              /* of the manifest's next part */
  unsigned in_part_ = 0, parts_ = 0;
  bool in_manifest_ = false;
};

} // namespace camwarden
