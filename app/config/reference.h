// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

namespace camwarden
{

struct Key; /* config/schema.h */

/* They are made from the schema alone and are the same on every machine, in English: they are files
 * of the source tree, and a test holds the two together. */

/* data/camwarden.conf: every key with its default, as comments. */
[[nodiscard]] std::string example_configuration ();

/* docs/configuration.md */
[[nodiscard]] std::string configuration_reference ();

/* man/camwarden.conf.5.scd */
[[nodiscard]] std::string configuration_manual ();

/* What a key takes, for both pages: its type, range and unit, as plain text. */
[[nodiscard]] std::string describe_value (const Key &key);

} // namespace camwarden
