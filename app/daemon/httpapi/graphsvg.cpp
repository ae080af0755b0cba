// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/httpapi/graphsvg.h"

#include "gobject/ref.h"
#include "gobject/timer.h"

#include <memory>

namespace camwarden
{

namespace
{

constexpr unsigned deadline_ms = 10'000;

struct Drawing
{
  std::function<void (GBytes *svg, const GError *error)> done;
  Ref<GSubprocess> process;
  Timer deadline;
  bool late = false;
};

void
finished (GObject *source, GAsyncResult *result, gpointer data)
{
  const std::unique_ptr<Drawing> drawing (static_cast<Drawing *> (data));
  g_autoptr (GError) error = nullptr;
  g_autoptr (GBytes) svg = nullptr;
  auto *process = G_SUBPROCESS (source);
  drawing->deadline.cancel ();
  if (!g_subprocess_communicate_finish (process, result, &svg, nullptr, &error))
    return drawing->done (nullptr, error);
  if (drawing->late) {
    error = g_error_new (G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "dot did not draw it within %u s",
                         deadline_ms / 1000);
    return drawing->done (nullptr, error);
  }
  if (!g_subprocess_get_successful (process)) {
    error = g_error_new (G_IO_ERROR, G_IO_ERROR_FAILED, "dot could not draw it");
    return drawing->done (nullptr, error);
  }
  drawing->done (svg, nullptr);
}

} // namespace

void
draw_graph (const std::string &dot, std::function<void (GBytes *svg, const GError *error)> done)
{
  g_autofree char *program = g_find_program_in_path ("dot");
  g_autoptr (GError) error = nullptr;
  GSubprocess *process
      = program
            ? g_subprocess_new (static_cast<GSubprocessFlags> (G_SUBPROCESS_FLAGS_STDIN_PIPE
                                                               | G_SUBPROCESS_FLAGS_STDOUT_PIPE
                                                               | G_SUBPROCESS_FLAGS_STDERR_SILENCE),
                                &error, program, "-Tsvg", nullptr)
            : nullptr;
  if (!program)
    error = g_error_new (G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "dot is not installed");
  if (!process)
    return done (nullptr, error);
  auto *drawing = new Drawing{ std::move (done), Ref<GSubprocess>::adopt (process), {} };
  drawing->deadline = Timer::once (deadline_ms, [drawing] {
    drawing->late = true;
    g_subprocess_force_exit (drawing->process.get ());
  });
  g_autoptr (GBytes) input = g_bytes_new (dot.data (), dot.size ());
  g_subprocess_communicate_async (process, input, nullptr, finished, drawing);
}

} // namespace camwarden
