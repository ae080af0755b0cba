// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/powerprobe.h"

#include "core/systemparse.h"

#include <unistd.h>

namespace camwarden
{

static constexpr unsigned MOST_FAILURES = 3;

namespace
{

/* Of a question whose asker may be gone when the answer comes. */
struct Call
{
  PowerProbe *probe;
  std::weak_ptr<int> alive;
};

} // namespace

PowerProbe::PowerProbe (std::string program) : program_ (std::move (program))
{}

PowerProbe::~PowerProbe ()
{
  if (process_)
    g_subprocess_force_exit (process_.get ());
}

std::string
PowerProbe::find (const std::string &root)
{
  if (root.find_first_not_of ('/') == root.npos)
    return take_string (g_find_program_in_path ("vcgencmd"));
  std::string program = root + "/usr/bin/vcgencmd";
  return access (program.c_str (), X_OK) == 0 ? program : "";
}

void
PowerProbe::ask ()
{
  if (program_.empty () || process_ || failures_ >= MOST_FAILURES)
    return;
  g_autoptr (GError) error = nullptr;
  constexpr auto flags = static_cast<GSubprocessFlags> (G_SUBPROCESS_FLAGS_STDOUT_PIPE
                                                        | G_SUBPROCESS_FLAGS_STDERR_SILENCE);
  process_ = Ref<GSubprocess>::adopt (
      g_subprocess_new (flags, &error, program_.c_str (), "get_throttled", nullptr));
  if (!process_)
    return failed (error->message);
  deadline_ = SourceId (g_timeout_add (
      DEADLINE_MS,
      [] (gpointer data) -> gboolean {
        auto *self = static_cast<PowerProbe *> (data);
        self->deadline_.forget ();
        g_subprocess_force_exit (self->process_.get ());
        return G_SOURCE_REMOVE;
      },
      this));
  g_subprocess_communicate_utf8_async (
      process_.get (), nullptr, nullptr,
      [] (GObject *process, GAsyncResult *result, gpointer data) {
        const std::unique_ptr<Call> call (static_cast<Call *> (data));
        g_autofree char *text = nullptr;
        g_autoptr (GError) failure = nullptr;
        g_subprocess_communicate_utf8_finish (G_SUBPROCESS (process), result, &text, nullptr,
                                              &failure);
        if (!call->alive.expired ())
          call->probe->answered (text);
      },
      new Call{ this, alive_ });
}

void
PowerProbe::answered (const char *text)
{
  process_.reset ();
  deadline_.reset ();
  reading_ = text ? parse_throttled (text) : std::nullopt;
  if (reading_)
    failures_ = 0;
  else
    failed ("it gave no answer, or one that is not understood");
}

void
PowerProbe::failed (const char *why)
{
  reading_.reset ();
  if (++failures_ == MOST_FAILURES)
    g_message ("%s tells nothing of the power (%s): not asked any more. Under-voltage will not be "
               "noticed; is the user in the group video?",
               program_.c_str (), why);
}

} // namespace camwarden
