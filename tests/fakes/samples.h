// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "fakes/fakemodel.h"

namespace camwarden
{

/* Fills in everything that a model can tell: a machine with each sensor, an alert, an event, an
 * hour of history, lines of a log. */
void fill_with_samples (FakeModel &model);

} // namespace camwarden
