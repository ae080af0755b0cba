// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/secrettext.h"

namespace camwarden
{

std::string
without_passwords (std::string_view text)
{
  std::string result;
  for (;;) {
    const size_t start = text.find ("://");
    if (start == std::string_view::npos)
      return result.append (text);
    result.append (text.substr (0, start + 3));
    text.remove_prefix (start + 3);
    /* A password may hold an @ that nobody escaped: the last one counts. */
    const std::string_view authority = text.substr (0, text.find_first_of (" \t\n\"'\\/?#!"));
    const size_t at = authority.rfind ('@'), colon = authority.find (':');
    if (at == std::string_view::npos || colon == std::string_view::npos || colon > at)
      continue;
    result.append (text.substr (0, colon + 1)).append ("***");
    text.remove_prefix (at);
  }
}

} // namespace camwarden
