// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/configfile.h"

#include "common/textcheck.h"
#include "config/i18n.h"
#include "gobject/ref.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>

namespace camwarden
{

static constexpr size_t max_file_size = 1 << 20;

static std::optional<std::string>
read_text (const std::string &path, int *error_number)
{
  const std::unique_ptr<FILE, int (*) (FILE *)> file (fopen (path.c_str (), "rce"), fclose);
  if (!file) {
    *error_number = errno;
    return {};
  }
  std::string text (max_file_size + 1, '\0');
  errno = 0;
  text.resize (fread (text.data (), 1, text.size (), file.get ()));
  *error_number = ferror (file.get ()) ? (errno ? errno : EIO) : 0;
  return *error_number ? std::nullopt : std::optional (std::move (text));
}

static void
add_error (std::vector<Finding> &findings, const std::string &path, unsigned line, std::string text)
{
  findings.push_back ({ true, path, line, std::move (text) });
}

/* Goes through the lines by the rules of GKeyFile, which says neither where nor how often it
 * stumbled. What a line holds is not repeated in a finding: it may be a password that lost its
 * key. */
class LineScan
{
public:
  LineScan (const std::string &path, ConfigFile &file, std::vector<Finding> &findings)
      : path_ (path), file_ (file), findings_ (findings)
  {}

  void
  run (std::string_view text)
  {
    while (!text.empty ()) {
      const size_t end = std::min (text.find ('\n'), text.size ());
      line_++;
      one_line (text.substr (0, end));
      text.remove_prefix (std::min (end + 1, text.size ()));
    }
  }

private:
  void
  one_line (std::string_view raw)
  {
    const std::string_view line = strip (raw);
    if (line.empty () || line.front () == '#')
      return;
    if (!is_valid_utf8 (line) || line.find ('\0') != std::string_view::npos)
      return problem (_ ("this line is not text in UTF-8"));
    if (line.front () == '[')
      return group_line (line);
    key_line (line);
  }

  void
  group_line (std::string_view line)
  {
    const std::string_view name = line.substr (1, line.size () - 2);
    if (line.size () < 3 || line.back () != ']' || name.find_first_of ("[]") != std::string::npos) {
      in_group_ = false;
      unreadable_group_ = true;
      return problem (_ ("a group is written as [name]"));
    }
    group_ = name;
    in_group_ = true;
    file_.groups.emplace_back (group_, line_);
  }

  void
  key_line (std::string_view line)
  {
    const size_t equals = line.find ('=');
    const std::string_view key = strip (line.substr (0, equals));
    if (equals == std::string_view::npos || key.empty ())
      return problem (_ ("this line is neither a group, nor key=value, nor a comment with #"));
    if (!in_group_) {
      if (!unreadable_group_)
        problem (_ ("a key needs a group such as [redis] above it"));
      return;
    }
    const auto same = std::find_if (file_.entries.begin (), file_.entries.end (),
                                    [&] (auto &e) { return e.group == group_ && e.key == key; });
    if (same != file_.entries.end ()) {
      findings_.push_back ({ false, path_, line_,
                             take_string (g_strdup_printf (
                                 _ ("\"%s\" is given again; the one on line %u does not count"),
                                 same->key.c_str (), same->line)) });
      same->line = line_;
    } else {
      file_.entries.push_back ({ group_, std::string (key), {}, line_ });
    }
  }

  void
  problem (const char *text)
  {
    add_error (findings_, path_, line_, text);
  }

  const std::string &path_;
  ConfigFile &file_;
  std::vector<Finding> &findings_;
  std::string group_;
  bool in_group_ = false;
  bool unreadable_group_ = false;
  unsigned line_ = 0;
};

/* Values are taken as they are written: no escapes, so that a gst-launch description needs none. */
static void
fill_values (const std::string &text, const std::string &path, ConfigFile &file,
             std::vector<Finding> &findings)
{
  g_autoptr (GKeyFile) keys = g_key_file_new ();
  if (!g_key_file_load_from_data (keys, text.c_str (), text.size (), G_KEY_FILE_KEEP_TRANSLATIONS,
                                  nullptr))
    return add_error (findings, path, 0, _ ("the file is not a key file as GLib reads them"));
  for (auto &entry : file.entries) {
    g_autofree char *value
        = g_key_file_get_value (keys, entry.group.c_str (), entry.key.c_str (), nullptr);
    if (!value)
      add_error (findings, path, entry.line, _ ("the key is not a name that GLib accepts"));
    else
      entry.value = strip (value);
  }
}

ConfigFile
parse_config_text (const std::string &text, const std::string &path, std::vector<Finding> &findings)
{
  const auto count_errors = [&] {
    return std::count_if (findings.begin (), findings.end (), [] (auto &f) { return f.error; });
  };
  const auto before = count_errors ();
  ConfigFile file;
  if (text.size () > max_file_size)
    add_error (findings, path, 0, _ ("the file is larger than 1 MiB; that is no configuration"));
  else
    LineScan (path, file, findings).run (text);
  if (count_errors () == before && !file.groups.empty ())
    fill_values (text, path, file, findings);
  return count_errors () == before ? file : ConfigFile{};
}

ConfigFile
read_config_file (const std::string &path, bool must_exist, std::vector<Finding> &findings)
{
  int error_number = 0;
  const auto text = read_text (path, &error_number);
  if (text)
    return parse_config_text (*text, path, findings);
  if (error_number != ENOENT || must_exist)
    add_error (
        findings, path, 0,
        take_string (g_strdup_printf (_ ("cannot read the file: %s"), g_strerror (error_number))));
  return {};
}

std::vector<std::string>
list_config_files (const std::string &directory, std::vector<Finding> &findings)
{
  std::vector<std::string> files;
  g_autoptr (GError) error = nullptr;
  GDir *dir = g_dir_open (directory.c_str (), 0, &error);
  if (!dir) {
    if (!g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
      add_error (findings, directory, 0, error->message);
    return files;
  }
  while (const char *name = g_dir_read_name (dir))
    if (g_str_has_suffix (name, ".conf") && *name != '.')
      files.push_back (directory + "/" + name);
  g_dir_close (dir);
  std::sort (files.begin (), files.end ());
  return files;
}

} // namespace camwarden
