// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "camwarden-camera1.h"
#include "core/fault.h"
#include "gobject/ref.h"

#include <cstdint>
#include <functional>
#include <gio/gio.h>
#include <vector>

namespace camwarden
{

/* What the daemon may order. Everything on the main thread; a callback is called exactly once. */
class CameraOrders
{
public:
  /* error is NULL on success. */
  using Done = std::function<void (const GError *error)>;
  using ValuesDone = std::function<void (GVariant *values, const GError *error)>; /* a{sv} */
  using ImageDone = std::function<void (GBytes *jpeg, const GError *error)>;
  using NumberDone = std::function<void (uint64_t number, const GError *error)>;

  virtual ~CameraOrders () = default;
  [[nodiscard]] virtual uint64_t progress () const = 0;
  virtual void restart_source (Done done) = 0;
  virtual void rebuild_pipeline (Done done) = 0;
  virtual void test (ValuesDone done) = 0;
  virtual void snapshot (ImageDone done) = 0;
  [[nodiscard]] virtual bool apply (GVariant *settings, GError **error) = 0;
  virtual void prune (uint64_t bytes, NumberDone done) = 0;
  [[nodiscard]] virtual GVariant *stats () = 0; /* a{sv} */
  [[nodiscard]] virtual std::string graph () = 0;
  [[nodiscard]] virtual GVariant *evidence () = 0; /* a{sv} */
  virtual void stop (unsigned drain_ms) = 0;
  virtual void link_closed () = 0;
};

/* The worker's end of the link: exports the orders, sends Fault and Health. Opening goes on in the
 * background, while the pipeline starts. */
class ControlLink
{
public:
  ControlLink (int fd, CameraOrders &orders);
  ~ControlLink ();
  ControlLink (const ControlLink &) = delete;
  ControlLink &operator= (const ControlLink &) = delete;

  void fault (const Fault &fault); /* kept until the link is open */
  void health (GVariant *values);  /* consumed if floating; dropped while the link is not open */
  /* Until what was said is out, or so long. Runs the main context. */
  void flush (int64_t timeout_us);

private:
  static void opened (GObject *source, GAsyncResult *result, gpointer data);
  static void closed (GDBusConnection *connection, gboolean vanished, GError *error, gpointer data);
  [[nodiscard]] bool export_object (GDBusConnection *connection, GError **error);
  void connect_orders ();
  void emit (const Fault &fault);

  CameraOrders &orders_;
  Ref<GCancellable> cancellable_;
  Ref<GDBusConnection> connection_;
  Ref<CamwardenCamera1> skeleton_;
  SignalHandler closed_;
  std::vector<Fault> early_;
};

} // namespace camwarden
