// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "framestore/storeprune.h"

#include <cstdint>
#include <string>
#include <vector>

namespace camwarden
{

/* What may be deleted when a disk is full: only what we made ourselves. */
struct CleanOrder
{
  std::string log_file;                 /* its rotated ones go; empty: there is none */
  unsigned log_keep = 0;                /* of them, by the configuration */
  std::string evidence;                 /* the directory of faults' folders */
  unsigned evidence_keep = 5;           /* newest of each camera that stay */
  std::vector<std::string> directories; /* where files ".NAME.part" of a dead run may lie */
  int64_t part_age = 3'600'000'000;     /* us: younger ones may be in use */
};

struct Cleaned
{
  unsigned files = 0;
  uint64_t bytes = 0;
};

/* Rotated logs, old evidence, half-written files. For a thread. wall: us UTC. */
[[nodiscard]] Cleaned clean_own_files (const CleanOrder &order, int64_t wall);

} // namespace camwarden
