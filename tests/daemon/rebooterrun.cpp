// SPDX-License-Identifier: LGPL-2.1-or-later
/* One start of the daemon, as far as reboots are concerned:
 *
 *   rebooterrun DIRECTORY BOOT-ID UPTIME-S WALL-S WORD...
 *
 * Words are carried out in order: off, request=CODE, order=WHO, cured, clear, last, trouble,
 * restart=UNIT. Each prints one line: the word, good or bad, and what people are told. */
#include "daemon/rebooter.h"

#include "support/mainloop.h"

#include <cstdio>

using namespace camwarden;

static void
print (const std::string &word, bool good, const std::string &text)
{
  printf ("%s\t%s\t%s\n", word.c_str (), good ? "good" : "bad", text.c_str ());
}

static void
request (Rebooter &rebooter, const std::string &code)
{
  bool answered = false;
  const Fault fault{ FaultClass::Wedged, Tier::Machine, "worker", code, "process 7" };
  rebooter.request (fault, "front", [&] (bool asked, const std::string &why) {
    print ("request", asked, why);
    answered = true;
  });
  wait_until ("the reboot is asked for or refused", [&] { return answered; });
}

static void
order (Rebooter &rebooter, const std::string &who)
{
  bool answered = false;
  rebooter.order (who, [&] (bool asked, const std::string &why) {
    print ("order", asked, why);
    answered = true;
  });
  wait_until ("the reboot is asked for or refused", [&] { return answered; });
}

static void
restart (ServiceControl &services, const std::string &unit)
{
  bool answered = false;
  services.restart_unit (unit, [&] (const GError *error) {
    print ("restart", !error, error ? error->message : "");
    answered = true;
  });
  wait_until ("the unit is restarted or not", [&] { return answered; });
}

/* What was said before is written. */
static void
settle (Rebooter &rebooter)
{
  bool settled = false;
  rebooter.look ([&] { settled = true; });
  wait_until ("the log is read", [&] { return settled; });
}

static void
clear (Rebooter &rebooter)
{
  bool answered = false;
  rebooter.clear ([&] (const std::string &problem) {
    print ("clear", problem.empty (), problem);
    answered = true;
  });
  wait_until ("the log is clear or not", [&] { return answered; });
}

static void
carry_out (Rebooter &rebooter, ServiceControl &services, RecoveryConfig &config,
           const std::string &text)
{
  const std::string word = text.substr (0, text.find ('='));
  const std::string rest = word == text ? "" : text.substr (word.size () + 1);
  settle (rebooter);
  if (word == "request") {
    request (rebooter, rest);
  } else if (word == "order") {
    order (rebooter, rest);
  } else if (word == "restart") {
    restart (services, rest);
  } else if (word == "cured") {
    rebooter.cured ("front");
  } else if (word == "clear") {
    clear (rebooter);
  } else if (word == "last") {
    print (word, true, rebooter.last_reason ());
  } else if (word == "trouble") {
    print (word, true, rebooter.trouble ());
  } else {
    g_assert_true (word == "off");
    config.allow_reboot = false;
    rebooter.apply (config);
  }
}

int
main (int argc, char **argv)
{
  g_assert_cmpint (argc, >=, 5);
  const std::string directory = argv[1];
  Rebooter::World world;
  world.boot_id = argv[2];
  world.built = 1'750'000'000LL * G_USEC_PER_SEC;
  world.mono = [mono = g_ascii_strtoll (argv[3], nullptr, 10)] { return mono * G_USEC_PER_SEC; };
  world.wall = [wall = g_ascii_strtoll (argv[4], nullptr, 10)] { return wall * G_USEC_PER_SEC; };
  RecoveryConfig config;
  config.allow_reboot = true;
  config.reboot_min_uptime = 600 * G_USEC_PER_SEC;
  config.reboot_interval = 6 * 3600 * int64_t{ G_USEC_PER_SEC };
  config.reboots_per_day = 2;
  const auto services = make_service_control ();
  Rebooter rebooter (config, directory, *services, world);
  for (int i = 5; i < argc; i++)
    carry_out (rebooter, *services, config, argv[i]);
  settle (rebooter);
  return 0;
}
