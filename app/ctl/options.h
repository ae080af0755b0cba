// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

namespace camwarden
{

/* Those that every command takes, before or behind its name. */
struct Options
{
  std::string socket;      /* --socket; empty: found by itself */
  std::string url;         /* --url; empty: the socket */
  std::string token_file;  /* --token-file */
  std::string config_file; /* --config */
  bool json = false;       /* --json */
};

} // namespace camwarden
