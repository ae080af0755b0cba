// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "camera/errorlog.h"
#include "core/faultrules.h"

#include <gst/gst.h>
#include <optional>

namespace camwarden
{

/* Turns a pipeline's error and warning messages into faults, one for each: two or three messages
 * may tell of the same. Main thread. */
class FaultClassifier
{
public:
  explicit FaultClassifier (const ErrorLog &log);

  /* The source starts (again): what it says from here on is news. */
  void run_began ();

  /* part: of the element that posted it; streaming: frames came in this run of the source. No
   * value: an echo of the fault before it. */
  [[nodiscard]] std::optional<Fault> judge (GstMessage *error, const std::string &part,
                                            bool streaming);
  /* No value: worth a line in the log, but no fault. */
  [[nodiscard]] std::optional<Fault> judge_warning (GstMessage *warning, const std::string &part);

  /* What a message says, for people. */
  [[nodiscard]] static std::string text_of (GstMessage *message);

private:
  [[nodiscard]] bool echoes (const GError *error, const std::string &part, int64_t now) const;

  const ErrorLog &log_;
  bool source_failed_ = false; /* in this run */
  int64_t latest_ = 0;         /* fault in this run, monotonic us; 0: none */
  std::string latest_part_;    /* what failed then */
};

} // namespace camwarden
