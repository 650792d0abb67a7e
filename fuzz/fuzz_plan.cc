// Plans as JSON and TOML: what is read is written again the same and can be certified against without a crash, or is
// refused as bad input.
#include <nlohmann/json.hpp>
#include <string_view>

#include "bellows/base/check.h"
#include "bellows/certify/certify.h"
#include "bellows/plan/plan.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bellows;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  auto document = nlohmann::json::parse(text, nullptr, false);
  auto plan = document.is_discarded() ? plan::plan_from_toml(text, "fuzz") : plan::plan_from_json(document, "fuzz");
  if (!plan.ok()) {
    BELLOWS_CHECK(plan.error().code == ErrorCode::bad_input, "a plan that is refused is bad input");
    return 0;
  }
  auto again = plan::plan_from_json(plan::to_json(*plan), "fuzz");
  BELLOWS_CHECK(again.ok() && plan::digest(*again) == plan::digest(*plan), "a plan is written as it was read");
  plan->method = plan::Method::win;  // others look for proof files
  auto certificate = certify::certify_hypothetical(*plan, plan->thresholds.highest());
  if (certificate.ok()) {
    BELLOWS_CHECK(certificate->output_bits() <= 2 * plan->trial_count, "no more output than raw bits");
    auto back = certify::certificate_from_json(certify::to_private_json(*certificate), "fuzz");
    BELLOWS_CHECK(back.ok() && *back == *certificate, "a certificate is written as it was made");
  }
  return 0;
}
