// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "common/locked.h"
#include "core/gate.h"

#include <atomic>
#include <functional>
#include <gst/gst.h>
#include <memory>
#include <vector>

namespace camwarden
{

/* One captured picture. */
struct Picture
{
  std::shared_ptr<GBytes> jpeg; /* shared by all who asked for this frame; NULL: it is no JPEG */
  int width = 0;
  int height = 0;
};

/* The gate between the source and the encoder, and the tap behind the encoder.
 *
 * A frame that nobody wants is dropped by a probe, not by a valve: the decision is made for exactly
 * this frame, no property has to be switched from another thread, and events (EOS above all) pass
 * by themselves, which a closed valve has to be talked into. */
class FrameGate
{
public:
  using Captured = std::function<void (const Picture &)>;

  explicit FrameGate (GateSettings settings);
  FrameGate (const FrameGate &) = delete;
  FrameGate &operator= (const FrameGate &) = delete;

  /* Any thread. */
  void configure (GateSettings settings);
  /* us between frames, 0: no limit. The source's, and one that was ordered: the stricter holds. */
  void limit_source_rate (int64_t min_interval);
  void limit_rate (int64_t min_interval);
  /* What the machine cannot afford at the moment: see GateSettings; hold_store: nothing is wanted
   * for the store. */
  void hold_back (unsigned keep_every, int64_t least_interval, bool hold_store);
  void set_redis (bool wanted);
  void set_preview (bool wanted);
  /* The first frame that reaches the gate from now on; called on the streaming thread. */
  void capture (Captured done);

  [[nodiscard]] uint64_t frames () const;    /* out of the source */
  [[nodiscard]] uint64_t passed () const;    /* to the encoder */
  [[nodiscard]] uint64_t held_back () const; /* wanted, but not by the machine */
  [[nodiscard]] int64_t last_frame () const; /* monotonic us; 0: none yet */
  [[nodiscard]] bool wanted () const;

  /* Streaming thread. */
  [[nodiscard]] bool arrive (GstBuffer *buffer);
  void encoded (GstBuffer *buffer, GstPad *pad);

private:
  struct Waiting
  {
    bool armed = false; /* the gate has let its frame pass, with this stamp */
    GstClockTime pts = GST_CLOCK_TIME_NONE;
    Captured done;
  };

  struct Settings
  {
    GateSettings gate;
    int64_t source_limit = 0;
    int64_t ordered_limit = 0;
    unsigned keep_every = 1;
    int64_t least_interval = 0;
    bool hold_store = false;

    [[nodiscard]] GateSettings effective () const;
  };

  void arm (GstBuffer *buffer);
  std::vector<Captured> take_armed (GstBuffer *buffer);

  Locked<Settings> settings_;
  std::atomic<bool> changed_ = false;
  std::atomic<bool> redis_ = false;
  std::atomic<bool> preview_ = false;
  std::atomic<unsigned> waiting_count_ = 0;
  Locked<std::vector<Waiting>> waiting_;
  std::atomic<uint64_t> frames_ = 0;
  std::atomic<uint64_t> passed_ = 0;
  std::atomic<uint64_t> held_back_ = 0;
  std::atomic<int64_t> last_frame_ = 0;

  Gate gate_; /* streaming thread only */
};

} // namespace camwarden
