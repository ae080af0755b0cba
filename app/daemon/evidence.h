// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <glib.h>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace camwarden
{

/* What a fault leaves behind for people. */
struct EvidenceItems
{
  using Data = std::shared_ptr<GBytes>; /* shared with whoever made it, and read in a thread */

  std::string code;                                /* the fault's: part of the folder's name */
  int64_t wall = 0;                                /* us UTC: the rest of the name */
  std::string fault_json;                          /* fault.json */
  std::vector<std::pair<std::string, Data>> files; /* "pipeline.dot", "last-good.jpg", ... */
};

/* Takes over the reference; NULL stays NULL. */
[[nodiscard]] EvidenceItems::Data evidence_data (GBytes *bytes);
[[nodiscard]] EvidenceItems::Data evidence_data (std::string_view text);

struct EvidenceSettings
{
  std::string directory;             /* made when missing, its parent must be there */
  unsigned keep = 20;                /* folders of a camera */
  uint64_t max_bytes = 20 << 20;     /* of all cameras */
  int64_t min_interval = 10'000'000; /* between two of one camera, us */
};

/* Keeps the evidence of faults as DIRECTORY/CAMERA/YYYYMMDDTHHMMSSZ-CODE/ (0750, files 0640), the
 * newest of them: the oldest make room. A folder is there with all its files or not at all. Follows
 * no links and deletes nothing but folders of such names. Works in a thread, on one folder at a
 * time. Main thread only. */
class EvidenceStore
{
public:
  /* path: the folder; "" when it could not be made. */
  using Done = std::function<void (const std::string &path)>;

  explicit EvidenceStore (EvidenceSettings settings);
  ~EvidenceStore ();
  EvidenceStore (const EvidenceStore &) = delete;
  EvidenceStore &operator= (const EvidenceStore &) = delete;

  /* done: in the main loop, unless the store has gone by then. Within min_interval of the last
   * write for the camera nothing is written, and that one's path is given. */
  void write (const std::string &camera, EvidenceItems items, Done done);

private:
  class Queue;
  std::shared_ptr<Queue> queue_; /* also held by the job under way */
};

} // namespace camwarden
