// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "config/config.h"
#include "ctl/doctorredis.h"
#include "ctl/systemdunit.h"
#include "ctl/terminal.h"

#include <optional>
#include <string>
#include <vector>

namespace camwarden
{

enum class Severity { Hint, Warning, Error };
[[nodiscard]] const char *severity_name (Severity severity);

/* One thing that is wrong. The code is for programs, the rest for people, translated. */
struct DoctorFinding
{
  Severity severity = Severity::Warning;
  std::string code;
  std::string what, why, fix;
};

/* The machine below a root, which is "/" but in tests. */
class Machine
{
public:
  explicit Machine (std::string root) : root_ (std::move (root)) {}

  [[nodiscard]] bool
  real () const
  {
    return root_ == "/";
  }
  [[nodiscard]] std::string path (const std::string &path) const;
  [[nodiscard]] bool exists (const std::string &path) const;
  /* At most 1 MiB of it; nothing: it cannot be read. */
  [[nodiscard]] std::optional<std::string> text (const std::string &path) const;
  /* Names in a directory, in order. */
  [[nodiscard]] std::vector<std::string> names (const std::string &path) const;
  /* Is there such a program in /usr/bin, or, on the real machine, in PATH? Empty: no. */
  [[nodiscard]] std::string program (const std::string &name) const;

private:
  const std::string root_;
};

/* What the checks know, and what they have found. */
struct Inspection
{
  Machine machine;
  Config config;
  SystemdUnit unit; /* camwarden.service with its drop-ins; empty: not installed */
  RedisFacts redis; /* as it answered */
  bool daemon_runs = false;
  std::vector<DoctorFinding> findings;
  unsigned checks = 0; /* that were made */

  /* Counts a check; a finding when it is `bad`. */
  void check (bool bad, Severity severity, const char *code, const std::string &what,
              const std::string &why, const std::string &fix);
  void
  error (bool bad, const char *code, const std::string &what, const std::string &why,
         const std::string &fix)
  {
    check (bad, Severity::Error, code, what, why, fix);
  }
  void
  warning (bool bad, const char *code, const std::string &what, const std::string &why,
           const std::string &fix)
  {
    check (bad, Severity::Warning, code, what, why, fix);
  }
  void
  hint (bool bad, const char *code, const std::string &what, const std::string &why,
        const std::string &fix)
  {
    check (bad, Severity::Hint, code, what, why, fix);
  }
};

/* Bytes a second that a camera sends, or stores, on the safe side: 2 bits a pixel. A size or rate
 * that is left to the source counts as 1280x720 at 30 a second. */
[[nodiscard]] double estimated_frame_bytes (const CameraConfig &camera);
[[nodiscard]] double estimated_rate (const CameraConfig &camera);
[[nodiscard]] double estimated_store_rate (const CameraConfig &camera);

/* The user that the service runs as. */
[[nodiscard]] std::string service_user (const Inspection &inspection);

void check_configuration (Inspection &inspection, const std::vector<Finding> &findings,
                          const std::string &config_file);
void check_access (Inspection &inspection); /* tokens, passwords, ports */
void check_cameras (Inspection &inspection);
void check_programs (Inspection &inspection); /* elements, worker, redis-server */
void check_redis (Inspection &inspection);
void check_disks (Inspection &inspection);
void check_machine (Inspection &inspection); /* clock, power, heat, kernel words, watchdog */
void check_unit (Inspection &inspection);

/* The worst first. */
[[nodiscard]] std::string format_findings (const Inspection &inspection, const Terminal &terminal);
[[nodiscard]] std::string findings_json (const Inspection &inspection);

} // namespace camwarden
