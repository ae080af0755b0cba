// SPDX-License-Identifier: LGPL-2.1-or-later
#include "redis/demand.h"
#include "redis/requestbox.h"

#include <glib.h>

using camwarden::Demand;
using camwarden::RequestBox;

static void
test_order ()
{
  RequestBox box;
  g_assert_true (box.empty ());
  box.add ("a", 10);
  box.add ("b", 20);
  box.add ("c", 30);
  g_assert_true (box.take (9).empty ());
  const auto first = box.take (20);
  g_assert_cmpuint (first.size (), ==, 2);
  g_assert_cmpstr (first[0].c_str (), ==, "a");
  g_assert_cmpstr (first[1].c_str (), ==, "b");
  g_assert_true (box.take (29).empty ());
  g_assert_cmpuint (box.take (G_MAXINT64).size (), ==, 1);
  g_assert_true (box.empty ());
  g_assert_true (box.take (G_MAXINT64).empty ());
  g_assert_cmpuint (box.received (), ==, 3);
}

static void
test_capacity ()
{
  RequestBox box;
  for (int i = 0; i < 100; i++)
    box.add (std::to_string (i), i);
  box.reject ();
  g_assert_cmpuint (box.received (), ==, 100);
  g_assert_cmpuint (box.dropped (), ==, 36);
  g_assert_cmpuint (box.invalid (), ==, 1);
  const auto left = box.take (1000);
  g_assert_cmpuint (left.size (), ==, RequestBox::CAPACITY);
  g_assert_cmpstr (left.front ().c_str (), ==, "36");
  g_assert_cmpstr (left.back ().c_str (), ==, "99");
  box.add ("x", 1);
  box.clear ();
  g_assert_true (box.empty ());
}

static void
test_subscriber ()
{
  Demand demand;
  g_assert_false (demand.wanted ());
  demand.subscribers (1);
  g_assert_true (demand.wanted ());
  demand.receivers (1);
  demand.subscribers (0);
  g_assert_true (demand.wanted ()); /* until a frame shows that nobody is left */
  demand.receivers (0);
  g_assert_false (demand.wanted ());
}

static void
test_pattern ()
{
  Demand demand;
  demand.patterns (1);
  g_assert_true (demand.wanted ());
  demand.receivers (0); /* it was not for us */
  g_assert_false (demand.wanted ());
  demand.patterns (1);
  g_assert_false (demand.wanted ());
  demand.patterns (2);
  g_assert_true (demand.wanted ());
  demand.receivers (1);
  demand.patterns (1);
  g_assert_true (demand.wanted ());
  demand.receivers (0);
  g_assert_false (demand.wanted ());
}

static void
test_disconnected ()
{
  Demand demand;
  demand.subscribers (3);
  demand.patterns (1);
  demand.receivers (4);
  demand.disconnected ();
  g_assert_false (demand.wanted ());
  demand.patterns (1);
  g_assert_true (demand.wanted ());
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/requestbox/order", test_order);
  g_test_add_func ("/requestbox/capacity", test_capacity);
  g_test_add_func ("/demand/subscriber", test_subscriber);
  g_test_add_func ("/demand/pattern", test_pattern);
  g_test_add_func ("/demand/disconnected", test_disconnected);
  return g_test_run ();
}
