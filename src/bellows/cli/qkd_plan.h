#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "bellows/cli/command.h"
#include "bellows/ecc/reconcile.h"
#include "bellows/protocol/masanes_key.h"

/// `bellows qkd plan`, and what it shares with the parties.
namespace bellows::cli {

/// Errors: usage: no such code. Nothing for an empty name: what is usual for the adversary.
Result<std::optional<ecc::Code>> qkd_correction(const std::string& name);
inline constexpr const char* qkd_correction_help =
    "bch or concatenated (proved; the default for no-signalling: the shorter) or ldpc (not certified there; the "
    "default "
    "for quantum)";

/// Errors: usage: no such adversary.
Result<protocol::KeyMethod> qkd_adversary(const std::string& name);

inline constexpr const char* qkd_not_certified =
    "NOT CERTIFIED: the claim rests on a hypothesis about the LDPC code that nobody has proved (the first assumption)";

void add_qkd_plan(CommandLine& line, CLI::App& parent);

}  // namespace bellows::cli
