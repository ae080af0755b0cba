// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/doctor.h"

#include "config/i18n.h"
#include "ctl/jsonwriter.h"
#include "ctl/textformat.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <unistd.h>

namespace camwarden
{

const char *
severity_name (Severity severity)
{
  static constexpr std::array<const char *, 3> names{ "hint", "warning", "error" };
  return names[static_cast<size_t> (severity)];
}

std::string
Machine::path (const std::string &path) const
{
  return real () ? path : root_ + path;
}

bool
Machine::exists (const std::string &name) const
{
  return access (path (name).c_str (), F_OK) == 0;
}

std::optional<std::string>
Machine::text (const std::string &name) const
{
  constexpr size_t most = 1 << 20;
  const std::unique_ptr<FILE, int (*) (FILE *)> file (fopen (path (name).c_str (), "re"), fclose);
  if (!file)
    return std::nullopt;
  std::string text (most, '\0');
  text.resize (fread (text.data (), 1, most, file.get ()));
  return ferror (file.get ()) ? std::nullopt : std::optional (text);
}

std::vector<std::string>
Machine::names (const std::string &name) const
{
  std::vector<std::string> names;
  g_autoptr (GDir) directory = g_dir_open (path (name).c_str (), 0, nullptr);
  while (const char *entry = directory ? g_dir_read_name (directory) : nullptr)
    names.emplace_back (entry);
  std::sort (names.begin (), names.end ());
  return names;
}

std::string
Machine::program (const std::string &name) const
{
  const std::string usual = path ("/usr/bin/" + name);
  if (!real ())
    return access (usual.c_str (), X_OK) == 0 ? usual : "";
  return take_string (g_find_program_in_path (name.c_str ()));
}

void
Inspection::check (bool bad, Severity severity, const char *code, const std::string &what,
                   const std::string &why, const std::string &fix)
{
  checks++;
  if (bad)
    findings.push_back ({ severity, code, what, why, fix });
}

double
estimated_frame_bytes (const CameraConfig &camera)
{
  const bool known = camera.width > 0 && camera.height > 0;
  return known ? static_cast<double> (camera.width) * camera.height / 4 : 1280.0 * 720 / 4;
}

double
estimated_rate (const CameraConfig &camera)
{
  return camera.framerate.numerator > 0 ? camera.framerate.value () : 30;
}

double
estimated_store_rate (const CameraConfig &camera)
{
  if (!camera.store)
    return 0;
  const double rate = estimated_rate (camera);
  const double stored = camera.store_interval > 0
                            ? std::min (rate, static_cast<double> (G_USEC_PER_SEC)
                                                  / static_cast<double> (camera.store_interval))
                            : rate;
  return stored * estimated_frame_bytes (camera);
}

static Tone
tone_of (Severity severity)
{
  if (severity == Severity::Error)
    return Tone::Bad;
  return severity == Severity::Warning ? Tone::Warning : Tone::Plain;
}

static unsigned long
count (const Inspection &inspection, Severity severity)
{
  return static_cast<unsigned long> (std::count_if (
      inspection.findings.begin (), inspection.findings.end (),
      [severity] (const DoctorFinding &finding) { return finding.severity == severity; }));
}

static std::string
summary (const Inspection &all)
{
  const unsigned long errors = count (all, Severity::Error);
  const unsigned long warnings = count (all, Severity::Warning),
                      hints = count (all, Severity::Hint);
  const unsigned long checks = all.checks;
  if (all.findings.empty ())
    return text_of (ngettext ("%lu check, and nothing to complain about.",
                              "%lu checks, and nothing to complain about.", checks),
                    checks);
  return text_of (ngettext ("%lu check: ", "%lu checks: ", checks), checks)
         + text_of (ngettext ("%lu error, ", "%lu errors, ", errors), errors)
         + text_of (ngettext ("%lu warning, ", "%lu warnings, ", warnings), warnings)
         + text_of (ngettext ("%lu hint.", "%lu hints.", hints), hints);
}

static std::vector<DoctorFinding>
sorted (const Inspection &inspection)
{
  std::vector<DoctorFinding> findings = inspection.findings;
  std::stable_sort (
      findings.begin (), findings.end (),
      [] (const DoctorFinding &a, const DoctorFinding &b) { return a.severity > b.severity; });
  return findings;
}

std::string
format_findings (const Inspection &inspection, const Terminal &terminal)
{
  constexpr unsigned indent = 2;
  std::string text;
  for (const DoctorFinding &finding : sorted (inspection)) {
    const Tone tone = tone_of (finding.severity);
    const auto block = [&] (const std::string &words, unsigned more) {
      const unsigned columns = terminal.columns - indent;
      return std::string (indent, ' ') + wrap (words, columns, more, std::string (indent, ' '))
             + "\n";
    };
    text += terminal.paint (tone, terminal.mark (tone)) + " "
            + wrap (finding.what, terminal.columns - indent, 0, std::string (indent, ' ')) + "\n";
    if (!finding.why.empty ())
      text += terminal.paint (Tone::Faint, block (finding.why, 0));
    text += block ("-> " + finding.fix, 3);
  }
  return text + (text.empty () ? "" : "\n") + wrap (summary (inspection), terminal.columns, 0)
         + "\n";
}

std::string
findings_json (const Inspection &inspection)
{
  JsonWriter json;
  json.name ("checks").integer (inspection.checks);
  for (const Severity severity : std::array{ Severity::Error, Severity::Warning, Severity::Hint })
    json.name ((std::string (severity_name (severity)) + "s").c_str ())
        .integer (count (inspection, severity));
  json.name ("findings").begin_array ();
  for (const DoctorFinding &finding : sorted (inspection)) {
    json.begin_object ();
    json.name ("code").text (finding.code);
    json.name ("severity").text (severity_name (finding.severity));
    json.name ("what").text (finding.what);
    json.name ("why").text (finding.why);
    json.name ("fix").text (finding.fix);
    json.end_object ();
  }
  json.end_array ();
  return json.finish ();
}

} // namespace camwarden
