#pragma once

#include <optional>
#include <string>

#include "bellows/bits/bit_string.h"
#include "bellows/bits/keyed_stream.h"
#include "bellows/cli/command.h"
#include "bellows/numeric/exact.h"
#include "bellows/protocol/cheats.h"

/// The protocols that `bellows protocol` runs, one function each: they print the verdict first and then the facts.
namespace bellows::cli {

struct ProtocolOptions {
  std::string name, mu = "0.01", threshold = "0", epsilon = "1e-9", device = "quantum", source = "leaning", extractor, key = "1", out, save, verify;
  std::optional<std::uint64_t> trials;
  std::uint64_t bits = 1, blocks = 16, runs = 1000, function_seed = 1;
  unsigned log2_settings = 6, log2_trials = 15, block_size = 16;
  double noise = 0, honest_share = 0.5;
  std::string target = "0.25";
  bool smallest = false, list_devices = false, correlated = false;
};

/// mu of the options. Errors: usage: not a number, or outside [0, 1/2).
Result<numeric::Exact> bias_of(const ProtocolOptions& options);
Result<bits::StreamKey> simulation_key(const std::string& text);
/// A number that is given by its logarithm, as text.
std::string power_of_two(double log2_value);
/// --out: the output bits in a new private file, if one is asked for; says so.
Status write_output(const ProtocolOptions& options, const bits::BitString& output, Console& console, nlohmann::json& result);

Result<Verdict> run_brandao_one(const ProtocolOptions& options, Console& console);
Result<Verdict> run_brandao_two(const ProtocolOptions& options, Console& console);
Result<Verdict> run_colbeck_renner(const ProtocolOptions& options, Console& console);
Result<Verdict> run_three_party(const ProtocolOptions& options, Console& console);
Result<Verdict> run_gallego_blocks(const ProtocolOptions& options, Console& console);

}  // namespace bellows::cli
