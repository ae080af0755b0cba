// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/controllink.h"

#include <gio/gunixfdlist.h>
#include <unistd.h>

namespace camwarden
{

namespace
{

constexpr const char *object_path = "/org/camwarden/Camera";
constexpr const char *failed = "org.camwarden.Camera1.Error.Failed";

CameraOrders &
orders (gpointer data)
{
  return *static_cast<CameraOrders *> (data);
}

void
refuse (GDBusMethodInvocation *call, const GError *error)
{
  g_dbus_method_invocation_return_dbus_error (call, failed, error->message);
}

gboolean
on_ping (CamwardenCamera1 *object, GDBusMethodInvocation *call, gpointer data)
{
  camwarden_camera1_complete_ping (object, call, orders (data).progress ());
  return TRUE;
}

using Complete = void (*) (CamwardenCamera1 *object, GDBusMethodInvocation *call);

CameraOrders::Done
answer (CamwardenCamera1 *object, GDBusMethodInvocation *call, Complete complete)
{
  return [object, call, complete] (const GError *error) {
    if (error)
      refuse (call, error);
    else
      complete (object, call);
  };
}

gboolean
on_restart_source (CamwardenCamera1 *object, GDBusMethodInvocation *call, gpointer data)
{
  orders (data).restart_source (answer (object, call, camwarden_camera1_complete_restart_source));
  return TRUE;
}

gboolean
on_rebuild_pipeline (CamwardenCamera1 *object, GDBusMethodInvocation *call, gpointer data)
{
  orders (data).rebuild_pipeline (
      answer (object, call, camwarden_camera1_complete_rebuild_pipeline));
  return TRUE;
}

gboolean
on_test (CamwardenCamera1 *object, GDBusMethodInvocation *call, gpointer data)
{
  orders (data).test ([object, call] (GVariant *values, const GError *error) {
    if (error)
      refuse (call, error);
    else
      camwarden_camera1_complete_test (object, call, values);
  });
  return TRUE;
}

gboolean
on_snapshot (CamwardenCamera1 *object, GDBusMethodInvocation *call, gpointer data)
{
  orders (data).snapshot ([object, call] (GBytes *jpeg, const GError *error) {
    if (error)
      refuse (call, error);
    else
      camwarden_camera1_complete_snapshot (
          object, call, g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, jpeg, TRUE));
  });
  return TRUE;
}

gboolean
on_apply (CamwardenCamera1 *object, GDBusMethodInvocation *call, GVariant *settings, gpointer data)
{
  g_autoptr (GError) error = nullptr;
  if (orders (data).apply (settings, &error))
    camwarden_camera1_complete_apply (object, call);
  else
    refuse (call, error);
  return TRUE;
}

gboolean
on_prune (CamwardenCamera1 *object, GDBusMethodInvocation *call, guint64 bytes, gpointer data)
{
  orders (data).prune (bytes, [object, call] (uint64_t freed, const GError *error) {
    if (error)
      refuse (call, error);
    else
      camwarden_camera1_complete_prune (object, call, freed);
  });
  return TRUE;
}

gboolean
on_get_stats (CamwardenCamera1 *object, GDBusMethodInvocation *call, gpointer data)
{
  camwarden_camera1_complete_get_stats (object, call, orders (data).stats ());
  return TRUE;
}

gboolean
on_dump_graph (CamwardenCamera1 *object, GDBusMethodInvocation *call, gpointer data)
{
  camwarden_camera1_complete_dump_graph (object, call, orders (data).graph ().c_str ());
  return TRUE;
}

gboolean
on_evidence (CamwardenCamera1 *object, GDBusMethodInvocation *call, gpointer data)
{
  camwarden_camera1_complete_evidence (object, call, orders (data).evidence ());
  return TRUE;
}

gboolean
on_stop (CamwardenCamera1 *object, GDBusMethodInvocation *call, guint drain_ms, gpointer data)
{
  camwarden_camera1_complete_stop (object, call);
  orders (data).stop (drain_ms);
  return TRUE;
}

} // namespace

ControlLink::ControlLink (int fd, CameraOrders &orders)
    : orders_ (orders), cancellable_ (Ref<GCancellable>::adopt (g_cancellable_new ()))
{
  g_autoptr (GError) error = nullptr;
  g_autoptr (GSocket) socket = g_socket_new_from_fd (fd, &error);
  if (!socket) {
    g_warning ("link: descriptor %d: %s", fd, error->message);
    orders_.link_closed ();
    return;
  }
  g_autoptr (GSocketConnection) stream = g_socket_connection_factory_create_connection (socket);
  const auto flags
      = static_cast<GDBusConnectionFlags> (G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
                                           | G_DBUS_CONNECTION_FLAGS_DELAY_MESSAGE_PROCESSING);
  g_dbus_connection_new (G_IO_STREAM (stream), nullptr, flags, nullptr, cancellable_.get (), opened,
                         this);
}

