// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "fakes/fakemodel.h"

#include <string>
#include <vector>

namespace camwarden
{

/* A daemon with a past: a day of history with a few troubles in it, events that explain them, a log
 * that grows, and orders that change something. */
class FakeWorld : public FakeModel
{
public:
  explicit FakeWorld (const std::vector<std::string> &cameras);

  /* One frame of each camera that streams, stamped now; at `fps` frames a second. */
  void show (GBytes *jpeg, double fps);
  /* Changes the state as a test orders; false: no such order. */
  bool obey (const std::string &order);
  /* The machine's figures go on; once a second. */
  void live ();

  void history (const HistoryQuery &query, HistoryDone done) override;
  void log (const LogQuery &query, LogDone done) override;
  void recover (const std::string &camera, Tier from, const std::string &who,
                OrderDone done) override;

private:
  void heal ();
  void set_fault (const std::string &order, CameraStatus &camera);
  bool set_machine (const std::string &order);
  bool set_alert (const std::string &order);
  void add_event (int64_t ago, Severity severity, const char *kind, const std::string &camera,
                  const char *code, const std::string &text);
  void add_log (const std::string &level, const std::string &text);

  std::vector<LogEntry> lines_;
  unsigned seconds_ = 0;
  bool silent_ = false; /* no frames come */
};

} // namespace camwarden
