// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the sensors of the real machine say to whoever runs this, in which sandbox ever:
 *
 *   sensorsrun DIRECTORY PID...
 *
 * One line for each: its name, its value (unknown: it could not be read). */
#include "daemon/systemreader.h"

#include <cstdio>
#include <glib.h>

using namespace camwarden;

static void
print (const std::string &name, bool known, double value)
{
  if (known)
    printf ("%s=%g\n", name.c_str (), value);
  else
    printf ("%s=unknown\n", name.c_str ());
}

static void
print_machine (const SystemSample &sample)
{
  print ("cpu", sample.cpu.has_value (), sample.cpu ? sample.cpu->busy : 0);
  print ("load", sample.load.has_value (), sample.load ? sample.load->one : 0);
  print ("memory", sample.memory && sample.memory->total > 0,
         sample.memory ? static_cast<double> (sample.memory->available) : 0);
  print ("memory-pressure", sample.memory_pressure.has_value (), 0);
  for (const auto &disk : sample.disks)
    print ("disk", disk.known && disk.total > 0, disk.used ());
  print ("temperature", sample.temperature.has_value (), sample.temperature.value_or (0));
  print ("links", true, static_cast<double> (sample.links.size ()));
  print ("uptime", sample.uptime.has_value (), static_cast<double> (sample.uptime.value_or (0)));
  print ("boot", !sample.boot_id.empty (), 1);
  print ("clock", sample.clock_synchronised.has_value (),
         sample.clock_synchronised.value_or (false));
}

int
main (int argc, char **argv)
{
  g_assert_cmpint (argc, >=, 2);
  SystemQuestion question;
  question.disks.push_back ({ "state", argv[1], {} });
  for (int i = 2; i < argc; i++)
    question.processes.push_back ({ "process", atoi (argv[i]), 0 });
  SystemReader reader;
  question.time = g_get_monotonic_time ();
  (void)reader.read (question); /* a share of processor time is that between two samples */
  g_usleep (200'000);
  question.time = g_get_monotonic_time ();
  const SystemSample sample = reader.read (question);
  print_machine (sample);
  for (const auto &process : sample.processes) {
    print ("process-memory", process.running && process.rss > 0, static_cast<double> (process.rss));
    print ("process-cpu", process.cpu.has_value (), process.cpu.value_or (0));
    print ("process-descriptors", process.descriptors > 0, process.descriptors);
  }
  return 0;
}
