#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "bellows/entropy/check_cell.h"
#include "bellows/entropy/check_proof.h"
#include "bellows/entropy/search_proof.h"

namespace bellows::entropy {
namespace {

mpq_class fraction(long p, long q) {
  mpq_class value(p, q);
  value.canonicalize();
  return value;
}

Statement win_statement(const mpq_class& mu, SettingPolytope polytope, const mpq_class& slope, const mpq_class& slack) {
  Statement s;
  s.mu = mu;
  s.polytope = polytope;
  s.score = TrialScore::win();
  s.slope = slope;
  s.intercept = -slope * local_score(polytope, mu, s.score) - slack;
  return s;
}

EntropyProof found(const Statement& statement, int scale_bits = 14) {
  SearchOptions options;
  options.scale_bits = scale_bits;
  auto outcome = search_proof(statement, options, {});
  if (!outcome.ok() || !outcome->proof) {
    ADD_FAILURE() << "no proof found";
    return {};
  }
  return *outcome->proof;
}

const EntropyProof& example() {
  static const EntropyProof proof = found(win_statement(fraction(3, 400), SettingPolytope::santha_vazirani, fraction(1600, 100), fraction(1, 1000)));
  return proof;
}

bool proved(const EntropyProof& proof, long precision = default_check_precision_bits) {
  const auto verdict = check_proof(proof, {}, precision);
  return verdict.ok() && verdict->proved();
}

using Symmetry = std::array<int, 4>;  // setting pair -> setting pair

// Every vertex must be carried to a listed class by flips of x and y (and a swap of the parties where both outcomes count).
TEST(SettingClasses, OrbitsOfTheListedClassesAreAllVertices) {
  const Symmetry flip_x{2, 3, 0, 1}, flip_y{1, 0, 3, 2}, swap{0, 2, 1, 3};
  for (const auto polytope : {SettingPolytope::santha_vazirani, SettingPolytope::box})
    for (const auto entropy : {EntropyOf::both_outcomes, EntropyOf::first_outcome})
      for (const auto& mu : {fraction(0, 1), fraction(3, 400), fraction(11, 100)}) {
        Statement s = win_statement(mu, polytope, 16, 0);
        s.entropy = entropy;
        std::vector<SettingDistribution> reached;
        std::vector<Symmetry> generators{flip_x, flip_y};
        if (entropy == EntropyOf::both_outcomes) generators.push_back(swap);
        for (const auto& one : required_classes(s)) reached.push_back(one.probability);
        const std::size_t class_count = reached.size();
        for (std::size_t i = 0; i < reached.size(); ++i)
          for (const auto& g : generators) {
            SettingDistribution image;
            for (int xy = 0; xy < 4; ++xy) image[g[xy]] = reached[i][xy];
            if (std::find(reached.begin(), reached.end(), image) == reached.end()) reached.push_back(image);
          }
        for (const auto& vertex : vertices(polytope, mu)) {
          EXPECT_EQ(vertex[0] + vertex[1] + vertex[2] + vertex[3], 1);
          EXPECT_NE(std::find(reached.begin(), reached.end(), vertex), reached.end()) << mu << " class missing, of " << class_count;
        }
      }
}

// The reduced domains are allowed only where the distribution has the symmetry.
TEST(SettingClasses, ReducedDomainsNeedTheirSymmetry) {
  for (const auto polytope : {SettingPolytope::santha_vazirani, SettingPolytope::box})
    for (const auto& mu : {fraction(0, 1), fraction(3, 400), fraction(11, 100)})
      for (const auto& one : required_classes(win_statement(mu, polytope, 16, 0))) {
        const auto& p = one.probability;
        EXPECT_TRUE(!one.domain.ordered || p[1] == p[2]);
        EXPECT_TRUE(!one.domain.quarter || (p[0] == p[1] && p[1] == p[2] && p[2] == p[3]));
      }
}

TEST(SettingClasses, BoxHoldsTheSanthaVaziraniPolytope) {
  const mpq_class mu = fraction(1, 50);
  for (const auto& vertex : vertices(SettingPolytope::santha_vazirani, mu))
    for (const auto& p : vertex) {
      EXPECT_GE(p, (fraction(1, 2) - mu) * (fraction(1, 2) - mu));
      EXPECT_LE(p, (fraction(1, 2) + mu) * (fraction(1, 2) + mu));
    }
  EXPECT_EQ(vertices(SettingPolytope::santha_vazirani, mu).size(), 8u);
  EXPECT_EQ(vertices(SettingPolytope::box, mu).size(), 12u);
  EXPECT_EQ(vertices(SettingPolytope::box, 0).size(), 1u);
}

TEST(SettingClasses, LocalScoreOfTheWinScoreIsOneMinusMuMin) {
  for (const auto polytope : {SettingPolytope::santha_vazirani, SettingPolytope::box})
    EXPECT_EQ(local_score(polytope, fraction(3, 400), TrialScore::win()), 1 - fraction(197, 400) * fraction(197, 400));
  // The MDL value is at most zero for local strategies, whatever the source.
  EXPECT_EQ(local_score(SettingPolytope::box, fraction(3, 400), TrialScore::mdl(fraction(3, 400))), 0);
}

TEST(CheckProof, AcceptsWhatTheSearchFindsAtEveryPrecision) {
  for (const long precision : {48, 64, 96, 128, 256}) EXPECT_TRUE(proved(example(), precision)) << precision;
}

TEST(CheckProof, ThreadsDoNotChangeTheVerdict) {
  EntropyProof wrong = example();
  wrong.statement.slope = 17;
  wrong.statement.intercept = -17 * local_score(SettingPolytope::santha_vazirani, wrong.statement.mu, wrong.statement.score) - fraction(1, 1000);
  Context three;
  three.thread_count = 3;
  const auto one = check_proof(wrong, {}), many = check_proof(wrong, three);
  ASSERT_TRUE(one.ok() && many.ok());
  EXPECT_GT(one->cells_refused, 0u);
  EXPECT_EQ(one->cells_refused, many->cells_refused);
  EXPECT_EQ(one->first_refused->alpha_index, many->first_refused->alpha_index);
  EXPECT_EQ(one->first_refused_class, many->first_refused_class);
}

TEST(CheckProof, RefusesParametersThatTheCellsDoNotProve) {
  EntropyProof p = example();
  p.statement.intercept += fraction(2, 1000);  // above the local bound
  EXPECT_FALSE(proved(p));
  p = example();
  p.statement.mu = fraction(1, 100);  // other classes than those listed
  EXPECT_FALSE(check_proof(p, {}).ok());
  p = example();
  p.statement.polytope = SettingPolytope::box;
  EXPECT_FALSE(check_proof(p, {}).ok());
  p = example();
  p.statement.entropy = EntropyOf::first_outcome;
  EXPECT_FALSE(check_proof(p, {}).ok());
  p = example();
  p.statement.score.weight[0][0] = fraction(101, 100);
  EXPECT_FALSE(check_proof(p, {}).ok());
  p = example();
  p.scale_bits += 1;
  EXPECT_FALSE(proved(p));
}

TEST(CheckProof, RefusesWrongClassLists) {
  EntropyProof p = example();
  p.classes.pop_back();
  EXPECT_FALSE(check_proof(p, {}).ok());
  p = example();
  p.classes.push_back(p.classes.back());
  EXPECT_FALSE(check_proof(p, {}).ok());
  p = example();
  std::swap(p.classes[0], p.classes[1]);
  EXPECT_FALSE(check_proof(p, {}).ok());
  p = example();
  p.classes[1].setting.domain.ordered = true;
  EXPECT_FALSE(check_proof(p, {}).ok());
  p = example();
  p.classes.clear();
  EXPECT_FALSE(check_proof(p, {}).ok());
}

TEST(CheckProof, RefusesTreesThatDoNotTile) {
  const auto refuses = [](const auto& change) {
    EntropyProof p = example();
    change(p.classes[0].tree);
    return !proved(p);
  };
  EXPECT_TRUE(refuses([](CellTree& t) { t.nodes.pop_back(); }));
  EXPECT_TRUE(refuses([](CellTree& t) { t.nodes.push_back(Node::leaf), t.matrices.push_back(t.matrices.back()); }));
  EXPECT_TRUE(refuses([](CellTree& t) { t.matrices.pop_back(); }));
  EXPECT_TRUE(refuses([](CellTree& t) { t.matrices.push_back(t.matrices.back()); }));
  EXPECT_TRUE(refuses([](CellTree& t) { t = {{Node::mirrored}, {}}; }));
  EXPECT_TRUE(refuses([](CellTree& t) { t = {}; }));
  EXPECT_TRUE(refuses([](CellTree& t) { t = {{Node{7}}, {}}; }));
  // A cell left out as "mirrored" where no symmetry covers it.
  EXPECT_TRUE(refuses([](CellTree& t) {
    const auto leaf = std::find(t.nodes.begin(), t.nodes.end(), Node::leaf);
    *leaf = Node::mirrored;
    t.matrices.erase(t.matrices.begin());
  }));
  EXPECT_TRUE(refuses([](CellTree& t) {
    t.nodes.assign(70, Node::split_alpha);
    t.nodes.insert(t.nodes.end(), 71, Node::leaf);
    t.matrices.assign(71, t.matrices.front());
  }));
}

// Exchanging the matrices of neighbours, or moving one, breaks the bound wherever the matrices really differ.
TEST(CheckProof, RefusesShiftedMatricesAndChangedNumbers) {
  std::mt19937_64 random(1);
  EntropyProof shifted = example();
  auto& matrices = shifted.classes[0].tree.matrices;
  std::rotate(matrices.begin(), matrices.begin() + 1, matrices.end());
  EXPECT_FALSE(proved(shifted));
  int refused = 0;
  constexpr int rounds = 20;
  for (int i = 0; i < rounds; ++i) {
    EntropyProof p = example();
    auto& tree = p.classes[random() % 2].tree;
    auto& entry = tree.matrices[random() % tree.matrices.size()][random() % 10];
    entry += std::int64_t{6} << p.scale_bits;
    refused += !proved(p);
  }
  EXPECT_EQ(refused, rounds);
}

TEST(ProofFile, RoundTrip) {
  const std::string bytes = serialise_proof(example());
  const auto back = parse_proof(bytes, "x");
  ASSERT_TRUE(back.ok()) << back.error().describe();
  EXPECT_EQ(serialise_proof(*back), bytes);
  EXPECT_EQ(back->cell_count(), example().cell_count());
  EXPECT_TRUE(proved(*back));
  const auto statement = parse_proof_statement(bytes, "x");
  ASSERT_TRUE(statement.ok());
  EXPECT_EQ(statement->intercept, example().statement.intercept);
}

std::string with_digest(std::string body) {
  const Digest digest = sha256(body);
  body.append(reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size());
  return body;
}

TEST(ProofFile, AnyChangedByteFailsTheDigest) {
  const std::string bytes = serialise_proof(example());
  for (std::size_t at = 0; at < bytes.size(); at += 97) {
    std::string wrong = bytes;
    wrong[at] = static_cast<char>(wrong[at] ^ 1);
    EXPECT_FALSE(parse_proof(wrong, "x").ok()) << at;
  }
  for (const std::size_t length : {std::size_t{0}, std::size_t{7}, std::size_t{31}, std::size_t{100}, bytes.size() - 1}) EXPECT_FALSE(parse_proof(bytes.substr(0, length), "x").ok());
  EXPECT_FALSE(parse_proof(bytes + "x", "x").ok());
}

// With the digest made anew, the structure has to catch it.
TEST(ProofFile, RefusesMalformedFilesWithAFreshDigest) {
  const std::string bytes = serialise_proof(example());
  const std::string body = bytes.substr(0, bytes.size() - 32);
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string text = body;
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return with_digest(text.replace(at, from.size(), to));
  };
  ASSERT_TRUE(parse_proof(with_digest(body), "x").ok());
  const std::vector<std::pair<std::string, std::string>> changes{
      {"proof 1", "proof 2"},   {"both-outcomes", "all-outcomes"}, {"santha-vazirani", "sphere"},    {"mu 3/400", "mu 6/800"},  {"mu 3/400", "mu 0.0075"},
      {"mu 3/400", "mu 1/2"},   {"mu 3/400", "mu -3/400"},         {"slope 16", "slope +16"},        {"slope 16", "slope 16 1"}, {"slope 16", "slope"},
      {"slope 16", "slope -1"}, {"score win", "score"},            {"score win", "score weights 1"}, {"scale-bits 14", "scale-bits 99"}, {"scale-bits 14", "scale-bits 014"},
      {" ordered ", " half "},  {"mu ", "mu  "},                   {"cells\n", "cells 1\n"},         {"mu 3/400", "mu 3/0"},    {"nodes ", "nodes 9"},
      {"leaves ", "leaves 99999999"},
  };
  for (const auto& [from, to] : changes) EXPECT_FALSE(parse_proof(changed(from, to), "x").ok()) << from << " -> " << to;
  EXPECT_FALSE(parse_proof(with_digest(body + std::string(1, '\0')), "x").ok()) << "trailing data";
  EXPECT_FALSE(parse_proof(with_digest(body.substr(0, body.size() - 1)), "x").ok()) << "cut";
  std::string too_deep = body.substr(0, body.find("cells\n"));
  EXPECT_FALSE(parse_proof(with_digest(too_deep), "x").ok()) << "no cells";
}

TEST(ProofFile, DecimalsAreRoundedDown) {
  EXPECT_EQ(decimal_rounded_down(fraction(1, 3), 4), "0.3333");
  EXPECT_EQ(decimal_rounded_down(fraction(-1, 3), 4), "-0.3334");
  EXPECT_EQ(decimal_rounded_down(fraction(204, 12), 2), "17.00");
  EXPECT_EQ(decimal_rounded_down(fraction(1, 1000), 2), "0.00");
}

}  // namespace
}  // namespace bellows::entropy
