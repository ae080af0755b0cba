// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the configuration would be like, without touching it. */
#include "config/configfile.h"
#include "ctl/configcommands.h"
#include "ctl/filechange.h"
#include "gobject/ref.h"

#include <filesystem>

namespace camwarden
{

namespace fs = std::filesystem;

std::string
settable_file (const ConfigSources &sources)
{
  if (!sources.paths.single_file.empty ())
    return sources.paths.single_file;
  return sources.paths.local_overrides + "/90-camwardenctl.conf";
}

/* A folder that goes with its owner. */
class TrialFolder
{
public:
  TrialFolder () : path_ (take_string (g_dir_make_tmp ("camwardenctl-XXXXXX", nullptr))) {}
  TrialFolder (const TrialFolder &) = delete;
  ~TrialFolder ()
  {
    std::error_code error;
    if (!path_.empty ())
      fs::remove_all (path_, error);
  }

  [[nodiscard]] const std::string &
  path () const
  {
    return path_;
  }

private:
  std::string path_;
};

/* The other files of conf.d are read through links. */
static void
link_others (const std::string &directory, const std::string &file, const std::string &trial)
{
  std::vector<Finding> ignored;
  for (const auto &other : list_config_files (directory, ignored)) {
    std::error_code error;
    if (other != file)
      fs::create_symlink (other, trial + "/" + fs::path (other).filename ().string (), error);
  }
}

std::optional<Config>
load_with (const ConfigSources &sources, const std::string &file, const std::string &text,
           std::vector<Finding> &findings)
{
  const TrialFolder folder;
  const std::string trial = folder.path () + "/" + fs::path (file).filename ().string ();
  if (const std::string problem = replace_file (trial, text, 0600); !problem.empty ()) {
    findings = { { true, file, 0, problem } };
    return {};
  }
  ConfigSources changed = sources;
  if (file == sources.paths.single_file) {
    changed.paths.single_file = trial;
  } else if (file == sources.paths.main_file) {
    changed.paths.main_file = trial;
  } else {
    link_others (sources.paths.local_overrides, file, folder.path ());
    changed.paths.local_overrides = folder.path ();
  }
  auto config = Config::load (changed, findings);
  const std::string real_folder = fs::path (file).parent_path ().string ();
  for (auto &finding : findings)
    if (finding.file.starts_with (folder.path () + "/"))
      finding.file = real_folder + finding.file.substr (folder.path ().size ());
  return config;
}

void
complain_about (const std::vector<Finding> &findings)
{
  for (const auto &finding : findings)
    complain (finding.message ());
}

} // namespace camwarden
