#include "bellows/certify/quantum_witness.h"

#include <gtest/gtest.h>

#include <cmath>

#include "bellows/certify/design.h"
#include "bellows/certify/two_sided.h"
#include "bellows/certify/witness.h"

namespace bellows::certify {
namespace {

using numeric::Exact;

/// S + tilt <A_0> with uniform settings.
plan::WitnessCoefficients tilted_chsh(double tilt) {
  plan::WitnessCoefficients w;
  for (unsigned i = 0; i < 16; ++i) {
    const unsigned x = i >> 3, y = i >> 2 & 1, a = i >> 1 & 1, b = i & 1;
    const double value = 4 * ((x & y) ^ a ^ b ? -1 : 1) + (x == 0 ? 2 * tilt * (a != 0 ? -1 : 1) : 0);
    w[i] = Exact::literal(std::to_string(value));
  }
  return w;
}

// Origin: sqrt(8 + 2 tilt^2) (Acin, Massar, Pironio 2012); (sqrt 2 - 1)/32 of the MDL value at mu = 0.
TEST(QuantumWitness, KnownMaxima) {
  for (double tilt : {0.0, 0.5, 1.0, 1.5})
    EXPECT_NEAR(honest_witness_limit(tilted_chsh(tilt)), std::sqrt(8 + 2 * tilt * tilt), 1e-9) << tilt;
  EXPECT_NEAR(honest_witness_limit(mdl_witness(Exact())), (std::sqrt(2) - 1) / 32, 1e-10);
}

TEST(QuantumWitness, LiesBetweenLocalAndAlgebraicValue) {
  for (const char* text : {"0.0075", "0.1"})
    for (auto polytope : {plan::Polytope::santha_vazirani, plan::Polytope::box}) {
      const Exact mu = Exact::literal(text);
      const auto witness = mdl_witness(mu);
      const double quantum = quantum_witness_value(witness, polytope, mu);
      EXPECT_GE(quantum, local_witness_value(witness, polytope, mu).approximate() - 1e-9);
      EXPECT_GE(quantum, honest_witness_limit(witness) - 1e-9);
      EXPECT_LT(quantum, largest_witness_value(witness, polytope, mu).approximate());
      EXPECT_LE(honest_witness_limit(witness), (std::sqrt(2) - 1) / 32);
    }
}

// 0.0139 is within what signalling boxes reach, and beyond every quantum device.
TEST(QuantumWitness, NothingIsPlannedBeyondIt) {
  const Exact mu = Exact::literal("0.0075");
  Design design;
  design.score = 0.0139;
  design.trial_count = 1000000000;
  design.mu = mu;
  design.epsilon = Exact::literal("1e-9");
  design.wishes.method = plan::Method::witness;
  design.wishes.witness = mdl_witness(mu);
  const auto solved = solve(design);
  ASSERT_FALSE(solved.ok());
  EXPECT_EQ(solved.error().code, ErrorCode::usage) << solved.error().describe();

  PlanWishes wishes = design.wishes;
  wishes.mu = mu;
  wishes.epsilon = *design.epsilon;
  wishes.trial_count = 1000000000;
  wishes.threshold = Exact::literal("0.0139");
  const auto plan = built_in_plan(wishes);
  ASSERT_FALSE(plan.ok());
  EXPECT_NE(plan.error().describe().find("quantum maximum"), std::string::npos) << plan.error().describe();
}

}  // namespace
}  // namespace bellows::certify
