// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "daemon/httpapi/model.h"

#include <initializer_list>
#include <string>
#include <utility>

namespace camwarden
{

/* Builds a page in Prometheus' text format, 0.0.4. */
class PrometheusText
{
public:
  using Labels = std::initializer_list<std::pair<const char *, std::string>>;

  /* A family: its samples follow. type: counter, gauge, histogram. */
  void family (const char *name, const char *type, const char *help);
  /* Of the family; suffix: "_bucket", ... A value that is not a number is left out. */
  void sample (Labels labels, double value, const char *suffix = "");

  [[nodiscard]] const std::string &
  text () const
  {
    return text_;
  }

private:
  const char *name_ = "";
  std::string text_;
};

/* How much of the time a camera delivered frames, 0 to 1, from the history. */
struct Availability
{
  std::string camera;
  const char *window; /* 1h, 24h */
  double share;
};

/* GET /metrics */
[[nodiscard]] std::string metrics_text (const ApiModel &model,
                                        const std::vector<Availability> &availability);

/* The mean of each camera's `up` in an answer of the history. */
[[nodiscard]] std::vector<Availability> availability_of (const HistoryAnswer &history,
                                                         const char *window);

} // namespace camwarden
