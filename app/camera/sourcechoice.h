// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "config/settings.h"
#include "gobject/ref.h"

#include <gst/gst.h>
#include <optional>
#include <string>

namespace camwarden
{

struct CameraSource
{
  Ref<GstElement> element; /* with a pad "src" */
  std::string name;        /* for people: "v4l2src: HD Webcam", "test picture" */
};

/* Makes the source that [camera:ID] source and device name. May probe devices: not for the main
 * thread. Error texts name the camera and the key. */
[[nodiscard]] std::optional<CameraSource> make_source (const CameraConfig &config, GError **error);

/* A bin from a gst-launch description, with a pad "src", and for a filter "sink", if one is open.
 * key: for the error text. */
[[nodiscard]] Ref<GstElement> parse_bin (const CameraConfig &config, const char *key,
                                         const std::string &description, bool filter,
                                         GError **error);

/* An element that must be there; the error text says where plugins are looked for. */
[[nodiscard]] Ref<GstElement> make_element (const CameraConfig &config, const char *factory,
                                            GError **error);

} // namespace camwarden
