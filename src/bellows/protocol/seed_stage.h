#pragma once

#include "bellows/bits/bit_string.h"
#include "bellows/bits/keyed_stream.h"
#include "bellows/protocol/experiment.h"
#include "bellows/protocol/kulikov.h"
#include "bellows/trials/reader.h"

namespace bellows::protocol {

/// The key that fixes a simulation: the request's, the one in the run folder, or a fresh one, which is kept there
/// before anything is drawn with it. Errors: refused: the folder holds another key.
Result<bits::StreamKey> fixed_simulation_key(const AmplifyRequest& request, const RunFolder& folder);

/// The seed of the run: the one in the folder, or plan.seed_bits bits drawn now (the requested file, the simulated
/// source continued, or the system's generator), written to the folder before it is used. In:     experiment: nullptr
/// for records of a real one. Errors: bad_input: too short, or a copy of bits of the log; refused: used before for
/// another plan.
Result<bits::BitString> fixed_seed(const AmplifyRequest& request, const plan::Plan& plan, const RunFolder& folder,
                                   Experiment* experiment, const bits::StreamKey& key, const trials::LogReader& log);

/// Enters the seed into the ledger before it is used, so that it never hashes two raw strings. The use is named by plan
/// and settings, both of which Eve may know: nothing that depends on outcomes leaves the run folder. A simulated seed
/// is not entered; it follows from a key, and nobody may take it for randomness. In:     used: the bits of the seed
/// that the hash takes. Errors: refused: the seed served another plan or other trials; bad_input: the ledger cannot be
/// written.
Status enter_seed_use(const AmplifyRequest& request, bits::BitView used, const Digest& plan_digest,
                      const trials::LogReader& log);

/// Where the seed came from, for the certificate.
std::string seed_origin_in_words(const AmplifyRequest& request);

}  // namespace bellows::protocol
