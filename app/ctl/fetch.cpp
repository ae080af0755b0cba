// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/fetch.h"

#include "config/i18n.h"
#include "gobject/ref.h"

#include <array>

namespace camwarden
{

namespace
{

/* What both kinds of request have: a loop that runs until they are done. */
class Transfer
{
public:
  Transfer (SoupSession *session, SoupMessage *message, GCancellable *outer)
      : session_ (session), message_ (message), outer_ (outer)
  {
    const auto on_outer
        = [] (GCancellable *, gpointer own) { g_cancellable_cancel (G_CANCELLABLE (own)); };
    if (outer_)
      outer_id_ = g_cancellable_connect (outer_, G_CALLBACK (+on_outer), cancellable_, nullptr);
  }
  Transfer (const Transfer &) = delete;
  virtual ~Transfer ()
  {
    if (outer_)
      g_cancellable_disconnect (outer_, outer_id_);
    g_object_unref (cancellable_);
    g_main_loop_unref (loop_);
    g_clear_error (&error_);
  }

  [[nodiscard]] bool
  run (unsigned deadline_seconds, GError **error)
  {
    deadline_ = SourceId (g_timeout_add_seconds (deadline_seconds, on_deadline, this));
    soup_session_send_async (session_, message_, G_PRIORITY_DEFAULT, cancellable_, on_sent, this);
    g_main_loop_run (loop_);
    deadline_.reset ();
    if (!error_)
      return true;
    g_propagate_error (error, std::exchange (error_, nullptr));
    return false;
  }

protected:
  virtual void opened () = 0;

  void
  finish ()
  {
    if (error_ && late_) {
      g_clear_error (&error_);
      g_set_error_literal (&error_, G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
                           _ ("it did not answer in time"));
    }
    g_main_loop_quit (loop_);
  }

  SoupSession *const session_;
  SoupMessage *const message_;
  GCancellable *const outer_;
  gulong outer_id_ = 0;
  GCancellable *const cancellable_ = g_cancellable_new (); /* by `outer_` or the deadline */
  Ref<GInputStream> stream_;
  SourceId deadline_;
  GError *error_ = nullptr;

private:
  static gboolean
  on_deadline (gpointer data)
  {
    auto *self = static_cast<Transfer *> (data);
    self->late_ = true;
    g_cancellable_cancel (self->cancellable_);
    return G_SOURCE_CONTINUE; /* removed when the loop ends */
  }

  static void
  on_sent (GObject *, GAsyncResult *result, gpointer data)
  {
    auto *self = static_cast<Transfer *> (data);
    self->stream_ = Ref<GInputStream>::adopt (
        soup_session_send_finish (self->session_, result, &self->error_));
    if (self->stream_)
      self->opened ();
    else
      self->finish ();
  }

  GMainLoop *const loop_ = g_main_loop_new (nullptr, FALSE);
  bool late_ = false;
};

class Whole : public Transfer
{
public:
  Whole (SoupSession *session, SoupMessage *message, GCancellable *outer, size_t largest)
      : Transfer (session, message, outer), body_ (largest, '\0')
  {}

  [[nodiscard]] std::string
  body ()
  {
    body_.resize (length_);
    return std::move (body_);
  }

private:
  void
  opened () override
  {
    g_input_stream_read_all_async (stream_.get (), body_.data (), body_.size (), G_PRIORITY_DEFAULT,
                                   cancellable_, on_read, this);
  }

  static void
  on_read (GObject *, GAsyncResult *result, gpointer data)
  {
    auto *self = static_cast<Whole *> (data);
    g_input_stream_read_all_finish (self->stream_.get (), result, &self->length_, &self->error_);
    self->finish ();
  }

  std::string body_;
  gsize length_ = 0;
};

class Lines : public Transfer
{
public:
  Lines (SoupSession *session, SoupMessage *message, GCancellable *cancellable,
         const FollowSink &sink)
      : Transfer (session, message, cancellable), sink_ (sink)
  {}

private:
  static constexpr size_t longest_line = 1 << 20;

  void
  opened () override
  {
    deadline_.reset ();
    if (sink_.started ())
      read_more ();
    else
      finish ();
  }

  void
  read_more ()
  {
    g_input_stream_read_async (stream_.get (), buffer_.data (), buffer_.size (), G_PRIORITY_DEFAULT,
                               cancellable_, on_read, this);
  }

  static void
  on_read (GObject *, GAsyncResult *result, gpointer data)
  {
    auto *self = static_cast<Lines *> (data);
    const gssize count = g_input_stream_read_finish (self->stream_.get (), result, &self->error_);
    if (count <= 0)
      return self->finish ();
    self->take (static_cast<size_t> (count));
    if (self->rest_.size () > longest_line)
      g_set_error_literal (&self->error_, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE,
                           _ ("it sends a line without an end"));
    if (self->error_)
      return self->finish ();
    self->read_more ();
  }

  void
  take (size_t count)
  {
    rest_.append (buffer_.data (), count);
    size_t begin = 0;
    for (size_t end; (end = rest_.find ('\n', begin)) != std::string::npos; begin = end + 1) {
      const size_t length = end > begin && rest_[end - 1] == '\r' ? end - 1 - begin : end - begin;
      sink_.line (std::string_view (rest_).substr (begin, length));
    }
    rest_.erase (0, begin);
  }

  const FollowSink &sink_;
  std::array<char, 4096> buffer_{};
  std::string rest_;
};

} // namespace

bool
fetch (SoupSession *session, SoupMessage *message, unsigned deadline_seconds, size_t largest,
       GCancellable *cancellable, std::string &body, GError **error)
{
  Whole whole (session, message, cancellable, largest);
  if (!whole.run (deadline_seconds, error))
    return false;
  body = whole.body ();
  return true;
}

bool
follow (SoupSession *session, SoupMessage *message, unsigned deadline_seconds,
        const FollowSink &sink, GCancellable *cancellable, GError **error)
{
  Lines lines (session, message, cancellable, sink);
  return lines.run (deadline_seconds, error);
}

} // namespace camwarden
