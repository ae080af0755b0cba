// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "ctl/servicereload.h"

namespace camwarden
{

struct ConfigOptions
{
  bool all = false;    /* show: defaults too */
  bool reload = false; /* set, unset, edit: then let the daemon read it */
};

/* Each gets the words behind its verb. */
[[nodiscard]] int show_config (CtlContext &context, const ConfigOptions &options,
                               const Words &words);
[[nodiscard]] int get_config (CtlContext &context, const ConfigOptions &options,
                              const Words &words);
[[nodiscard]] int set_config (CtlContext &context, const ConfigOptions &options,
                              const Words &words);
[[nodiscard]] int unset_config (CtlContext &context, const ConfigOptions &options,
                                const Words &words);
[[nodiscard]] int edit_config (CtlContext &context, const ConfigOptions &options,
                               const Words &words);

/* The file that "set" writes: the single file of --config, else conf.d/90-camwardenctl.conf. */
[[nodiscard]] std::string settable_file (const ConfigSources &sources);

/* The configuration as it would be with that text in that file, which is one of the sources'. The
 * findings name the file itself. */
[[nodiscard]] std::optional<Config> load_with (const ConfigSources &sources,
                                               const std::string &file, const std::string &text,
                                               std::vector<Finding> &findings);

/* Findings to stderr; warnings too. */
void complain_about (const std::vector<Finding> &findings);

} // namespace camwarden
