#pragma once

#include <string>

#include "bellows/plan/plan.h"

namespace bellows::certify {

/// The same plan, completed (search.h). Errors: as complete_plan(); what it refuses as usage is a fault of the file:
/// bad_input. Each names the file.
Result<plan::Plan> complete_plan_of(const std::string& file, plan::Plan plan);

}  // namespace bellows::certify
