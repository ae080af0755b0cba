// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which messages of the kernel are about cameras. */
#include "core/kernelwords.h"

#include "support/asserttext.h"

#include <glib.h>
#include <random>

using namespace camwarden;

namespace
{

constexpr int64_t second = 1'000'000;

std::string
joined (std::string_view records, int64_t oldest, size_t most = 20)
{
  std::string text;
  for (const auto &message : camera_messages (records, oldest, most))
    text += message + "|";
  return text;
}

void
test_words ()
{
  for (const char *message :
       { "uvcvideo 1-1:1.1: Failed to set UVC probe control : -71 (exp. 26).",
         "usb 1-1: USB disconnect, device number 5", "xhci_hcd 0000:01:00.0: HC died; cleaning up",
         "INFO: task camwarden-camer:812 blocked for more than 120 seconds.",
         "cma: cma_alloc: alloc failed, req-size: 1519 pages, ret: -12",
         "[vc_sm_cma_import_dmabuf_internal]: ret -22", "bcm2835-codec bcm2835-codec: timed out",
         "unicam fe801000.csi: Wait for frame start timed out",
         "hwmon hwmon1: Undervoltage detected!", "Under-voltage detected! (0x00050005)",
         "dwc2 3f980000.usb: dwc2_hc_halt() Channel can't be halted", "video0" })
    g_assert_true (is_camera_message (message));
}

void
test_other_words ()
{
  for (const char *message :
       { "", "EXT4-fs (mmcblk0p2): re-mounted", "wlan0: associated", "handmade", "audit: type=1400",
         "multimedia", "Bluetooth: hci0: link tx timeout", "systemd[1]: Started", "subusb" })
    g_assert_false (is_camera_message (message));
}

void
test_records ()
{
  const std::string_view records = "6,1,1000000,-;usb 1-1: old\n"
                                   "6,2,5000000,-;usb 1-1: at the border\n"
                                   " SUBSYSTEM=usb\n"
                                   " DEVICE=c189:1\n"
                                   "6,3,5000001,-;wlan0: other\n"
                                   "3,4,6000000,c,caller=T1;usb 1-1: flags; and \\x0a more\n"
                                   "6,5,7000000,-;uvcvideo: no newline at the end";
  ASSERT_TEXT (joined (records, 5 * second), "usb 1-1: at the border|"
                                             "usb 1-1: flags; and \\x0a more|"
                                             "uvcvideo: no newline at the end|");
  ASSERT_TEXT (joined (records, 5 * second, 1), "uvcvideo: no newline at the end|");
  ASSERT_TEXT (joined (records, 8 * second), "");
  ASSERT_TEXT (joined (records, 0, 0), "");
}

void
test_garbage ()
{
  for (const char *text :
       { "", "\n\n", ";", ",,;usb", "6,1;usb", "6,1,;usb", "6,1,x,-;usb", "6,1,5x,-;usb", "usb",
         "6,1,99999999999999999999,-;usb", " 6,1,5,-;usb", ",6,1,5;usb" })
    ASSERT_TEXT (joined (text, 0), "");
  std::mt19937 random (1);
  for (int i = 0; i < 20'000; i++) {
    std::string text;
    while (random () % 40 != 0)
      text += "6,1;0-usb \n\\x\0\xff"[random () % 14];
    g_assert_cmpuint (camera_messages (text, 0, 3).size (), <=, 3);
  }
}

} // namespace

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/kernelwords/words", test_words);
  g_test_add_func ("/kernelwords/other-words", test_other_words);
  g_test_add_func ("/kernelwords/records", test_records);
  g_test_add_func ("/kernelwords/garbage", test_garbage);
  return g_test_run ();
}
