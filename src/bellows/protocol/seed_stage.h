#pragma once

#include "bellows/bits/bit_string.h"
#include "bellows/bits/keyed_stream.h"
#include "bellows/certify/statements.h"
#include "bellows/protocol/experiment.h"
#include "bellows/protocol/kulikov.h"
#include "bellows/trials/reader.h"

namespace bellows::protocol {

/// The key that fixes a simulation: the request's, the one in the run folder, or a fresh one, which is kept there
/// before anything is drawn with it. Errors: refused: the folder holds another key.
Result<bits::StreamKey> fixed_simulation_key(const AmplifyRequest& request, const RunFolder& folder);

struct Seed {
  bits::BitString bits;
  certify::SeedOrigin origin = certify::SeedOrigin::not_drawn;
};

/// The seed of the run: the one in the folder, or plan.seed_bits bits drawn now (the requested file, the simulated
/// source continued, or the system's generator), written to the folder, with its origin, before it is used.
/// In:     experiment: nullptr for records of a real one.
/// Errors: bad_input: too short, or a copy of bits of the log. refused: the folder's seed is not the requested file's.
Result<Seed> fixed_seed(const AmplifyRequest& request, const plan::Plan& plan, const RunFolder& folder,
                        Experiment* experiment, const bits::StreamKey& key, const trials::LogReader& log);

/// For a run that is finished. Errors: refused: the request names a seed file, and the run used another seed.
Status require_same_seed(const AmplifyRequest& request, const plan::Plan& plan, const RunFolder& folder);

}  // namespace bellows::protocol
