// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib-object.h>
#include <string>
#include <utility>

namespace camwarden
{

/* Members that own a GLib thing; for locals there are g_autoptr and g_autofree. */

/* A reference to a GObject. adopt() takes over the caller's reference, share() adds one. */
template <typename T> class Ref
{
public:
  Ref () = default;
  Ref (Ref &&other) noexcept : object_ (std::exchange (other.object_, nullptr)) {}
  Ref (const Ref &other) : object_ (other.object_)
  {
    if (object_)
      g_object_ref (object_);
  }
  ~Ref () { reset (); }

  Ref &
  operator= (Ref other) noexcept
  {
    std::swap (object_, other.object_);
    return *this;
  }

  [[nodiscard]] static Ref
  adopt (T *object)
  {
    Ref ref;
    ref.object_ = object;
    return ref;
  }

  [[nodiscard]] static Ref
  share (T *object)
  {
    if (object)
      g_object_ref (object);
    return adopt (object);
  }

  void
  reset ()
  {
    if (T *object = std::exchange (object_, nullptr))
      g_object_unref (object);
  }

  [[nodiscard]] T *
  get () const
  {
    return object_;
  }
  [[nodiscard]] T *
  release ()
  {
    return std::exchange (object_, nullptr);
  }
  explicit operator bool () const { return object_ != nullptr; }

private:
  T *object_ = nullptr;
};

/* The id of a source in the default main context, removed with its owner. A callback that returns
 * G_SOURCE_REMOVE calls forget() first. */
class SourceId
{
public:
  SourceId () = default;
  explicit SourceId (guint id) : id_ (id) {}
  SourceId (SourceId &&other) noexcept : id_ (std::exchange (other.id_, 0)) {}
  SourceId (const SourceId &) = delete;
  ~SourceId () { reset (); }

  SourceId &
  operator= (SourceId other) noexcept
  {
    std::swap (id_, other.id_);
    return *this;
  }

  void
  reset ()
  {
    if (guint id = std::exchange (id_, 0))
      g_source_remove (id);
  }

  void
  forget ()
  {
    id_ = 0;
  }
  explicit operator bool () const { return id_ != 0; }

private:
  guint id_ = 0;
};

/* A signal handler, disconnected with its owner. Holds the object alive meanwhile. */
class SignalHandler
{
public:
  SignalHandler () = default;
  SignalHandler (gpointer object, gulong id)
      : object_ (Ref<GObject>::share (G_OBJECT (object))), id_ (id)
  {}
  SignalHandler (SignalHandler &&other) noexcept
      : object_ (std::move (other.object_)), id_ (std::exchange (other.id_, 0))
  {}
  SignalHandler (const SignalHandler &) = delete;
  ~SignalHandler () { reset (); }

  SignalHandler &
  operator= (SignalHandler other) noexcept
  {
    std::swap (object_, other.object_);
    std::swap (id_, other.id_);
    return *this;
  }

  void
  reset ()
  {
    if (gulong id = std::exchange (id_, 0))
      g_signal_handler_disconnect (object_.get (), id);
    object_.reset ();
  }

private:
  Ref<GObject> object_;
  gulong id_ = 0;
};

/* Takes over a string that g_free() frees; NULL becomes "". */
[[nodiscard]] inline std::string
take_string (char *text)
{
  std::string result = text ? text : "";
  g_free (text);
  return result;
}

} // namespace camwarden
