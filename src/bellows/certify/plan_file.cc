#include "bellows/certify/plan_file.h"

#include "bellows/certify/search.h"

namespace bellows::certify {

Result<plan::Plan> complete_plan_of(const std::string& file, plan::Plan plan) {
  auto complete = complete_plan(std::move(plan));
  if (complete.ok()) return complete;
  Error error = std::move(complete).error();
  if (error.code == ErrorCode::usage) error.code = ErrorCode::bad_input;
  if (error.file.empty()) error.file = file;
  return error;
}

}  // namespace bellows::certify
