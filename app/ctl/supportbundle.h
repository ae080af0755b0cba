// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "ctl/doctor.h"

#include <string>
#include <utility>
#include <vector>

namespace camwarden
{

/* Texts for the archive by name, as they are: write_bundle() redacts them. */
using BundleTexts = std::vector<std::pair<std::string, std::string>>;

/* What this machine and the configuration say. */
[[nodiscard]] BundleTexts bundle_texts (const Inspection &inspection,
                                        const std::string &config_file);

/* Writes them, without secrets, into a tar file compressed with zstd, mode 0600. What is wrong;
 * empty: nothing. */
[[nodiscard]] std::string write_bundle (const std::string &path, const BundleTexts &texts);

} // namespace camwarden
