// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

namespace camwarden
{

/* The exit codes of camwarden-camera and camwardend, and what a supervisor does about them. */
namespace exitcode
{
constexpr int Stopped = 0;        /* on request, or because the daemon went */
constexpr int Fault = 1;          /* one it cannot cure itself */
constexpr int Usage = 64;         /* an option is wrong */
constexpr int Locked = 65;        /* another process holds the camera, or the runtime directory */
constexpr int Restart = 75;       /* the source failed or hangs: start me again */
constexpr int Configuration = 78; /* wrong configuration, unknown camera, missing element */
} // namespace exitcode

} // namespace camwarden
