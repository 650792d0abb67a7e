// Evidence as JSON, and descriptions of two-qubit devices: what is read is written again the same, or refused as bad
// input.
#include <nlohmann/json.hpp>
#include <string_view>

#include "bellows/base/check.h"
#include "bellows/device/device.h"
#include "bellows/estimate/evidence.h"
#include "bellows/estimate/scores.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bellows;
  auto document = nlohmann::json::parse(std::string_view(reinterpret_cast<const char*>(data), size), nullptr, false);
  if (document.is_discarded()) return 0;
  auto evidence = estimate::evidence_from_json(document);
  if (evidence.ok()) {
    BELLOWS_CHECK(*estimate::evidence_from_json(estimate::to_json(*evidence)) == *evidence, "evidence round trip");
    auto summary = estimate::summarize(*evidence, 0.01);
    BELLOWS_CHECK(summary.ok() == (evidence->trial_count() > 0), "a summary of any trials");
  } else {
    BELLOWS_CHECK(evidence.error().code == ErrorCode::bad_input, "wrong evidence is bad input");
  }
  if (auto qubits = device::TwoQubits::from_json(document, "fuzz"); qubits.ok()) {
    auto behaviour = qubits->behaviour();
    BELLOWS_CHECK(!behaviour.ok() || device::fixed_device("fuzz", *behaviour).ok(), "two qubits never signal");
  }
  return 0;
}
