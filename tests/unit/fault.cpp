// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/fault.h"

#include <glib.h>

using namespace camwarden;

static void
test_names ()
{
  for (int i = 0; i <= static_cast<int> (Tier::Machine); i++) {
    const auto tier = static_cast<Tier> (i);
    g_assert_true (tier_from_name (tier_name (tier)) == tier);
  }
  for (int i = 0; i <= static_cast<int> (FaultClass::Heat); i++) {
    const auto fault_class = static_cast<FaultClass> (i);
    g_assert_true (fault_class_from_name (fault_class_name (fault_class)) == fault_class);
  }
  g_assert_false (tier_from_name ("").has_value ());
  g_assert_false (fault_class_from_name ("cosmic").has_value ());
}

static void
test_what_never_touches_a_camera ()
{
  for (const FaultClass one : { FaultClass::Configuration, FaultClass::Redis, FaultClass::Storage,
                                FaultClass::Network, FaultClass::Power, FaultClass::Heat })
    g_assert_true (tier_cap (one) == Tier::Count);
}

static void
test_only_a_wedged_driver_reaches_the_machine ()
{
  for (int i = 0; i <= static_cast<int> (FaultClass::Heat); i++) {
    const auto one = static_cast<FaultClass> (i);
    g_assert_true ((tier_cap (one) == Tier::Machine) == (one == FaultClass::Wedged));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/fault/names", test_names);
  g_test_add_func ("/fault/what-never-touches-a-camera", test_what_never_touches_a_camera);
  g_test_add_func ("/fault/only-a-wedged-driver-reaches-the-machine",
                   test_only_a_wedged_driver_reaches_the_machine);
  return g_test_run ();
}
