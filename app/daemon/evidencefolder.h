// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "daemon/evidence.h"

#include <string>
#include <string_view>

namespace camwarden
{

/* What EvidenceStore does in its thread. */

/* YYYYMMDDTHHMMSSZ-CODE; what does not belong into a name becomes '-'. */
[[nodiscard]] std::string evidence_name (int64_t wall, std::string_view code);
/* A name of ours, of a folder that may be deleted. */
[[nodiscard]] bool is_evidence_name (std::string_view name);

struct EvidenceResult
{
  std::string path;    /* "": not written */
  std::string problem; /* why, and what to do */
};

/* Makes room, then the folder. */
[[nodiscard]] EvidenceResult write_evidence (const EvidenceSettings &settings,
                                             const std::string &camera, const EvidenceItems &items);

struct EvidenceThinned
{
  unsigned folders = 0;
  uint64_t bytes = 0;
};

/* Deletes all but the newest so many folders of each camera. */
[[nodiscard]] EvidenceThinned thin_evidence (const std::string &directory, size_t keep);

} // namespace camwarden
