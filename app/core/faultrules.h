// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/fault.h"

#include <span>
#include <string>
#include <string_view>

namespace camwarden
{

/* What a code stands for: the whole table is in docs/faults.md. */
struct FaultCode
{
  std::string_view code;
  FaultClass fault_class;
  Tier first;
};

/* Every code that a worker can report, each once. */
[[nodiscard]] std::span<const FaultCode> fault_codes ();

/* A fault with the class and the tier of its code, which must be one of the above. */
[[nodiscard]] Fault fault_of (std::string_view code, std::string part, std::string evidence);

/* An error that a source has posted. The message's text is left out on purpose: it is translated.
 * The debug text never is, but for the system's own words for an errno. */
struct SourceComplaint
{
  std::string factory; /* of the element that posted it: "v4l2src" */
  std::string domain;  /* GStreamer's: core, library, resource, stream */
  int code = 0;
  std::string debug;          /* file, function, element, then the details */
  int error_number = 0;       /* errno; 0: unknown */
  bool was_streaming = false; /* frames came since its latest start */
};

/* Never above the tier that the class allows. */
struct Ruling
{
  FaultClass fault_class;
  Tier first;
  std::string_view code;
};

[[nodiscard]] Ruling judge_error (const SourceComplaint &complaint);

/* A warning that tells of a fault; most do not. */
[[nodiscard]] std::optional<Ruling> judge_warning (const SourceComplaint &complaint);

/* A source, by its factory, that has stopped giving frames without a word. */
[[nodiscard]] Ruling judge_stall (std::string_view factory);

/* Only the echo of an error that another message tells better, if there was one. */
[[nodiscard]] bool is_echo (std::string_view domain, int code);

/* What a line of a worker's stderr, or of the kernel's log, says about a camera; most say
 * nothing. A hint only: it explains a fault, it is none by itself. */
[[nodiscard]] std::optional<Ruling> classify_line (std::string_view line);

} // namespace camwarden
