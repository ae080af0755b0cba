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
  bool found = false;      /* a camera that source=auto has found */
};

/* Makes the source that [camera:ID] source and device name. May probe devices: not for the main
 * thread. Error texts name the camera and the key. expect_camera: with source=auto there was one
 * before, so that none now is GST_RESOURCE_ERROR_NOT_FOUND, not a reason for the test picture. */
[[nodiscard]] std::optional<CameraSource> make_source (const CameraConfig &config,
                                                       bool expect_camera, GError **error);

/* Of the element in it, if it is a bin, that has no source before itself. */
struct SourceFacts
{
  std::string factory; /* "v4l2src" */
  std::string device;  /* a path as configured, or the name of a camera of libcamera's; may be
                          empty */
};
[[nodiscard]] SourceFacts facts_of (const Ref<GstElement> &source);

/* A bin from a gst-launch description, with a pad "src", and for a filter "sink", if one is open.
 * key: for the error text. */
[[nodiscard]] Ref<GstElement> parse_bin (const CameraConfig &config, const char *key,
                                         const std::string &description, bool filter,
                                         GError **error);

/* An element that must be there; the error text says where plugins are looked for. */
[[nodiscard]] Ref<GstElement> make_element (const CameraConfig &config, const char *factory,
                                            GError **error);

} // namespace camwarden
