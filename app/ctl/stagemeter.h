// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "ctl/tunemodel.h"

#include <string>
#include <vector>

namespace camwarden
{

/* Measures what the stages of a camera's pipeline cost on this machine: it runs gst-launch-1.0 with
 * ever longer pipelines and takes the difference of the processor time that they used. */
class StageMeter
{
public:
  /* folder: of its own; socket: a redis-server's that may be filled. */
  StageMeter (std::string folder, std::string socket);

  /* A source that gives pictures of that size; empty: a test picture. */
  std::string source;

  /* Takes about `seconds`. False: error() says why. */
  [[nodiscard]] bool measure (const PictureSize &size, unsigned quality, double seconds,
                              TuneSample &sample);

  [[nodiscard]] const std::string &
  error () const
  {
    return error_;
  }

private:
  struct Run
  {
    double cpu = 0, wall = 0; /* s */
  };

  [[nodiscard]] std::vector<std::string> pipeline (const PictureSize &size, unsigned frames,
                                                   const std::vector<std::string> &stages) const;
  [[nodiscard]] bool launch (const std::vector<std::string> &words, Run &run);
  /* Seconds of processor for a frame of that pipeline. */
  [[nodiscard]] bool cost (const PictureSize &size, unsigned frames,
                           const std::vector<std::string> &stages, double &seconds);
  [[nodiscard]] double stored_bytes () const;

  const std::string folder_, socket_, program_;
  std::string error_;
};

} // namespace camwarden
