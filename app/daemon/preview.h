// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "common/locked.h"
#include "daemon/maincall.h"
#include "gobject/ref.h"
#include "redis/redislink.h"

#include <cstdint>
#include <functional>
#include <gio/gio.h>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace camwarden
{

/* The live picture of one camera, for those who look through the API. Frames come from Redis, so
 * that a viewer sees what consumers get; while Redis cannot bring them, the worker is asked for
 * snapshots, twice a second, and local() says so. Nothing at all happens while nobody looks.
 * Main thread. */
class Preview
{
public:
  using FrameArrived = std::function<void (GBytes *jpeg)>;
  using ImageDone = std::function<void (GBytes *jpeg, const GError *error)>;

  /* How frames can be had. */
  struct Ways
  {
    std::optional<RedisSettings> redis; /* `where` names the channel; none: not by pub/sub */
    std::function<void (ImageDone)> snapshot;
    std::function<void (bool)> watched; /* somebody looks: keep encoding */
  };

  explicit Preview (Ways ways);
  ~Preview ();
  Preview (const Preview &) = delete;
  Preview &operator= (const Preview &) = delete;

  void watch (uint64_t token, FrameArrived arrived);
  /* False: not one of ours. May be called from within `arrived`. */
  bool unwatch (uint64_t token);

  /* The camera was configured anew; the watchers stay. */
  void set_ways (Ways ways);

  /* No pictures until it is told to go on; the watchers stay. */
  void suspend (bool on);
  [[nodiscard]] bool
  watched () const
  {
    return !watchers_.empty ();
  }

  /* The pictures are the worker's own snapshots, not what Redis delivers. */
  [[nodiscard]] bool
  local () const
  {
    return local_;
  }

private:
  /* Between the link's thread and the main loop: only the newest frame waits. */
  struct Mailbox
  {
    Locked<GBytes *> newest;
    ~Mailbox ();
    bool put (std::string_view jpeg); /* false: the one before was not yet fetched */
    GBytes *take ();
  };

  void open ();
  void close ();
  void link_state (LinkState state);
  void fetch ();
  void deliver (GBytes *jpeg);
  void tick ();
  void ask_worker ();

  Ways ways_;
  std::map<uint64_t, FrameArrived> watchers_;
  GBytes *latest_ = nullptr;
  int64_t latest_at_ = 0;
  bool local_ = false;
  bool suspended_ = false;
  bool ready_ = false;
  bool asking_ = false;
  int64_t unready_since_ = 0;
  SourceId tick_;
  std::shared_ptr<Mailbox> mailbox_ = std::make_shared<Mailbox> ();
  MainCall main_;
  std::unique_ptr<RedisLink> link_; /* last: its thread ends first */
};

} // namespace camwarden
