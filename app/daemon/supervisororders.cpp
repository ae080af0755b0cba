// SPDX-License-Identifier: LGPL-2.1-or-later
/* What a supervisor makes of faults, and how it carries out what the recovery orders. */
#include "daemon/supervisorimpl.h"

#include "daemon/recoverysettings.h"

#include <algorithm>

namespace camwarden
{

namespace
{

/* How long a telling line of the worker's explains a stall. */
constexpr int64_t hint_lasts = 15 * G_USEC_PER_SEC;
/* The worker gives up by itself before. */
constexpr int64_t order_margin = 3 * G_USEC_PER_SEC;

} // namespace

/* libcamera says why a camera stalls on stderr, and nowhere else. */
Fault
Supervisor::Impl::with_hint (const Fault &fault) const
{
  Fault known = fault;
  if (fault.code != "stall" || !hint || g_get_monotonic_time () - hint_at > hint_lasts)
    return known;
  const Tier cap = tier_cap (hint->fault_class);
  if (cap <= fault.first)
    return known;
  known.fault_class = hint->fault_class;
  known.first = std::max (fault.first, std::min ({ hint->first, cap, Tier::Worker }));
  known.evidence += "; it said: " + hint_line;
  return known;
}

void
Supervisor::Impl::judge_quality ()
{
  for (const Fault &fault : quality.update (g_get_monotonic_time (), health.verdict, health.fps,
                                            config.framerate.value ())) {
    tell (fault);
    healer.fault (fault);
  }
}

Healer::Levers
Supervisor::Impl::levers ()
{
  return { .order = [this] (Tier tier, auto done) { order (tier, std::move (done)); },
           .replace_worker = [this] { restart (Wish::Replacing); },
           .tell = [this] (const RecoveryAction &action,
                           const Fault &reason) { told (action, reason); } };
}

void
Supervisor::Impl::order (Tier tier, std::function<void (bool good)> done)
{
  const auto answered = [done] (GVariant *, const GError *error) { done (!error); };
  switch (tier) {
  case Tier::Source:
    call ("RestartSource", nullptr, "()", answered, recovery.source.deadline + order_margin);
    return;
  case Tier::Pipeline:
    call ("RebuildPipeline", nullptr, "()", answered, recovery.pipeline.deadline + order_margin);
    return;
  case Tier::Device:
    reset_device (std::move (done));
    return;
  case Tier::Machine:
    if (events.reboot)
      events.reboot (healer.policy ().reason (), done);
    else
      done (false);
    return;
  case Tier::Count:
  case Tier::Worker:
    break;
  }
  done (false);
}

/* What comes back is a new device: the source has to open it. */
void
Supervisor::Impl::reset_device (const std::function<void (bool good)> &done)
{
  if (!events.reset_device || health.device.empty ()) {
    done (false);
    return;
  }
  events.reset_device (health.device, recovery.device.deadline,
                       [this, here = alive, done] (const GError *error) {
                         if (!*here)
                           return;
                         if (error)
                           g_warning ("camera %s: %s", config.id.c_str (), error->message);
                         /* It took so long that something else is done by now. */
                         if (error || healer.policy ().tier () != Tier::Device)
                           done (false);
                         else
                           order (Tier::Source, done);
                       });
}

void
Supervisor::Impl::told (const RecoveryAction &action, const Fault &reason)
{
  if (action.kind == RecoveryAction::Kind::Order) {
    quality.restarted ();
    health.cures[static_cast<size_t> (action.tier) - 1]++;
  }
  if (action.kind == RecoveryAction::Kind::Cured)
    health.cured++;
  show_recovery ();
  if (events.recovery)
    events.recovery (action, reason);
  changed ();
}

void
Supervisor::Impl::show_recovery ()
{
  const RecoveryPolicy &policy = healer.policy ();
  health.healthy = policy.healthy ();
  health.recovery = policy.open () ? std::string (tier_name (policy.tier ())) : "";
  health.given_up = policy.given_up ();
  const int64_t next = policy.next_attempt ();
  health.next_attempt = next == INT64_MAX ? 0 : g_get_real_time () + next - g_get_monotonic_time ();
}

void
Supervisor::Impl::apply_times (std::initializer_list<std::pair<const char *, int64_t>> times)
{
  GVariantBuilder values;
  g_variant_builder_init (&values, G_VARIANT_TYPE_VARDICT);
  for (const auto &[key, time] : times)
    g_variant_builder_add (&values, "{sv}", key, g_variant_new_int64 (time));
  call ("Apply", g_variant_new ("(a{sv})", &values), "()", [] (GVariant *, const GError *) {});
}

void
Supervisor::Impl::apply_deadlines ()
{
  apply_times ({ { "source-deadline", recovery.source.deadline },
                 { "pipeline-deadline", recovery.pipeline.deadline } });
}

void
Supervisor::Impl::apply_stall_timeout ()
{
  apply_times ({ { "stall-timeout", stall_timeout (recovery, config, weak_power) } });
}

/* No previews and what is deleted are not the worker's business. */
void
Supervisor::Impl::apply_degrade ()
{
  GVariantBuilder values;
  g_variant_builder_init (&values, G_VARIANT_TYPE_VARDICT);
  const auto add = [&values] (const char *key, GVariant *value) {
    g_variant_builder_add (&values, "{sv}", key, value);
  };
  add ("degrade-quality", g_variant_new_uint32 (degrade.quality_less));
  add ("degrade-rate", g_variant_new_uint32 (degrade.rate_divisor));
  add ("degrade-size", g_variant_new_uint32 (degrade.size_divisor));
  add ("degrade-least", g_variant_new_boolean (degrade.one_per_second));
  add ("degrade-store", g_variant_new_boolean (degrade.store_paused));
  call ("Apply", g_variant_new ("(a{sv})", &values), "()",
        [id = config.id] (GVariant *, const GError *error) {
          if (error)
            g_warning ("camera %s: does not do less: %s", id.c_str (), error->message);
        });
}

} // namespace camwarden
