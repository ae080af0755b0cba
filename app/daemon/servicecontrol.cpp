// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/servicecontrol.h"

#include "gobject/ref.h"

#include <unistd.h>

namespace camwarden
{

namespace
{

struct Manager
{
  const char *name, *path, *interface, *what;
};

constexpr Manager SYSTEMD{ "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
                           "org.freedesktop.systemd1.Manager", "systemd" };
constexpr Manager LOGIND{ "org.freedesktop.login1", "/org/freedesktop/login1",
                          "org.freedesktop.login1.Manager", "logind" };

constexpr const char *RULE
    = "install the polkit rule 50-camwarden-reboot.rules, which allows it to the service user";

} // namespace

struct SystemServiceControl::Shared
{
  int64_t deadline;
  Ref<GCancellable> cancellable = Ref<GCancellable>::adopt (g_cancellable_new ());
};

/* One order on its way; it deletes itself when it has been answered. */
struct SystemServiceControl::Order
{
  using Next = void (*) (Order *order, GVariant *answer);

  std::weak_ptr<Shared> owner;
  Ref<GCancellable> cancellable; /* of this order: the owner going, or the bus not answering */
  gulong owner_cancelled = 0;
  SourceId timer;
  int64_t deadline = 0;
  std::string unit;
  Done done;
  void (*begin) (Order *order) = nullptr;
  Ref<GDBusConnection> bus;
  const Manager *manager = nullptr;
  bool sent = false; /* the order itself, not a question before it */
  Next next = nullptr;

  static void start (const std::shared_ptr<Shared> &owner, std::string unit, Done done,
                     void (*begin) (Order *));
  void call (const Manager &whom, const char *method, GVariant *args, const char *reply, Next then);
  void finish (const GError *error);
  void fail (int code, const std::string &text);
  void fail_call (const GError *error);

  static void connected (GObject *source, GAsyncResult *result, gpointer data);
  static void answered (GObject *source, GAsyncResult *result, gpointer data);
  static gboolean timed_out (gpointer data);
};

void
SystemServiceControl::Order::start (const std::shared_ptr<Shared> &owner, std::string unit,
                                    Done done, void (*begin) (Order *))
{
  auto *order = new Order;
  order->owner = owner;
  order->deadline = owner->deadline;
  order->unit = std::move (unit);
  order->done = std::move (done);
  order->begin = begin;
  order->cancellable = Ref<GCancellable>::adopt (g_cancellable_new ());
  /* Cancelled in the main thread only, and never from within. */
  order->owner_cancelled = g_cancellable_connect (
      owner->cancellable.get (), G_CALLBACK (+[] (GCancellable *, gpointer data) {
        g_cancellable_cancel (static_cast<GCancellable *> (data));
      }),
      g_object_ref (order->cancellable.get ()), g_object_unref);
  order->timer
      = SourceId (g_timeout_add (static_cast<guint> (order->deadline / 1000), timed_out, order));
  g_bus_get (G_BUS_TYPE_SYSTEM, order->cancellable.get (), connected, order);
}

gboolean
SystemServiceControl::Order::timed_out (gpointer data)
{
  auto *order = static_cast<Order *> (data);
  order->timer.forget ();
  g_cancellable_cancel (order->cancellable.get ());
  return G_SOURCE_REMOVE;
}

void
SystemServiceControl::Order::finish (const GError *error)
{
  timer.reset ();
  if (const auto shared = owner.lock ()) {
    g_cancellable_disconnect (shared->cancellable.get (), owner_cancelled);
    done (error);
  }
  delete this;
}

void
SystemServiceControl::Order::fail (int code, const std::string &text)
{
  g_autoptr (GError) error = g_error_new_literal (G_IO_ERROR, code, text.c_str ());
  finish (error);
}

void
SystemServiceControl::Order::connected (GObject *, GAsyncResult *result, gpointer data)
{
  auto *order = static_cast<Order *> (data);
  g_autoptr (GError) error = nullptr;
  order->bus = Ref<GDBusConnection>::adopt (g_bus_get_finish (result, &error));
  if (order->bus) {
    g_dbus_connection_set_exit_on_close (order->bus.get (), FALSE);
    order->timer.reset (); /* from now on each call has a deadline */
    return order->begin (order);
  }
  const bool late = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  order->fail (G_IO_ERROR_NOT_CONNECTED, std::string ("no connection to the system bus: ")
                                             + (late ? "it does not answer" : error->message)
                                             + "; is dbus running?");
}

void
SystemServiceControl::Order::call (const Manager &whom, const char *method, GVariant *args,
                                   const char *reply, Next then)
{
  manager = &whom;
  next = then;
  g_dbus_connection_call (bus.get (), whom.name, whom.path, whom.interface, method, args,
                          G_VARIANT_TYPE (reply), G_DBUS_CALL_FLAGS_NONE,
                          static_cast<int> (deadline / 1000), cancellable.get (), answered, this);
}

void
SystemServiceControl::Order::answered (GObject *source, GAsyncResult *result, gpointer data)
{
  auto *order = static_cast<Order *> (data);
  g_autoptr (GError) error = nullptr;
  g_autoptr (GVariant) answer
      = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  if (answer)
    return order->next (order, answer);
  order->fail_call (error);
}

/* In the words of whoever has to mend it. */
void
SystemServiceControl::Order::fail_call (const GError *error)
{
  g_autoptr (GError) plain = g_error_copy (error);
  g_dbus_error_strip_remote_error (plain);
  g_autofree char *name = g_dbus_error_get_remote_error (error);
  const std::string what = manager->what;
  if (g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED)
      || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_AUTH_FAILED)
      || g_strcmp0 (name, "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired") == 0)
    return fail (G_IO_ERROR_PERMISSION_DENIED,
                 what + " does not allow it (" + plain->message + "): " + RULE);
  if (g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN)
      || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER))
    return fail (G_IO_ERROR_NOT_SUPPORTED, what + " is not on the system bus");
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED)
      || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_TIMEOUT)
      || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY)
      || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_TIMED_OUT))
    return fail (sent ? G_IO_ERROR_TIMED_OUT : G_IO_ERROR_FAILED, what + " does not answer");
  fail (G_IO_ERROR_FAILED, what + " refuses: " + plain->message);
}