ControlLink::~ControlLink ()
{
  g_cancellable_cancel (cancellable_.get ());
  closed_.reset ();
  if (skeleton_)
    g_dbus_interface_skeleton_unexport (G_DBUS_INTERFACE_SKELETON (skeleton_.get ()));
}

void
ControlLink::opened (GObject * /*source*/, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = nullptr;
  auto connection = Ref<GDBusConnection>::adopt (g_dbus_connection_new_finish (result, &error));
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  auto *self = static_cast<ControlLink *> (data);
  if (!connection || !self->export_object (connection.get (), &error)) {
    g_warning ("link: %s", error->message);
    self->orders_.link_closed ();
    return;
  }
  self->connection_ = connection;
  g_dbus_connection_start_message_processing (connection.get ());
  for (const auto &fault : self->early_)
    self->emit (fault);
  self->early_.clear ();
}

bool
ControlLink::export_object (GDBusConnection *connection, GError **error)
{
  g_dbus_connection_set_exit_on_close (connection, FALSE);
  closed_ = SignalHandler (connection,
                           g_signal_connect (connection, "closed", G_CALLBACK (closed), this));
  skeleton_ = Ref<CamwardenCamera1>::adopt (camwarden_camera1_skeleton_new ());
  connect_orders ();
  return g_dbus_interface_skeleton_export (G_DBUS_INTERFACE_SKELETON (skeleton_.get ()), connection,
                                           object_path, error);
}

void
ControlLink::connect_orders ()
{
  const struct
  {
    const char *signal;
    GCallback handler;
  } handlers[] = {
    { "handle-ping", G_CALLBACK (on_ping) },
    { "handle-restart-source", G_CALLBACK (on_restart_source) },
    { "handle-rebuild-pipeline", G_CALLBACK (on_rebuild_pipeline) },
    { "handle-test", G_CALLBACK (on_test) },
    { "handle-snapshot", G_CALLBACK (on_snapshot) },
    { "handle-apply", G_CALLBACK (on_apply) },
    { "handle-prune", G_CALLBACK (on_prune) },
    { "handle-get-stats", G_CALLBACK (on_get_stats) },
    { "handle-dump-graph", G_CALLBACK (on_dump_graph) },
    { "handle-evidence", G_CALLBACK (on_evidence) },
    { "handle-stop", G_CALLBACK (on_stop) },
  };
  for (const auto &one : handlers)
    g_signal_connect (skeleton_.get (), one.signal, one.handler, &orders_);
}

void
ControlLink::closed (GDBusConnection * /*connection*/, gboolean /*vanished*/, GError * /*error*/,
                     gpointer data)
{
  static_cast<ControlLink *> (data)->orders_.link_closed ();
}

void
ControlLink::emit (const Fault &fault)
{
  camwarden_camera1_emit_fault (skeleton_.get (),
                                std::string (fault_class_name (fault.fault_class)).c_str (),
                                std::string (tier_name (fault.first)).c_str (), fault.part.c_str (),
                                fault.code.c_str (), fault.evidence.c_str ());
}

void
ControlLink::fault (const Fault &fault)
{
  if (connection_)
    emit (fault);
  else
    early_.push_back (fault);
}

void
ControlLink::health (GVariant *values)
{
  g_autoptr (GVariant) owned = g_variant_ref_sink (values);
  if (connection_)
    camwarden_camera1_emit_health (skeleton_.get (), owned);
}

void
ControlLink::flush (int64_t timeout_us)
{
  if (!connection_)
    return;
  const auto finished
      = [] (GObject *, GAsyncResult *, gpointer data) { *static_cast<bool *> (data) = true; };
  bool flushed = false, late = false;
  const auto expired = [] (gpointer data) -> gboolean {
    *static_cast<bool *> (data) = true;
    return G_SOURCE_REMOVE;
  };
  g_autoptr (GCancellable) patience = g_cancellable_new ();
  const guint timer = g_timeout_add (static_cast<guint> (timeout_us / 1000), expired, &late);
  g_dbus_connection_flush (connection_.get (), patience, finished, &flushed);
  while (!flushed && !late)
    g_main_context_iteration (nullptr, TRUE);
  if (late)
    g_cancellable_cancel (patience);
  else
    g_source_remove (timer);
  while (!flushed)
    g_main_context_iteration (nullptr, TRUE);
}

} // namespace camwarden
