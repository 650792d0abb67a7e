#pragma once

#include <cstdint>
#include <optional>

#include "bellows/ecc/concatenated_bound.h"

namespace bellows::ecc {

/// The shape that publishes least, of those looked at, for which fails_rarely(shape, known, epsilon). Nothing: none.
/// Doubles propose; balls decide.
std::optional<ConcatenatedShape> plan_concatenated(const KnownErrors& known, const numeric::Exact& epsilon);

/// The same without balls, ten times faster: what plan_concatenated gives unless balls disagree. For planning.
std::optional<ConcatenatedShape> propose_concatenated(const KnownErrors& known, double epsilon);

/// About what plan_concatenated's shape publishes, from one shape in doubles: for planning. Cost: some milliseconds,
/// more where no similar string was asked for before.
std::optional<std::uint64_t> likely_concatenated_bits(const KnownErrors& known, double epsilon);

}  // namespace bellows::ecc
