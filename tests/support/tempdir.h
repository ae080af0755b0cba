// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <filesystem>
#include <fstream>
#include <glib.h>
#include <string>

namespace camwarden
{

/* A directory of the test's own that goes with everything in it. */
class TempDir
{
public:
  TempDir ()
  {
    g_autofree char *path = g_dir_make_tmp ("camwarden-test-XXXXXX", nullptr);
    g_assert_nonnull (path);
    path_ = path;
  }
  ~TempDir ()
  {
    std::error_code ignored;
    std::filesystem::remove_all (path_, ignored);
  }
  TempDir (const TempDir &) = delete;
  TempDir &operator= (const TempDir &) = delete;

  [[nodiscard]] std::string
  path (const std::string &name = {}) const
  {
    return name.empty () ? path_ : path_ + "/" + name;
  }

  /* Makes the folders above it too. */
  std::string
  write (const std::string &name, const std::string &text) const
  {
    const std::string file = path (name);
    std::filesystem::create_directories (std::filesystem::path (file).parent_path ());
    std::ofstream stream (file, std::ios::binary | std::ios::trunc);
    stream << text;
    stream.close ();
    g_assert_true (stream.good ());
    return file;
  }

private:
  std::string path_;
};

} // namespace camwarden
