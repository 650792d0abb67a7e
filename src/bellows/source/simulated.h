#pragma once

#include "bellows/source/source.h"

namespace bellows::source {

/// Bits of probability one half; its owner may claim any bias.
Result<std::unique_ptr<Source>> uniform_source(double mu);
/// A good source of bias mu: its bits drift (up to mu/2, over some 10^6 trials) and y leans to
/// or away from what x was (up to mu/2); over a long run both even out.
Result<std::unique_ptr<Source>> honest_source(double mu);
/// As bad without any plan: every bit is 1 with probability 1/2 + mu.
Result<std::unique_ptr<Source>> edge_source(double mu);
/// Every bit leans by mu to repeat the bit before, also from trial to trial.
Result<std::unique_ptr<Source>> remembering_source(double mu);
/// Avoids the pair that all settings of the block so far mark (bell/history.h); what else it may choose follows from
/// them too. Every bit is at an end of its range.
Result<std::unique_ptr<Source>> history_source(double mu);
/// Knows the device: helps a shared strategy, or avoids the pair that the device would lose on, or makes the pairs that
/// it wins most often as likely as it may. Errors: usage: a strategy that asks for more bias than mu.
Result<std::unique_ptr<Source>> scheming_source(double mu, const DeviceKnowledge& device);

/// Errors: usage: mu outside [0, 1/2) or not a number.
Status check_bias(double mu);

}  // namespace bellows::source
