#include "bellows/entropy/search_proof.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numbers>

#include "bellows/base/threads.h"
#include "bellows/entropy/search_cell.h"

namespace bellows::entropy {
namespace {

using search::Attack;
using search::Bases;
using search::CellAngles;
using search::CellProposal;
using search::Matrix4;

CellAngles angles_of(const Cell& cell) {
  const double alpha_width = std::ldexp(std::numbers::pi, -cell.alpha_depth), beta_width = std::ldexp(std::numbers::pi, -cell.beta_depth);
  return {(static_cast<double>(cell.alpha_index) + 0.5) * alpha_width, (static_cast<double>(cell.beta_index) + 0.5) * beta_width, alpha_width / 2,
          beta_width / 2};
}

ReferenceMatrix rounded(const Matrix4& m, int scale_bits) {
  ReferenceMatrix r;
  int at = 0;
  for (int i = 0; i < 4; ++i)
    for (int k = i; k < 4; ++k) r[at++] = std::llround(std::ldexp(m(i, k), scale_bits));
  return r;
}

Matrix4 as_stored(const ReferenceMatrix& numbers, int scale_bits) {
  Matrix4 m;
  int at = 0;
  for (int i = 0; i < 4; ++i)
    for (int k = i; k < 4; ++k, ++at) m(i, k) = m(k, i) = std::ldexp(static_cast<double>(numbers[at]), -scale_bits);
  return m;
}

// One class: depth first, so that the nodes come out in the order of the file; each cell starts from its parent's state.
class ClassSearch {
 public:
  ClassSearch(const Statement& statement, const SettingClass& setting, const SearchOptions& options, const Context& context, std::atomic<std::uint64_t>& cells)
      : problem_(statement, setting.probability), setting_(setting), options_(options), context_(context), cells_(cells) {}

  Status run() {
    const int root = setting_.domain.quarter ? 1 : 0;
    struct Open {
      Cell cell;
      Matrix4 start;
    };
    std::vector<Open> open{{{0, root, 0, root}, Matrix4::Identity() / 4}};
    while (!open.empty() && !refutation_) {
      const Open next = open.back();
      open.pop_back();
      const Cell& cell = next.cell;
      if (setting_.domain.ordered && std::ldexp(static_cast<double>(cell.alpha_index), -cell.alpha_depth) >=
                                         std::ldexp(static_cast<double>(cell.beta_index + 1), -cell.beta_depth)) {
        tree_.nodes.push_back(Node::mirrored);
        continue;
      }
      Matrix4 state = next.start;
      const Node node = prove_or_split(cell, state);
      tree_.nodes.push_back(node);
      if (node == Node::leaf) {
        const std::uint64_t count = ++cells_;
        if (count % 256 == 0) {
          BELLOWS_TRY(context_.check_cancelled());
          if (count > options_.most_cells) return refused("the search gave up: more cells than allowed; the statement may hold with more slack");
        }
        continue;
      }
      if (cell.alpha_depth >= max_cell_depth - 1 || cell.beta_depth >= max_cell_depth - 1) return refused("the search gave up: cells became too small");
      const bool along_alpha = node == Node::split_alpha;
      open.push_back({along_alpha ? cell.high_alpha() : cell.high_beta(), state});
      open.push_back({along_alpha ? cell.low_alpha() : cell.low_beta(), state});
    }
    return {};
  }

  CellTree take_tree() { return std::move(tree_); }
  const std::optional<Refutation>& refutation() const { return refutation_; }

 private:
  // Leaves the worst state of the centre in `state`, for the children to start from.
  Node prove_or_split(const Cell& cell, Matrix4& state) {
    const CellAngles angles = angles_of(cell);
    const Bases centre(angles.alpha, angles.beta);
    const Attack attack = search::worst_state(problem_, centre, state);
    state = attack.state;
    if (attack.value < problem_.intercept - 1e-9) {
      refutation_ = refutation_at(angles, centre, attack);
      return Node::leaf;
    }
    const double wanted = problem_.intercept + 2 * options_.margin_bits;
    const CellProposal proposal = search::propose_reference(problem_, centre, angles, attack.state, wanted, options_.most_steps);
    if (proposal.bound >= wanted) {
      const ReferenceMatrix matrix = rounded(proposal.log_reference, options_.scale_bits);
      const search::TurningOperator stored(problem_, centre, as_stored(matrix, options_.scale_bits));
      if (stored.bound(angles.half_alpha, angles.half_beta).value >= problem_.intercept + options_.margin_bits) {
        tree_.matrices.push_back(matrix);
        return Node::leaf;
      }
    }
    if (angles.half_alpha > 4 * angles.half_beta) return Node::split_alpha;
    if (angles.half_beta > 4 * angles.half_alpha) return Node::split_beta;
    const search::TurningOperator best(problem_, centre, proposal.log_reference);
    const bool alpha_gains = best.bound(angles.half_alpha / 2, angles.half_beta).value > best.bound(angles.half_alpha, angles.half_beta / 2).value;
    return alpha_gains ? Node::split_alpha : Node::split_beta;
  }

  Refutation refutation_at(const CellAngles& angles, const Bases& centre, const Attack& attack) const {
    const double score = search::expected_score(problem_, centre, attack.state);
    return {setting_.probability, angles.alpha, angles.beta, attack.state, score, attack.value + problem_.slope * score,
            problem_.slope * score + problem_.intercept};
  }

  search::Problem problem_;
  const SettingClass& setting_;
  const SearchOptions& options_;
  const Context& context_;
  std::atomic<std::uint64_t>& cells_;
  CellTree tree_;
  std::optional<Refutation> refutation_;
};

}  // namespace

Result<SearchOutcome> search_proof(const Statement& statement, const SearchOptions& options, const Context& context) {
  if (const std::string why = objection(statement); !why.empty()) return usage_error(why);
  // A cell beside the region where a false statement fails can be halved for ever: look for the lowest point first.
  SlopeLimit limit = slope_limit(statement, statement.slope.get_d());
  if (limit.attack.entropy_bits - limit.slope * limit.attack.score < statement.intercept.get_d() - 1e-9) {
    limit.attack.claimed_bits = limit.slope * limit.attack.score + statement.intercept.get_d();
    return SearchOutcome{{}, limit.attack};
  }
  const std::vector<SettingClass> classes = required_classes(statement);
  std::atomic<std::uint64_t> cells{0};
  std::vector<ClassSearch> searches;
  for (const SettingClass& setting : classes) searches.emplace_back(statement, setting, options, context, cells);
  std::vector<Status> done(classes.size());
  parallel_for(classes.size(), std::max(1u, context.thread_count), [&](std::uint64_t i, unsigned) { done[i] = searches[i].run(); });

  SearchOutcome outcome;
  for (const ClassSearch& one : searches)
    if (one.refutation() && !outcome.refutation) outcome.refutation = one.refutation();
  if (outcome.refutation) return outcome;
  for (Status& status : done) BELLOWS_TRY(std::move(status));
  EntropyProof proof;
  proof.statement = statement;
  proof.scale_bits = options.scale_bits;
  for (std::size_t i = 0; i < classes.size(); ++i) proof.classes.push_back({classes[i], searches[i].take_tree()});
  outcome.proof = std::move(proof);
  return outcome;
}

}  // namespace bellows::entropy
