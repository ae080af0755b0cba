// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/healthreport.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace camwarden
{

/* What redis-server tells of itself in INFO. What it does not tell is 0. */
struct RedisFigures
{
  uint64_t used_memory = 0; /* bytes, readers' buffers included */
  uint64_t max_memory = 0;  /* bytes; 0: no limit */
  uint64_t evicted_keys = 0;
  uint64_t buffer_disconnections = 0; /* readers cut for being slow; from 7.2 on */
  uint64_t largest_output_buffer = 0; /* bytes, of a recent client */
  uint64_t clients = 0;
};

[[nodiscard]] RedisFigures parse_redis_info (std::string_view info);

/* Memory, evictions and output buffers of redis-server, as issues. Times: monotonic us. */
class RedisWatch
{
public:
  static constexpr double memory_share = 0.9;         /* of maxmemory */
  static constexpr int64_t told_for = 600'000'000;    /* what happened stays told so long */
  static constexpr uint64_t large_buffer = 16u << 20; /* bytes */

  void update (int64_t now, const RedisFigures &figures);
  /* Another server, or none: nothing is known of it. */
  void forget ();
  [[nodiscard]] std::vector<HealthIssue> issues (int64_t now) const;

private:
  std::optional<RedisFigures> last_;
  int64_t evicted_at_ = -1, cut_at_ = -1; /* -1: never */
  uint64_t evicted_ = 0, cut_ = 0;        /* within that spell */
};

} // namespace camwarden
