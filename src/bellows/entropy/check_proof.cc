#include "bellows/entropy/check_proof.h"

#include <flint/flint.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <vector>

#include "bellows/base/threads.h"
#include "bellows/entropy/check_cell.h"

namespace bellows::entropy {
namespace {

struct Leaf {
  Cell cell;
  const ReferenceMatrix* matrix;
  std::size_t class_index;
};

// alpha >= beta everywhere on the cell, in exact integers: alpha_index / 2^da >= (beta_index + 1) / 2^db.
bool lies_above_diagonal(const Cell& cell) {
  return mpz_class(cell.alpha_index) << static_cast<unsigned>(cell.beta_depth) >= mpz_class(cell.beta_index + 1) << static_cast<unsigned>(cell.alpha_depth);
}

// Walks the tree from the cell that is the whole domain. Splits halve a cell exactly and the nodes are consumed one for one,
// so the leaves and mirrored cells tile the domain: no gap and no overlap can be written down.
Status collect_leaves(const ClassProof& part, std::size_t class_index, std::vector<Leaf>& leaves) {
  const int root = part.setting.domain.quarter ? 1 : 0;
  std::vector<Cell> open{{0, root, 0, root}};
  std::size_t next_matrix = 0;
  for (const Node node : part.tree.nodes) {
    if (open.empty()) return bad_input("entropy proof: more cells than the tree has room for");
    const Cell cell = open.back();
    open.pop_back();
    if (cell.alpha_depth > max_cell_depth || cell.beta_depth > max_cell_depth) return bad_input("entropy proof: a tree that is too deep");
    switch (node) {
      case Node::leaf:
        if (next_matrix == part.tree.matrices.size()) return bad_input("entropy proof: a cell without a matrix");
        leaves.push_back({cell, &part.tree.matrices[next_matrix++], class_index});
        break;
      case Node::split_alpha:
        open.push_back(cell.high_alpha());
        open.push_back(cell.low_alpha());
        break;
      case Node::split_beta:
        open.push_back(cell.high_beta());
        open.push_back(cell.low_beta());
        break;
      case Node::mirrored:
        if (!part.setting.domain.ordered || !lies_above_diagonal(cell)) return bad_input("entropy proof: a cell is left out that no symmetry covers");
        break;
      default: return bad_input("entropy proof: a node that is neither leaf nor split");
    }
  }
  if (!open.empty() || next_matrix != part.tree.matrices.size()) return bad_input("entropy proof: cells are missing, or matrices are left over");
  return {};
}

}  // namespace

Result<CheckVerdict> check_proof(const EntropyProof& proof, const Context& context, long precision_bits) {
  if (precision_bits < 32 || precision_bits > 4096) return usage_error("precision must lie between 32 and 4096 bits");
  if (const std::string why = objection(proof.statement); !why.empty()) return bad_input("entropy proof: " + why);
  const std::vector<SettingClass> required = required_classes(proof.statement);
  if (!std::equal(required.begin(), required.end(), proof.classes.begin(), proof.classes.end(),
                  [](const SettingClass& want, const ClassProof& have) { return want == have.setting; }))
    return bad_input("entropy proof: the setting classes are not those that the statement requires", {}, {}, fmt::format("{} classes", required.size()),
                     fmt::format("{} classes", proof.classes.size()));
  if (proof.scale_bits < 0 || proof.scale_bits > 48) return bad_input("entropy proof: scale out of range");

  std::vector<Leaf> leaves;
  for (std::size_t i = 0; i < proof.classes.size(); ++i) BELLOWS_TRY(collect_leaves(proof.classes[i], i, leaves));

  CheckVerdict verdict;
  verdict.cells = leaves.size();
  std::mutex mutex;
  std::size_t first_refused = leaves.size();
  std::atomic<std::uint64_t> done{0};
  constexpr std::size_t piece = 64;
  parallel_for((leaves.size() + piece - 1) / piece, std::max(1u, context.thread_count), [&](std::uint64_t index, unsigned) {
    if (!context.check_cancelled().ok()) return;
    at_thread_end(flint_cleanup);
    ball_precision_bits = precision_bits;
    const std::size_t begin = index * piece, end = std::min(leaves.size(), begin + piece);
    std::optional<CellProblem> problem;
    std::size_t problem_class = 0;
    for (std::size_t i = begin; i < end; ++i) {
      const Leaf& leaf = leaves[i];
      if (!problem || problem_class != leaf.class_index) {
        problem.emplace(proof.statement, proof.classes[leaf.class_index].setting.probability);
        problem_class = leaf.class_index;
      }
      if (cell_is_proved(*problem, leaf.cell, *leaf.matrix, proof.scale_bits)) continue;
      const std::lock_guard lock(mutex);
      ++verdict.cells_refused;
      first_refused = std::min(first_refused, i);
    }
    const std::uint64_t so_far = done += end - begin;
    const std::lock_guard lock(mutex);
    context.report("checking entropy proof", so_far, leaves.size(), "cells");
  });
  BELLOWS_TRY(context.check_cancelled());
  if (first_refused < leaves.size()) {
    verdict.first_refused = leaves[first_refused].cell;
    verdict.first_refused_class = leaves[first_refused].class_index;
  }
  return verdict;
}

}  // namespace bellows::entropy
