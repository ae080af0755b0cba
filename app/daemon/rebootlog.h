// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/rebootguard.h"

#include <glib.h>
#include <string>

namespace camwarden
{

/* The file "reboots" in the state directory. Reads and writes wait for the disk: a reboot is asked
 * for only once the file has arrived there. For a thread that may take its time. */
class RebootLogFile
{
public:
  explicit RebootLogFile (std::string directory);

  /* No file is a log without reboots; one that cannot be read is not. */
  [[nodiscard]] RebootLog read () const;
  /* Written beside, synced, renamed, and the directory synced: after a power cut there is the old
   * text or the new one. Mode 0640. */
  bool write (const RebootLog &log, GError **error) const;

  [[nodiscard]] const std::string &
  path () const
  {
    return path_;
  }

private:
  std::string directory_;
  std::string path_;
};

} // namespace camwarden
