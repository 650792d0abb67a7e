#pragma once

#include <nlohmann/json.hpp>

#include "bellows/base/file.h"
#include "bellows/protocol/brandao.h"

/// A run of the four-device protocol as files: plan.json, log.trials (four parties; its header carries the plan's digest), seed.bits, output.bits.
/// All are private. plan.json holds the certificate, which depends on the plan alone and is made before the first trial.
namespace bellows::protocol {

nlohmann::json four_device_to_json(const FourDeviceCertificate& certificate);
/// Errors: bad_input: a field that is missing or does not fit.
Result<FourDeviceCertificate> four_device_from_json(const nlohmann::json& document);

/// Writes a new folder. Requires a certified and accepted result. Errors: bad_input: the system's word; a file exists.
Status save_four_device(const Path& folder, const FourDeviceResult& result);

struct FourDeviceVerification {
  std::uint64_t trials = 0, failures = 0;
  FourDeviceCertificate certificate;
  std::string refused_because;  ///< empty: everything was computed again and agrees
};
/// Reads the four files and computes everything again: digest of the plan, failures, proof, output.
/// Errors: bad_input: what the readers of the files say.
Result<FourDeviceVerification> verify_four_device(const Path& folder);

}  // namespace bellows::protocol
