// SPDX-License-Identifier: LGPL-2.1-or-later
/* Build tool: prints the example configuration or the reference page, or writes both and the manual
 * page into the source tree. Not installed. */
#include "config/reference.h"

#include <cstdio>
#include <cstring>
#include <fstream>

static bool
write_file (const std::string &path, const std::string &text)
{
  std::ofstream file (path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close ();
  if (!file)
    fprintf (stderr, "cannot write %s\n", path.c_str ());
  return static_cast<bool> (file);
}

int
main (int argc, char **argv)
{
  const char *option = argc > 1 ? argv[1] : "";
  if (strcmp (option, "--example") == 0)
    return fputs (camwarden::example_configuration ().c_str (), stdout) < 0;
  if (strcmp (option, "--reference") == 0)
    return fputs (camwarden::configuration_reference ().c_str (), stdout) < 0;
  if (strcmp (option, "--update") == 0 && argc == 3) {
    const std::string root = argv[2];
    return !(
        write_file (root + "/data/camwarden.conf", camwarden::example_configuration ())
        && write_file (root + "/docs/configuration.md", camwarden::configuration_reference ())
        && write_file (root + "/man/camwarden.conf.5.scd", camwarden::configuration_manual ()));
  }
  fprintf (stderr, "usage: %s --example | --reference | --update SOURCE-TREE\n", argv[0]);
  return 64;
}
