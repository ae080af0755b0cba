// SPDX-License-Identifier: LGPL-2.1-or-later
/* What reading costs with hiredis' own reader. */
#include "meter.h"

#include <cstdio>
#include <hiredis/hiredis.h>

namespace camwarden::bench
{

static size_t
next_message (redisContext *context)
{
  void *reply = nullptr;
  if (redisGetReply (context, &reply) != REDIS_OK)
    die ("hiredis cannot read");
  const auto *message = static_cast<redisReply *> (reply);
  const size_t size = message->elements == 3 ? static_cast<size_t> (message->element[2]->len) : 0;
  freeReplyObject (reply);
  return size;
}

/* Says "ready" when it is subscribed; the frames are somebody else's business. */
int
run_subscriber (const Options &options)
{
  redisContext *context = redisConnect ("127.0.0.1", static_cast<int> (options.number ("port")));
  if (!context || context->err)
    die ("hiredis cannot connect");
  const std::string channel = options.text ("channel");
  redisAppendCommand (context, "SUBSCRIBE %s", channel.c_str ());
  (void)next_message (context);
  printf ("ready\n");
  fflush (stdout);
  const int64_t count = options.number ("count"), warm_up = options.number ("warm-up", 10);
  Meter meter (0);
  size_t bytes = 0;
  for (int64_t i = -warm_up; i < count; i++) {
    if (i == 0)
      meter.begin ();
    bytes += next_message (context);
  }
  meter.end (count);
  meter.add ("bytes", static_cast<double> (bytes));
  meter.print ();
  redisFree (context);
  return 0;
}

} // namespace camwarden::bench
