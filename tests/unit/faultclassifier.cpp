// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/faultclassifier.h"

#include "gobject/ref.h"
#include "support/asserttext.h"

using namespace camwarden;

namespace
{

class Fixture
{
public:
  std::optional<Fault>
  error (GQuark domain, int code, const char *debug, const std::string &part = "source",
         const char *text = "The text of it", bool streaming = true)
  {
    GError *problem = g_error_new_literal (domain, code, text);
    GstMessage *message = gst_message_new_error (GST_OBJECT (element_.get ()), problem, debug);
    g_error_free (problem);
    const auto fault = classifier.judge (message, part, streaming);
    gst_message_unref (message);
    return fault;
  }

  ErrorLog log;
  FaultClassifier classifier{ log };

private:
  Ref<GstElement> element_ = Ref<GstElement>::adopt (
      GST_ELEMENT (gst_object_ref_sink (gst_element_factory_make ("fakesrc", "cam"))));
};

} // namespace

static void
test_one_fault_for_its_echoes ()
{
  Fixture f;
  const auto first = f.error (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ, "");
  g_assert_true (first.has_value ());
  ASSERT_TEXT (first->code, "resource-read");
  g_assert_false (f.error (GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, "").has_value ());
  g_assert_false (f.error (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_BUSY, "").has_value ());
  f.classifier.run_began ();
  const auto next = f.error (GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, "");
  g_assert_true (next.has_value ());
  ASSERT_TEXT (next->code, "stream-failed");
}

static void
test_the_source_echoes_what_is_behind_it ()
{
  Fixture f;
  const auto first = f.error (GST_STREAM_ERROR, GST_STREAM_ERROR_ENCODE, "", "encoder");
  g_assert_true (first.has_value ());
  ASSERT_TEXT (first->part + " " + first->code, "encoder element-failed");
  g_assert_true (first->first == Tier::Pipeline && first->fault_class == FaultClass::Camera);
  g_assert_false (f.error (GST_STREAM_ERROR, GST_STREAM_ERROR_ENCODE, "", "encoder").has_value ());
  g_assert_false (f.error (GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, "").has_value ());
}

static void
test_a_translated_text_makes_no_difference ()
{
  for (const char *text : { "Device is busy", "Appareil occup\303\251", "" }) {
    Fixture f;
    const auto fault = f.error (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_BUSY, "", "source", text);
    g_assert_true (fault && fault->fault_class == FaultClass::Busy);
  }
  /* Nor one that looks like an errno. */
  Fixture f;
  const auto fault = f.error (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ, "", "source", "x (19)");
  ASSERT_TEXT (fault->code, "resource-read");
}

static void
test_an_element_of_no_known_domain ()
{
  Fixture f;
  const auto fault = f.error (g_quark_from_static_string ("of-its-own"), 3, nullptr);
  ASSERT_TEXT (fault->code, "core-error");
  ASSERT_TEXT (fault->evidence, "fakesrc: of-its-own 3: The text of it: ");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  ErrorLog::keep_quiet (argc, argv);
  gst_init (&argc, &argv);
  g_test_add_func ("/faultclassifier/one-fault-for-its-echoes", test_one_fault_for_its_echoes);
  g_test_add_func ("/faultclassifier/the-source-echoes-what-is-behind-it",
                   test_the_source_echoes_what_is_behind_it);
  g_test_add_func ("/faultclassifier/a-translated-text-makes-no-difference",
                   test_a_translated_text_makes_no_difference);
  g_test_add_func ("/faultclassifier/an-element-of-no-known-domain",
                   test_an_element_of_no_known_domain);
  return g_test_run ();
}
