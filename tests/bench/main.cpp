// SPDX-License-Identifier: LGPL-2.1-or-later
/* camwarden-bench ROLE key=value...: one side of a comparison, its figures as JSON. Called by
 * bench.py, which knows what to compare. */
#include "meter.h"

#include <cstdio>
#include <cstring>
#include <gst/gst.h>

using namespace camwarden::bench;

struct Role
{
  const char *name;
  int (*run) (const Options &);
};

static const Role roles[] = {
  { "publish", run_publisher }, { "discard", run_discard },   { "subscribe", run_subscriber },
  { "files", run_files },       { "pipeline", run_pipeline }, { "latency", run_latency },
};

int
main (int argc, char **argv)
{
  for (const Role &role : roles) {
    if (argc < 2 || strcmp (argv[1], role.name) != 0)
      continue;
    gst_init (nullptr, nullptr);
    return role.run (Options (argc, argv));
  }
  fprintf (stderr, "Usage: camwarden-bench publish|discard|subscribe|files|pipeline|latency"
                   " key=value...\n");
  return 64;
}
