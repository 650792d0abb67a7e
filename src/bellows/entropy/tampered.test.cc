#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <random>
#include <string>

#include "bellows/base/threads.h"
#include "bellows/entropy/check_proof.h"
#include "bellows/entropy/proof.h"
#include "bellows/entropy/search_cell.h"
#include "bellows/entropy/shipped_proofs.h"
#include "bellows/testing/shared_data.h"

// A shipped proof after somebody's hand: what the file says is refused, with the old digest and with a fresh one.
namespace bellows::entropy {
namespace {

EntropyProof shipped(std::string_view name) {
  for (const ShippedProof& file : shipped_proofs())
    if (file.name == name) return *parse_proof(file.bytes, file.name);
  ADD_FAILURE() << name << " does not ship";
  return {};
}

const EntropyProof& genuine() {
  static const EntropyProof proof = shipped("sv-mu-0.0075-lambda-16.32-slack-0.0001");
  return proof;
}

Context all_cores() {
  Context context;
  context.thread_count = available_core_count();
  return context;
}

/// Eighty cells: quick enough to be changed many times.
const EntropyProof& small() {
  static const EntropyProof proof = shipped("sv-mu-0.0075-lambda-46.782-slack-2.89972");
  return proof;
}

/// How far the lowest cell stays above the statement, in floating point and by the search's numerics, which the checker does not use.
double lowest_margin(const EntropyProof& proof) {
  double lowest = 1e300;
  for (const ClassProof& part : proof.classes) {
    const search::Problem problem(proof.statement, part.setting.probability);
    const int root = part.setting.domain.quarter ? 1 : 0;
    std::vector<Cell> open{{0, root, 0, root}};
    std::size_t next = 0;
    for (const Node node : part.tree.nodes) {
      const Cell cell = open.back();
      open.pop_back();
      if (node == Node::split_alpha) open.insert(open.end(), {cell.high_alpha(), cell.low_alpha()});
      if (node == Node::split_beta) open.insert(open.end(), {cell.high_beta(), cell.low_beta()});
      if (node != Node::leaf) continue;
      search::Matrix4 log_reference;
      int at = 0;
      const ReferenceMatrix& numbers = part.tree.matrices[next++];
      for (int i = 0; i < 4; ++i)
        for (int k = i; k < 4; ++k, ++at)
          log_reference(i, k) = log_reference(k, i) = std::ldexp(static_cast<double>(numbers[static_cast<std::size_t>(at)]), -proof.scale_bits);
      const double half_alpha = std::ldexp(std::numbers::pi, -cell.alpha_depth - 1), half_beta = std::ldexp(std::numbers::pi, -cell.beta_depth - 1);
      const search::Bases centre(half_alpha * static_cast<double>(2 * cell.alpha_index + 1), half_beta * static_cast<double>(2 * cell.beta_index + 1));
      const search::TurningOperator turning(problem, centre, log_reference);
      lowest = std::min(lowest, turning.bound(half_alpha, half_beta).value - proof.statement.intercept.get_d());
    }
  }
  return lowest;
}

/// Through a file whose digest is fresh, as an attacker would make it.
bool accepted(const EntropyProof& proof) {
  const auto back = parse_proof(serialise_proof(proof), "tampered");
  if (!back.ok()) return false;
  const auto verdict = check_proof(*back, all_cores(), 64);
  return verdict.ok() && verdict->proved();
}

struct Place {
  std::size_t class_index, node, matrix;
};

Place random_leaf(const EntropyProof& proof, std::mt19937_64& random) {
  const std::size_t class_index = random() % proof.classes.size();
  const CellTree& tree = proof.classes[class_index].tree;
  std::size_t matrix = random() % tree.matrices.size(), node = 0;
  for (std::size_t leaves = 0;; ++node)
    if (tree.nodes[node] == Node::leaf && leaves++ == matrix) return {class_index, node, matrix};
}

using Change = std::function<void(EntropyProof&, const Place&, std::mt19937_64&)>;

void expect_refused(const char* what, const Change& change) {
  std::mt19937_64 random(42);
  for (int round = 0; round < (testing::sanitized() ? 10 : 40); ++round) {
    EntropyProof proof = round % 8 == 0 ? genuine() : small();
    const Place at = random_leaf(proof, random);
    change(proof, at, random);
    EXPECT_FALSE(accepted(proof)) << what << ", round " << round;
  }
}

/// Any matrix that satisfies the inequality proves its cell, so a change need not break anything; where it does, the file is refused.
void expect_refused_where_broken(const char* what, int rounds, const Change& change) {
  std::mt19937_64 random(43);
  if (testing::sanitized()) rounds /= 3;
  int broken = 0;
  for (int round = 0; round < rounds; ++round) {
    EntropyProof proof = small();
    const Place at = random_leaf(proof, random);
    change(proof, at, random);
    const double margin = lowest_margin(proof);
    if (std::abs(margin) < 1e-9) continue;
    EXPECT_EQ(accepted(proof), margin > 0) << what << ", round " << round << ", margin " << margin;
    broken += margin < 0;
  }
  EXPECT_GT(broken, rounds / 4) << what;
}

std::ptrdiff_t offset(std::size_t index) { return static_cast<std::ptrdiff_t>(index); }

TEST(Tampered, TheGenuineProofIsAccepted) {
  EXPECT_EQ(genuine().cell_count(), 948u);
  EXPECT_TRUE(accepted(genuine()));
}

TEST(Tampered, OneCellRemoved) {
  expect_refused("node and matrix", [](EntropyProof& proof, const Place& at, auto&) {
    CellTree& tree = proof.classes[at.class_index].tree;
    tree.nodes.erase(tree.nodes.begin() + offset(at.node));
    tree.matrices.erase(tree.matrices.begin() + offset(at.matrix));
  });
  expect_refused("matrix", [](EntropyProof& proof, const Place& at, auto&) {
    auto& matrices = proof.classes[at.class_index].tree.matrices;
    matrices.erase(matrices.begin() + offset(at.matrix));
  });
  // The square of a removed cell given to its neighbour: a split above two leaves becomes one leaf with the matrix of one of them.
  expect_refused_where_broken("merged", 30, [](EntropyProof& proof, const Place& at, auto&) {
    CellTree& tree = proof.classes[at.class_index].tree;
    std::vector<std::pair<std::size_t, std::size_t>> pairs;
    for (std::size_t i = 0, leaves = 0; i + 2 < tree.nodes.size(); leaves += tree.nodes[i] == Node::leaf, ++i)
      if (tree.nodes[i] != Node::leaf && tree.nodes[i] != Node::mirrored && tree.nodes[i + 1] == Node::leaf && tree.nodes[i + 2] == Node::leaf)
        pairs.emplace_back(i, leaves);
    const auto [node, leaf] = pairs[at.matrix % pairs.size()];
    tree.nodes.erase(tree.nodes.begin() + offset(node), tree.nodes.begin() + offset(node) + 2);
    tree.matrices.erase(tree.matrices.begin() + offset(leaf));
  });
}

TEST(Tampered, OneCellDoubled) {
  expect_refused("node and matrix", [](EntropyProof& proof, const Place& at, auto&) {
    CellTree& tree = proof.classes[at.class_index].tree;
    tree.nodes.insert(tree.nodes.begin() + offset(at.node), Node::leaf);
    const ReferenceMatrix twin = tree.matrices[at.matrix];
    tree.matrices.insert(tree.matrices.begin() + offset(at.matrix), twin);
  });
}

TEST(Tampered, OneCellShifted) {
  // The matrices from one cell on move up by one place.
  expect_refused_where_broken("matrices", 30, [](EntropyProof& proof, const Place& at, auto&) {
    auto& matrices = proof.classes[at.class_index].tree.matrices;
    std::rotate(matrices.begin() + offset(at.matrix), matrices.end() - 1, matrices.end());
  });
  // A split along the other angle shifts all cells below it. (Not in the ordered class, where the diagonal would have to stay covered.)
  expect_refused_where_broken("split", 30, [](EntropyProof& proof, const Place&, auto& random) {
    auto& nodes = proof.classes[1].tree.nodes;
    std::size_t i = random() % nodes.size();
    while (nodes[i] != Node::split_alpha && nodes[i] != Node::split_beta) i = random() % nodes.size();
    nodes[i] = nodes[i] == Node::split_alpha ? Node::split_beta : Node::split_alpha;
  });
}

TEST(Tampered, OneNumberChanged) {
  expect_refused_where_broken("entry of a matrix", testing::long_tests() ? 2000 : 80, [](EntropyProof& proof, const Place& at, auto& random) {
    std::int64_t& entry = proof.classes[at.class_index].tree.matrices[at.matrix][random() % 10];
    const std::int64_t change = std::int64_t{1} << random() % (static_cast<unsigned>(proof.scale_bits) + 4);
    entry += random() & 1 ? change : -change;
  });
}

TEST(Tampered, TheOldDigestRefusesEveryOneOfThem) {
  const std::string bytes = serialise_proof(genuine());
  std::mt19937_64 random(7);
  for (int round = 0; round < 200; ++round) {
    std::string wrong = bytes;
    const std::size_t at = random() % wrong.size();
    switch (round % 4) {
      case 0: wrong[at] = static_cast<char>(wrong[at] ^ (1 << random() % 8)); break;
      case 1: wrong.erase(at, 1); break;
      case 2: wrong.insert(at, 1, wrong[at]); break;
      default: std::rotate(wrong.begin() + offset(at), wrong.begin() + offset(at) + 1, wrong.end()); break;
    }
    EXPECT_TRUE(wrong == bytes || !parse_proof(wrong, "x").ok()) << round;
  }
}

Statement with(const mpq_class& slope, const mpq_class& slack) {
  Statement s = genuine().statement;
  s.slope = slope;
  s.intercept = -slope * local_score(s.polytope, s.mu, s.score) - slack;
  return s;
}

// The limit is 16.3310: 16.35 is false, and no cells can prove it.
TEST(Tampered, WrongSlopesAndSlacksAreRefused) {
  int number = 0;
  for (const auto& [slope, slack] : {std::pair(mpq_class(327, 20), mpq_class(1, 10000)), std::pair(mpq_class(817, 50), mpq_class(1, 10000)),
                                     std::pair(mpq_class(408, 25), mpq_class(0)), std::pair(mpq_class(408, 25), mpq_class(1, 1000000)),
                                     std::pair(mpq_class(17), mpq_class(1, 1000)), std::pair(mpq_class(20), mpq_class(1, 10))}) {
    if (testing::sanitized() && number++ % 3 != 0) continue;
    EntropyProof proof = genuine();
    proof.statement = with(slope, slack);
    EXPECT_FALSE(accepted(proof)) << slope << " " << slack;
  }
  EntropyProof weaker = genuine();
  weaker.statement = with(mpq_class(408, 25), mpq_class(2, 10000));
  EXPECT_TRUE(accepted(weaker)) << "more slack is a weaker statement, and the same cells prove it";
}

TEST(Tampered, VerdictsDoNotDependOnThePrecision) {
  EntropyProof false_one = small();
  false_one.statement.intercept += mpq_class(1, 500);
  const auto refused_cells = [](const EntropyProof& proof, long precision) {
    const auto verdict = check_proof(proof, all_cores(), precision);
    return verdict.ok() ? static_cast<long>(verdict->cells_refused) : -1;
  };
  const long refused = refused_cells(false_one, 256);
  EXPECT_GT(refused, 0);
  for (const long precision : testing::sanitized() ? std::vector<long>{48, 128} : std::vector<long>{48, 53, 64, 80, 96, 128, 192, 256}) {
    EXPECT_EQ(refused_cells(small(), precision), 0) << precision;
    EXPECT_EQ(refused_cells(false_one, precision), refused) << precision;
  }
  for (const long precision : {48, 256}) EXPECT_EQ(refused_cells(genuine(), precision), 0) << precision;
}

}  // namespace
}  // namespace bellows::entropy
