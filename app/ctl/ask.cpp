// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/ask.h"

#include <cstdio>
#include <unistd.h>

namespace camwarden
{

Consent
ask (const std::string &text, bool yes)
{
  if (yes)
    return Consent::Yes;
  if (!isatty (STDIN_FILENO))
    return Consent::CannotAsk;
  fprintf (stderr, "%s [y/N] ", text.c_str ());
  char answer[64] = "";
  if (!fgets (answer, sizeof answer, stdin))
    return Consent::No;
  return answer[0] == 'y' || answer[0] == 'Y' ? Consent::Yes : Consent::No;
}

} // namespace camwarden
