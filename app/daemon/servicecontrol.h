// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "daemon/maincall.h"

#include <functional>
#include <gio/gio.h>
#include <memory>
#include <string>

namespace camwarden
{

/* What the daemon may ask of the system. Lives on the default main context, never blocks. */
class ServiceControl
{
public:
  /* error is NULL when the order was accepted, which is all that is known: a unit is restarted, and
   * the machine goes down, some time later. Called once, from the main loop, unless the object goes
   * before. */
  using Done = std::function<void (const GError *error)>;

  virtual ~ServiceControl () = default;

  /* name: "redis-server.service". */
  virtual void restart_unit (const std::string &name, Done done) = 0;
  /* G_IO_ERROR_TIMED_OUT alone means that the order may still be obeyed; after any other error the
   * machine stays up. */
  virtual void reboot (Done done) = 0;
};

/* systemd and logind over the system bus, which is where GDBus looks for it
 * (DBUS_SYSTEM_BUS_ADDRESS). Each step has a deadline of its own. */
class SystemServiceControl : public ServiceControl
{
public:
  explicit SystemServiceControl (int64_t deadline = 5'000'000); /* us */
  ~SystemServiceControl () override;
  SystemServiceControl (const SystemServiceControl &) = delete;
  SystemServiceControl &operator= (const SystemServiceControl &) = delete;

  void restart_unit (const std::string &name, Done done) override;
  void reboot (Done done) override;

private:
  struct Order;
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

/* Where nobody can be asked: every order is refused. */
class NoServiceControl : public ServiceControl
{
public:
  void restart_unit (const std::string &name, Done done) override;
  void reboot (Done done) override;

private:
  void refuse (Done done, const std::string &what);

  MainCall later_;
};

/* The real one where systemd is the init, or a bus is named in the environment. */
[[nodiscard]] std::unique_ptr<ServiceControl> make_service_control ();

} // namespace camwarden
