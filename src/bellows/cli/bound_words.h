#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "bellows/bell/no_signalling.h"

/// Numbers, tables and bounds of the verb `bound`, in words and as JSON.
namespace bellows::cli {

/// Nine digits, also of numbers that no double holds.
std::string decimals(const bell::Rational& value);
/// The fraction where it can be read, else its decimals; --json has it in full.
std::string brief(const bell::Rational& value);
/// What a table is: a known expression, a probability, or a sum.
std::string describe(const bell::Scenario& s, const bell::RationalTable& table);
/// What a saved program bounds, from its tables and not from its title.
std::string describe(const bell::NoSignallingProgram& program);
/// The bound, the line that it is of, and how well it is proved.
std::string sentence(const bell::NoSignallingBound& bound);
nlohmann::json as_json(const bell::NoSignallingBound& bound);

}  // namespace bellows::cli
