// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/camerahealth.h"

namespace camwarden
{

std::string_view
camera_state_name (CameraState state)
{
  switch (state) {
  case CameraState::Starting:
    return "starting";
  case CameraState::Streaming:
    return "streaming";
  case CameraState::Stalled:
    return "stalled";
  case CameraState::NoCamera:
    return "no-camera";
  case CameraState::Respawning:
    return "respawning";
  case CameraState::Stopped:
    return "stopped";
  case CameraState::Failed:
    return "failed";
  }
  return "unknown";
}

} // namespace camwarden
