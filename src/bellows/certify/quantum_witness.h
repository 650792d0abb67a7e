#pragma once

#include "bellows/plan/plan.h"

namespace bellows::certify {

/// The most that a quantum device is expected to earn in a trial with a source of bias mu: by a search over measurement
/// angles, in doubles. For planning and refusing only; no certificate rests on it.
/// Source: by Jordan's lemma two qubits measured in one plane suffice for two settings and two outcomes each; for given
///         angles it is the largest eigenvalue of a real 4x4 operator, and over sources a vertex of the polytope is best.
/// Cost:   some 5 ms for mu = 0 (uniform settings: what an honest device has), up to eight times that for others.
double quantum_witness_value(const plan::WitnessCoefficients& witness, plan::Polytope polytope, const numeric::Exact& mu);

/// The same, raised by more than the search is wrong by: what lies above is beyond every quantum device.
double beyond_quantum_witness(const plan::WitnessCoefficients& witness, plan::Polytope polytope, const numeric::Exact& mu);

/// With uniform settings; the last answer of each thread is remembered, since searches ask often.
double honest_witness_limit(const plan::WitnessCoefficients& witness);

}  // namespace bellows::certify
