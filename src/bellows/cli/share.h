#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "bellows/base/result.h"

namespace bellows::cli {

/// An option whose value is a share of a whole (a noise, a chance, an efficiency), written as biases are: 0.02, 2%, 1/50.
CLI::Option* add_share(CLI::App& verb, const std::string& name, double& share, const std::string& help);

/// Errors: usage: not 0 <= share <= 1 (or < 1); says how a percentage is written where one seems to be meant.
Status check_share(const std::string& what, double share, bool may_be_one = true);

}  // namespace bellows::cli
