// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/supportbundle.h"

#include "buildconfig.h"
#include "config/configfile.h"
#include "ctl/archivewriter.h"
#include "ctl/logsource.h"
#include "ctl/logview.h"
#include "ctl/redact.h"
#include "ctl/textformat.h"
#include "gobject/ref.h"

#include <sys/utsname.h>

namespace camwarden
{

namespace
{

constexpr int64_t log_age = 7 * 86400 * static_cast<int64_t> (G_USEC_PER_SEC);
constexpr size_t log_lines = 2000;

std::string
about ()
{
  utsname name{};
  uname (&name);
  return text_of ("camwarden %s\nmade %s\nkernel %s %s %s\n", CAMWARDEN_VERSION,
                  iso_time (g_get_real_time ()).c_str (), name.sysname, name.release, name.machine);
}

void
add_config (BundleTexts &texts, const std::string &config_file)
{
  const ConfigPaths paths
      = ConfigSources::from_environment (config_file.empty () ? nullptr : config_file.c_str ())
            .paths;
  std::vector<std::string> files;
  std::vector<Finding> findings;
  const auto add_folder = [&] (const std::string &folder) {
    for (const std::string &file : list_config_files (folder, findings))
      files.push_back (file);
  };
  if (!paths.single_file.empty ()) {
    files.push_back (paths.single_file);
  } else {
    add_folder (paths.vendor_directory);
    files.push_back (paths.main_file);
    add_folder (paths.runtime_overrides);
    add_folder (paths.local_overrides);
  }
  size_t number = 0;
  for (const std::string &file : files) {
    const std::string base = take_string (g_path_get_basename (file.c_str ()));
    if (const auto text = Machine ("/").text (file))
      texts.emplace_back (text_of ("config/%02zu-%s", ++number, base.c_str ()),
                          "# " + file + "\n" + *text);
  }
}

void
add_log (BundleTexts &texts, const Config &config)
{
  LogDigest digest ({ .since = g_get_real_time () - log_age,
                      .camera = {},
                      .least = LogLevel::Debug,
                      .recent = log_lines },
                    local_hour);
  const auto add = [&digest] (const LogEntry &entry) { digest.add (entry); };
  const JournalWish journal{ .directory = {}, .since = digest.wish ().since };
  std::string problem;
  if (journal_has_entries (journal))
    problem = read_journal (journal, add);
  else
    for (const std::string &file : rotated_files (config.log ().file))
      problem += read_log_file (file, add);
  std::string lines = problem;
  const Terminal plain;
  for (const RecentLine &line : digest.recent ())
    lines += format_entry (line, plain);
  texts.emplace_back ("log.txt", lines);
  texts.emplace_back ("log.json", digest_json (digest, "", 200));
}

} // namespace

BundleTexts
bundle_texts (const Inspection &inspection, const std::string &config_file)
{
  BundleTexts texts;
  texts.emplace_back ("about.txt", about ());
  texts.emplace_back ("doctor.txt", format_findings (inspection, Terminal{}));
  texts.emplace_back ("doctor.json", findings_json (inspection));
  add_config (texts, config_file);
  add_log (texts, inspection.config);
  for (const char *file :
       { "/etc/os-release", "/proc/cmdline", "/proc/cpuinfo", "/proc/meminfo", "/proc/loadavg",
         "/proc/uptime", "/proc/self/mountinfo", "/proc/pressure/memory", "/proc/pressure/io",
         "/proc/net/dev", "/sys/devices/platform/soc/soc:firmware/get_throttled",
         "/etc/systemd/system/camwarden.service" })
    if (const auto text = inspection.machine.text (file))
      texts.emplace_back (std::string ("machine") + file, *text);
  for (const char *folder : { "/etc/systemd/system/camwarden.service.d", "/dev/v4l/by-path" })
    for (const std::string &name : inspection.machine.names (folder)) {
      const std::string path = std::string (folder) + "/" + name;
      const bool text = name.ends_with (".conf");
      texts.emplace_back ("machine" + path,
                          text ? inspection.machine.text (path).value_or ("") : name + "\n");
    }
  if (!inspection.redis.info.empty ())
    texts.emplace_back ("redis-info.txt", inspection.redis.info);
  return texts;
}

std::string
write_bundle (const std::string &path, const BundleTexts &texts)
{
  ArchiveWriter writer (false);
  bool good = writer.open (path);
  for (const auto &[name, text] : texts)
    good = good && writer.add_text ("camwarden-support/" + name, redact (text));
  if (good && writer.finish ())
    return {};
  return writer.error ();
}

} // namespace camwarden
