// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>
#include <string>

/* g_assert_cmpstr() for a std::string, also a temporary one: that macro keeps the pointer longer
 * than the temporary lives. */
#define ASSERT_TEXT(actual, expected)                                                              \
  do {                                                                                             \
    const std::string text_ (actual), expected_ (expected);                                        \
    g_assert_cmpstr (text_.c_str (), ==, expected_.c_str ());                                      \
  } while (0)
