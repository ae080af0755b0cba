// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace camwarden
{

/* Requests that wait for a frame. Times are monotonic, us. */
class RequestBox
{
public:
  static constexpr size_t CAPACITY = 64;

  /* Above the capacity the oldest is dropped and counted. */
  void
  add (std::string request, int64_t arrived)
  {
    received_++;
    if (waiting_.size () == CAPACITY) {
      waiting_.pop_front ();
      dropped_++;
    }
    waiting_.push_back ({ std::move (request), arrived });
  }

  void
  reject ()
  {
    invalid_++;
  }

  /* The requests that a frame captured at `captured` answers: those that came before it. */
  std::vector<std::string>
  take (int64_t captured)
  {
    std::vector<std::string> ready;
    while (!waiting_.empty () && waiting_.front ().arrived <= captured) {
      ready.push_back (std::move (waiting_.front ().text));
      waiting_.pop_front ();
    }
    return ready;
  }

  void
  clear ()
  {
    waiting_.clear ();
  }

  [[nodiscard]] bool
  empty () const
  {
    return waiting_.empty ();
  }
  [[nodiscard]] uint64_t
  received () const
  {
    return received_;
  }
  [[nodiscard]] uint64_t
  invalid () const
  {
    return invalid_;
  }
  [[nodiscard]] uint64_t
  dropped () const
  {
    return dropped_;
  }

private:
  struct Waiting
  {
    std::string text;
    int64_t arrived;
  };
  std::deque<Waiting> waiting_;
  uint64_t received_ = 0;
  uint64_t invalid_ = 0;
  uint64_t dropped_ = 0;
};

} // namespace camwarden
