#pragma once

#include <cstdint>

#include "bellows/numeric/exact.h"

namespace bellows::ecc {

/// At most so many errors lie in n_unseen places when `seen_errors` lay in n_seen others, which places are which being
/// uniformly random: exceeded with probability epsilon at most, whatever the errors.
/// In:     seen_errors <= n_seen; n_seen + n_unseen < 2^53; 0 < epsilon < 1.
/// Out:    rounded up: the chance is bounded in balls.
/// Claim:  for every number K of errors in all, P(K - seen > the number named for `seen`) <= epsilon. Let u be the
///         smallest number of unseen errors with P(at most `seen` seen | K = seen + u) <= epsilon; the number named is
///         u - 1. The tail falls as K grows, so all larger u are as unlikely; and of all `seen` that would exceed their
///         number for one K, the largest alone has a tail that holds the others.
/// Source: hypergeometric tail; its terms are log-concave, so that with r the ratio of the last two the tail is at most
///         its last term / (1 - r).
/// Cost:   a millisecond.
std::uint64_t most_unseen_errors(std::uint64_t n_seen, std::uint64_t seen_errors, std::uint64_t n_unseen,
                                 const numeric::Exact& epsilon);

/// The same in doubles, about a hundred times faster: for planning only.
std::uint64_t likely_most_unseen_errors(std::uint64_t n_seen, std::uint64_t seen_errors, std::uint64_t n_unseen,
                                        double epsilon);

}  // namespace bellows::ecc
