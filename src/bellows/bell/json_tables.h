#pragma once

#include <nlohmann/json.hpp>

#include "bellows/bell/scenario.h"

/// Tables of exact fractions as JSON, for saved bounds: [outcomes, settings, "fraction"], what is left out is 0.
namespace bellows::bell {

nlohmann::json table_to_json(const Scenario& scenario, const RationalTable& table);
Result<RationalTable> table_from_json(const Scenario& scenario, const nlohmann::json& entries);

/// Errors: bad_input: the key is missing.
Result<const nlohmann::json*> member(const nlohmann::json& object, const char* key);
Result<Rational> rational_member(const nlohmann::json& object, const char* key);
/// The list of numbers of settings.
Result<Scenario> scenario_member(const nlohmann::json& object);

}  // namespace bellows::bell
