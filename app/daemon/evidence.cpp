// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/evidence.h"

#include "daemon/background.h"
#include "daemon/evidencefolder.h"

#include <deque>
#include <map>

namespace camwarden
{

EvidenceItems::Data
evidence_data (GBytes *bytes)
{
  if (!bytes)
    return {};
  return { bytes, g_bytes_unref };
}

EvidenceItems::Data
evidence_data (std::string_view text)
{
  return evidence_data (g_bytes_new (text.data (), text.size ()));
}

class EvidenceStore::Queue : public std::enable_shared_from_this<EvidenceStore::Queue>
{
public:
  explicit Queue (EvidenceSettings settings) : settings_ (std::move (settings)) {}

  /* Too early after the last one, the items go at once: only their place in the order stays. */
  void
  add (const std::string &camera, EvidenceItems items, Done done)
  {
    const int64_t now = g_get_monotonic_time ();
    Camera &known = cameras_[camera];
    const bool repeats = known.asked > 0 && now - known.asked < settings_.min_interval;
    if (repeats)
      items = {};
    else
      known.asked = now;
    jobs_.push_back ({ camera, std::move (items), std::move (done), repeats });
    next ();
  }
  void
  stop ()
  {
    stopped_ = true;
    jobs_.clear ();
  }

private:
  struct Camera
  {
    int64_t asked = 0; /* monotonic us; 0: never */
    std::string path;
  };
  struct Job
  {
    std::string camera;
    EvidenceItems items;
    Done done;
    bool repeats = false;
  };

  void
  next ()
  {
    if (busy_ || jobs_.empty ())
      return;
    busy_ = true;
    auto job = std::make_shared<Job> (std::move (jobs_.front ())); /* a std::function is copied */
    jobs_.pop_front ();
    in_background<EvidenceResult> (
        [job, settings = settings_] {
          return job->repeats ? EvidenceResult{}
                              : write_evidence (settings, job->camera, job->items);
        },
        [job, self = shared_from_this ()] (const EvidenceResult &result) {
          if (!self->stopped_)
            self->written (*job, result);
        });
  }

  void
  written (const Job &job, const EvidenceResult &result)
  {
    busy_ = false;
    Camera &known = cameras_[job.camera];
    if (!job.repeats)
      known.path = result.path;
    if (!result.problem.empty () && !warned_)
      g_warning ("%s", result.problem.c_str ());
    if (!job.repeats)
      warned_ = !result.problem.empty ();
    const auto here = shared_from_this (); /* done may end the store */
    job.done (std::string (known.path));
    next ();
  }

  const EvidenceSettings settings_;
  std::map<std::string, Camera> cameras_;
  std::deque<Job> jobs_;
  bool busy_ = false;
  bool stopped_ = false;
  bool warned_ = false;
};

EvidenceStore::EvidenceStore (EvidenceSettings settings)
    : queue_ (std::make_shared<Queue> (std::move (settings)))
{}

EvidenceStore::~EvidenceStore ()
{
  queue_->stop ();
}

void
EvidenceStore::write (const std::string &camera, EvidenceItems items, Done done)
{
  queue_->add (camera, std::move (items), std::move (done));
}

} // namespace camwarden
