#pragma once
// The proof file: a statement, and for each setting class a tree of cells with one matrix a leaf. docs/format-entropy-proof.md
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "bellows/base/digest.h"
#include "bellows/base/result.h"
#include "bellows/entropy/cell.h"
#include "bellows/entropy/statement.h"

namespace bellows::entropy {

/// What a node of a tree is; the value is its byte in the file.
enum class Node : std::uint8_t {
  leaf = 0,         ///< a matrix proves the bound on this cell
  split_alpha = 1,  ///< the lower half of alpha follows, then the upper
  split_beta = 2,
  mirrored = 3,  ///< alpha >= beta throughout, in an ordered domain: the swap of the parties covers it
};

/// Cells of one setting class: nodes in prefix order, and the matrices of the leaves in the same order.
struct CellTree {
  std::vector<Node> nodes;
  std::vector<ReferenceMatrix> matrices;
};

struct ClassProof {
  SettingClass setting;
  CellTree tree;
};

/// A whole proof file. That it parses says nothing about whether it proves its statement: `check_proof` does.
struct EntropyProof {
  Statement statement;
  int scale_bits = 20;  ///< matrices are stored times 2^scale_bits
  std::vector<ClassProof> classes;

  std::uint64_t cell_count() const;
};

/// The bytes of the file; the last 32 are the SHA-256 of all before them, which is also the name of the proof in certificates.
std::string serialise_proof(const EntropyProof& proof);

/// The digest that ends the file. Errors: bad_input: shorter than a digest.
Result<Digest> proof_digest(std::string_view bytes);

/// Whether that digest is the SHA-256 of all before it.
bool ends_with_own_digest(std::string_view bytes);

/// In:     bytes: the whole file; name: for messages.
/// Errors: bad_input: not a proof file, another version, truncated, trailing data, a digest that does not fit, numbers not in lowest terms,
///         a tree deeper than max_cell_depth in either angle, a node that is none of the four.
Result<EntropyProof> parse_proof(std::string_view bytes, const std::string& name);

/// The statement alone, read from the header; the digest is not compared. For listing many proofs quickly.
Result<Statement> parse_proof_statement(std::string_view bytes, const std::string& name);

/// p/q as a decimal rounded down (toward minus infinity) to the digits given.
std::string decimal_rounded_down(const mpq_class& value, int digits);

}  // namespace bellows::entropy
