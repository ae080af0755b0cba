// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/httpapi/meteredconnection.h"

#include <algorithm>

namespace camwarden
{

struct MeteredInput
{
  GFilterInputStream parent;
  gint64 most; /* 0: no limit */
  gint64 left;
  gint64 turn; /* read since the main loop was last waited for */
};

struct MeteredInputClass
{
  GFilterInputStreamClass parent_class;
};

struct MeteredConnection
{
  GSocketConnection parent;
  MeteredInput *input;
};

struct MeteredConnectionClass
{
  GSocketConnectionClass parent_class;
};

static void metered_input_pollable_init (GPollableInputStreamInterface *iface);

G_DEFINE_TYPE_WITH_CODE (MeteredInput, metered_input, G_TYPE_FILTER_INPUT_STREAM,
                         G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM,
                                                metered_input_pollable_init))
G_DEFINE_TYPE (MeteredConnection, metered_connection, G_TYPE_SOCKET_CONNECTION)

static MeteredInput *
metered_input (gpointer instance)
{
  return G_TYPE_CHECK_INSTANCE_CAST (instance, metered_input_get_type (), MeteredInput);
}

static MeteredConnection *
metered_connection (gpointer instance)
{
  return G_TYPE_CHECK_INSTANCE_CAST (instance, metered_connection_get_type (), MeteredConnection);
}

static GPollableInputStream *
pollable_base (MeteredInput *self)
{
  return G_POLLABLE_INPUT_STREAM (
      g_filter_input_stream_get_base_stream (G_FILTER_INPUT_STREAM (self)));
}

/* --- MeteredInput --- */

static bool
may_read (MeteredInput *self, GError **error)
{
  if (self->most == 0 || self->left >= 0)
    return true;
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_MESSAGE_TOO_LARGE,
               "The other end sent more than %" G_GINT64_FORMAT " bytes of no use", self->most);
  return false;
}

static gssize
counted (MeteredInput *self, gssize count)
{
  if (self->most > 0 && count > 0) {
    self->left -= count;
    self->turn += count;
  }
  return count;
}

static gssize
metered_input_read (GInputStream *stream, void *buffer, gsize count, GCancellable *cancellable,
                    GError **error)
{
  MeteredInput *self = metered_input (stream);
  if (!may_read (self, error))
    return -1;
  return counted (self, g_input_stream_read (G_INPUT_STREAM (pollable_base (self)), buffer, count,
                                             cancellable, error));
}

static gssize
metered_input_read_nonblocking (GPollableInputStream *stream, void *buffer, gsize count,
                                GError **error)
{
  MeteredInput *self = metered_input (stream);
  if (!may_read (self, error))
    return -1;
  if (self->most > 0 && self->turn >= self->most / 4) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "Others have their turn");
    return -1;
  }
  return counted (self, g_pollable_input_stream_read_nonblocking (pollable_base (self), buffer,
                                                                  count, nullptr, error));
}

static gboolean
metered_input_can_poll (GPollableInputStream *stream)
{
  return g_pollable_input_stream_can_poll (pollable_base (metered_input (stream)));
}

static gboolean
metered_input_is_readable (GPollableInputStream *stream)
{
  return g_pollable_input_stream_is_readable (pollable_base (metered_input (stream)));
}

/* Whoever reads has come to an end, and waits for the main loop. */
static GSource *
metered_input_create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  MeteredInput *self = metered_input (stream);
  self->turn = 0;
  GSource *base = g_pollable_input_stream_create_source (pollable_base (self), cancellable);
  GSource *source = g_pollable_source_new_full (self, base, cancellable);
  g_source_unref (base);
  return source;
}

static void
metered_input_pollable_init (GPollableInputStreamInterface *iface)
{
  iface->can_poll = metered_input_can_poll;
  iface->is_readable = metered_input_is_readable;
  iface->create_source = metered_input_create_source;
  iface->read_nonblocking = metered_input_read_nonblocking;
}

static void
metered_input_class_init (MeteredInputClass *klass)
{
  G_INPUT_STREAM_CLASS (klass)->read_fn = metered_input_read;
}

static void
metered_input_init (MeteredInput *)
{}

/* --- MeteredConnection --- */

static GInputStream *
metered_connection_get_input_stream (GIOStream *stream)
{
  MeteredConnection *self = metered_connection (stream);
  if (!self->input) {
    GInputStream *base
        = G_IO_STREAM_CLASS (metered_connection_parent_class)->get_input_stream (stream);
    self->input
        = metered_input (g_object_new (metered_input_get_type (), "base-stream", base, nullptr));
  }
  return G_INPUT_STREAM (self->input);
}

/* The parent's dispose closes the stream, and makes it once more if it has gone: hence finalize. */
static void
metered_connection_finalize (GObject *object)
{
  g_clear_object (&metered_connection (object)->input);
  G_OBJECT_CLASS (metered_connection_parent_class)->finalize (object);
}

static void
metered_connection_class_init (MeteredConnectionClass *klass)
{
  G_IO_STREAM_CLASS (klass)->get_input_stream = metered_connection_get_input_stream;
  G_OBJECT_CLASS (klass)->finalize = metered_connection_finalize;
}

static void
metered_connection_init (MeteredConnection *)
{}

GSocketConnection *
metered_connection_new (GSocket *socket)
{
  return G_SOCKET_CONNECTION (
      g_object_new (metered_connection_get_type (), "socket", socket, nullptr));
}

static MeteredInput *
input_of (GIOStream *connection)
{
  return metered_input (g_io_stream_get_input_stream (connection));
}

void
metered_connection_limit (GIOStream *connection, gint64 most)
{
  MeteredInput *input = input_of (connection);
  input->most = input->left = most;
  input->turn = 0;
}

void
metered_connection_credit (GIOStream *connection, gint64 bytes)
{
  MeteredInput *input = input_of (connection);
  input->left = std::min (input->most, input->left + bytes);
}

} // namespace camwarden
