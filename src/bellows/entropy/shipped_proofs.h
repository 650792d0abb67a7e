#pragma once
#include <span>
#include <string_view>

namespace bellows::entropy {

struct ShippedProof {
  const char* name;
  std::string_view bytes;
};

/// The files of data/entropy-proofs, built into the program.
std::span<const ShippedProof> shipped_proofs();

}  // namespace bellows::entropy
