#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "bellows/base/result.h"

namespace bellows::plan {

/// The JSON documents that this program writes and reads again, told apart by what they say of themselves.
enum class DocumentKind {
  unknown,
  certificate,      ///< of random bits, private or public
  key_certificate,  ///< of a key distribution
  plan,
  four_device_plan,
  witness,
  bound,
  guess_radius,
  signature,
  signing_key,
  public_key,
};

DocumentKind kind_of(const nlohmann::json& document);

/// For who reads one kind and is given a file of another: names the kind found, and the command that reads it.
/// Errors: bad_input: a kind that is known and not `wanted`. A document of no known kind is left to its reader.
Status require_kind(const nlohmann::json& document, DocumentKind wanted, const std::string& origin);

}  // namespace bellows::plan
