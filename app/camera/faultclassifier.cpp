// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/faultclassifier.h"

#include "gobject/ref.h"

namespace camwarden
{

namespace
{

/* An element that fails stops the source, which complains at once. */
constexpr int64_t echo_time = 500 * 1000;

std::string
domain_name (GQuark domain)
{
  if (domain == GST_CORE_ERROR)
    return "core";
  if (domain == GST_LIBRARY_ERROR)
    return "library";
  if (domain == GST_RESOURCE_ERROR)
    return "resource";
  if (domain == GST_STREAM_ERROR)
    return "stream";
  return g_quark_to_string (domain);
}

std::string
factory_name (GstObject *object)
{
  if (!object) /* a message need not have a source */
    return {};
  const GstElementFactory *factory
      = GST_IS_ELEMENT (object) ? gst_element_get_factory (GST_ELEMENT (object)) : nullptr;
  return factory ? GST_OBJECT_NAME (factory) : GST_OBJECT_NAME (object);
}

struct Content
{
  explicit Content (GstMessage *message)
  {
    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_WARNING)
      gst_message_parse_warning (message, &error, &debug);
    else
      gst_message_parse_error (message, &error, &debug);
  }
  ~Content ()
  {
    g_error_free (error);
    g_free (debug);
  }
  Content (const Content &) = delete;
  Content &operator= (const Content &) = delete;

  GError *error = nullptr;
  char *debug = nullptr;
};

SourceComplaint
complaint_of (GstMessage *message, const Content &content)
{
  SourceComplaint complaint;
  complaint.factory = factory_name (GST_MESSAGE_SRC (message));
  complaint.domain = domain_name (content.error->domain);
  complaint.code = content.error->code;
  complaint.debug = content.debug ? content.debug : "";
  complaint.error_number = errno_in_text (complaint.debug);
  return complaint;
}

} // namespace

FaultClassifier::FaultClassifier (const ErrorLog &log) : log_ (log)
{}

void
FaultClassifier::run_began ()
{
  source_failed_ = false;
  latest_ = 0;
}

std::string
FaultClassifier::text_of (GstMessage *message)
{
  const Content content (message);
  g_autofree char *text
      = g_strdup_printf ("%s: %s %d: %s: %s", factory_name (GST_MESSAGE_SRC (message)).c_str (),
                         domain_name (content.error->domain).c_str (), content.error->code,
                         content.error->message, content.debug ? content.debug : "");
  return take_string (g_utf8_make_valid (text, -1));
}

bool
FaultClassifier::echoes (const GError *error, const std::string &part, int64_t now) const
{
  const bool source = part == "source";
  if (source && source_failed_)
    return true;
  const bool aftermath
      = source ? is_echo (domain_name (error->domain), error->code) : part == latest_part_;
  return aftermath && latest_ && now - latest_ < echo_time;
}

std::optional<Fault>
FaultClassifier::judge (GstMessage *message, const std::string &part, bool streaming)
{
  const Content content (message);
  const int64_t now = g_get_monotonic_time ();
  const bool echo = echoes (content.error, part, now);
  if (part == "source")
    source_failed_ = true;
  if (echo)
    return {};
  latest_ = now;
  latest_part_ = part;
  if (part != "source")
    return fault_of ("element-failed", part, text_of (message));
  SourceComplaint complaint = complaint_of (message, content);
  complaint.was_streaming = streaming;
  if (!complaint.error_number)
    complaint.error_number = log_.error_number (GST_OBJECT_NAME (GST_MESSAGE_SRC (message)));
  const Ruling ruling = judge_error (complaint);
  return Fault{ ruling.fault_class, ruling.first, part, std::string (ruling.code),
                text_of (message) };
}

std::optional<Fault>
FaultClassifier::judge_warning (GstMessage *message, const std::string &part)
{
  const Content content (message);
  const auto ruling = part == "source" ? camwarden::judge_warning (complaint_of (message, content))
                                       : std::optional<Ruling>{};
  if (!ruling)
    return {};
  return Fault{ ruling->fault_class, ruling->first, part, std::string (ruling->code),
                text_of (message) };
}

} // namespace camwarden