SystemServiceControl::SystemServiceControl (int64_t deadline)
    : shared_ (std::make_shared<Shared> (Shared{ deadline }))
{}

SystemServiceControl::~SystemServiceControl ()
{
  /* The orders find their owner gone when the cancelled call returns. */
  const std::shared_ptr<Shared> last = std::move (shared_);
  const Ref<GCancellable> cancellable = last->cancellable;
  g_cancellable_cancel (cancellable.get ());
}

void
SystemServiceControl::restart_unit (const std::string &name, Done done)
{
  Order::start (shared_, name, std::move (done), [] (Order *order) {
    order->sent = true;
    order->call (SYSTEMD, "RestartUnit", g_variant_new ("(ss)", order->unit.c_str (), "replace"),
                 "(o)", [] (Order *same, GVariant *) { same->finish (nullptr); });
  });
}

/* CanReboot first: it tells apart what Reboot would only refuse. */
void
SystemServiceControl::reboot (Done done)
{
  Order::start (shared_, {}, std::move (done), [] (Order *order) {
    order->call (LOGIND, "CanReboot", nullptr, "(s)", [] (Order *same, GVariant *answer) {
      const char *word = nullptr;
      g_variant_get (answer, "(&s)", &word);
      const std::string said = word;
      if (said == "na")
        return same->fail (G_IO_ERROR_NOT_SUPPORTED, "logind cannot reboot this machine");
      if (said == "challenge")
        return same->fail (G_IO_ERROR_PERMISSION_DENIED,
                           std::string ("logind wants a password for a reboot: ") + RULE);
      if (said != "yes")
        return same->fail (G_IO_ERROR_PERMISSION_DENIED,
                           "logind answers \"" + said + "\" to the question for a reboot: " + RULE);
      same->sent = true;
      same->call (LOGIND, "Reboot", g_variant_new ("(b)", FALSE), "()",
                  [] (Order *last, GVariant *) { last->finish (nullptr); });
    });
  });
}

/* --- nobody there --- */

void
NoServiceControl::refuse (Done done, const std::string &what)
{
  later_.call ([done = std::move (done), text = "systemd does not run here, so " + what] {
    g_autoptr (GError) error
        = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, text.c_str ());
    done (error);
  });
}

void
NoServiceControl::restart_unit (const std::string &name, Done done)
{
  refuse (std::move (done), "nobody can restart " + name);
}

void
NoServiceControl::reboot (Done done)
{
  refuse (std::move (done), "nobody can reboot the machine");
}

std::unique_ptr<ServiceControl>
make_service_control ()
{
  /* As sd_booted(3). */
  const bool booted = access ("/run/systemd/system/", F_OK) == 0;
  if (booted || g_getenv ("DBUS_SYSTEM_BUS_ADDRESS"))
    return std::make_unique<SystemServiceControl> ();
  return std::make_unique<NoServiceControl> ();
}

} // namespace camwarden
