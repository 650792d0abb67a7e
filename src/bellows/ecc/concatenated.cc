#include "bellows/ecc/concatenated.h"

#include <algorithm>

#include "bellows/base/check.h"
#include "bellows/base/threads.h"

namespace bellows::ecc {
namespace {

constexpr std::uint32_t nowhere = ~std::uint32_t{0};

void append_element(bits::BitString& to, std::uint64_t& at, std::uint64_t element, unsigned bits) {
  bits::copy_bits({&element, bits}, to.words(), at);
  at += bits;
}

}  // namespace

ConcatenatedCode::ConcatenatedCode(const ConcatenatedShape& shape, Deal deal)
    : shape_(shape),
      deal_(std::move(deal)),
      field_(element_field(shape.element_bits)),
      across_(element_field(shape.symbol_bits()), shape.blocks) {
  for (std::uint32_t errors = 0; errors <= shape.most_block_errors(); ++errors)
    inside_.emplace_back(shape.block_bits(), errors);
}

Result<ConcatenatedCode> ConcatenatedCode::make(const ConcatenatedShape& shape, bits::BitView random) {
  BELLOWS_CHECK(is_possible(shape), "not the shape of a code");
  BELLOWS_ASSIGN(auto dealt, deal(shape, random));
  return ConcatenatedCode(shape, std::move(dealt));
}

Result<ConcatenatedCode::Blocks> ConcatenatedCode::blocks_of(bits::BitView string, const Context& context) const {
  BELLOWS_CHECK(string.size_bits == shape_.raw_bits, "the code is for another length");
  Blocks out;
  out.check.resize(shape_.blocks);
  bits::BitString dealt(shape_.places());
  const std::uint32_t block_bits = shape_.block_bits();
  for (std::uint64_t i = 0; i < shape_.raw_bits; ++i) {
    // Places are public, bits are not: no branch, and no address, depends on them.
    const std::uint32_t place = deal_.place[i];
    const std::uint64_t bit = string[i] ? 1 : 0;
    dealt.words()[place / 64] |= bit << (place % 64);
    out.check[place / block_bits] ^= static_cast<std::uint16_t>((0 - bit) & deal_.check[i]);
  }
  const std::size_t count = shape_.most_block_errors();
  out.syndrome.resize(shape_.blocks * count);
  parallel_for(shape_.blocks, context.thread_count, [&](std::uint64_t block, unsigned) {
    if (!context.check_cancelled().ok()) return;
    bits::BitString bits(block_bits);
    for (std::uint64_t i = 0; i < bits.size_words(); ++i)
      bits.words()[i] = dealt.view().word_at_bit(block * block_bits + 64 * i);
    bits.trim();
    auto syndromes = inside_[count].syndromes(bits);
    if (!syndromes.ok()) return;  // cancelled
    for (std::size_t j = 0; j < count; ++j)
      out.syndrome[block * count + j] =
          static_cast<Element>(syndromes->view().word_at_bit(j * element_bits()) & bits::low_mask(element_bits()));
  });
  BELLOWS_TRY(context.check_cancelled());
  return out;
}

SecretElements ConcatenatedCode::row_of(const Blocks& blocks, std::size_t row) const {
  SecretElements out(shape_.blocks);
  const Element* first = blocks.syndrome.data() + row * shape_.row_syndromes;
  for (std::uint32_t block = 0; block < shape_.blocks; ++block, first += shape_.most_block_errors())
    for (std::uint32_t j = 0; j < shape_.row_syndromes; ++j) out[block] |= first[j] << (j * element_bits());
  return out;
}

Result<bits::BitString> ConcatenatedCode::publish(bits::BitView string, const Context& context) const {
  BELLOWS_ASSIGN(auto blocks, blocks_of(string, context));
  bits::BitString out(shape_.published_bits());
  std::uint64_t at = 0;
  for (std::uint16_t check : blocks.check) append_element(out, at, check, shape_.check_bits);
  for (std::size_t row = 0; row < shape_.rows.size(); ++row) {
    SecretElements elements = row_of(blocks, row);
    if (shape_.rows[row] < shape_.blocks) elements = across_.syndromes(elements, shape_.rows[row]);
    for (Element element : elements) append_element(out, at, element, shape_.symbol_bits());
  }
  return out;
}

// Row by row: what the errors found so far say of the next row shows, with what is published of it, which blocks they
// are wrong in.
class ConcatenatedCode::Search {
 public:
  Search(const ConcatenatedCode& code, Blocks blocks, bits::BitView published)
      : code_(code),
        published_(published),
        known_(std::move(blocks)),
        place_to_bit_(code.shape_.places(), nowhere),
        errors_(code.shape_.blocks),
        silent_(code.shape_.blocks) {
    const Deal& deal = code.deal_;
    for (std::uint32_t i = 0; i < deal.place.size(); ++i) place_to_bit_[deal.place[i]] = i;
    for (std::uint32_t block = 0; block < errors_.size(); ++block) {
      known_.check[block] ^= static_cast<std::uint16_t>(next(code.shape_.check_bits));
      silent_[block] = known_.check[block] != 0;
    }
  }

  Result<bool> find(const Context& context) {
    for (std::size_t row = 0; row < code_.shape_.rows.size(); ++row) {
      BELLOWS_TRY(context.check_cancelled());
      context.report("error correction", row, code_.shape_.rows.size(), "rows");
      if (!learn_row(row)) return false;
      // Where the next row is published whole, nothing has to be known about it.
      const bool is_last = row + 1 == code_.shape_.rows.size();
      if (!is_last && code_.shape_.rows[row + 1] == code_.shape_.blocks) continue;
      parallel_for(errors_.size(), context.thread_count, [&](std::uint64_t block, unsigned) {
        if (silent_[block] != 0)
          correct_block(static_cast<std::uint32_t>(block), (row + 1) * code_.shape_.row_syndromes);
      });
    }
    return std::none_of(silent_.begin(), silent_.end(), [](char silent) { return silent != 0; });
  }

  std::vector<std::uint32_t> places() const {
    std::vector<std::uint32_t> out;
    for (std::uint32_t block = 0; block < errors_.size(); ++block)
      for (const BlockError& error : errors_[block]) out.push_back(bit(block, error.place));
    std::sort(out.begin(), out.end());
    return out;
  }

 private:
  struct BlockError {
    std::uint32_t place;    // in the block; its element is place + 1 = x
    Element power, square;  // x^(2 j + 1), what it adds to the next syndrome j; x^2
  };

  std::uint64_t next(unsigned bits) {
    const std::uint64_t out = published_.word_at_bit(at_) & bits::low_mask(bits);
    at_ += bits;
    return out;
  }
  std::uint32_t bit(std::uint32_t block, std::uint32_t place) const {
    return place_to_bit_[std::size_t{block} * code_.shape_.block_bits() + place];
  }
  Element& difference(std::size_t block, std::size_t syndrome) {
    return known_.syndrome[block * code_.shape_.most_block_errors() + syndrome];
  }

  // Puts the true difference of the strings into the row; blocks whose errors do not fit it fall silent. False: there
  // is no row that fits.
  bool learn_row(std::size_t row) {
    const std::uint32_t published = code_.shape_.rows[row], blocks = code_.shape_.blocks;
    SecretElements from_peer(published);
    for (Element& element : from_peer) element = static_cast<Element>(next(code_.shape_.symbol_bits()));
    // Own row, and what the errors found so far change in it: the peer's row as far as it is known.
    SecretElements expected = code_.row_of(known_, row);
    std::vector<std::uint32_t> silent_blocks;
    for (std::uint32_t block = 0; block < blocks; ++block) {
      expected[block] ^= next_power_sums(errors_[block]);
      if (silent_[block] != 0) silent_blocks.push_back(block);
    }
    SecretElements surprise(blocks);
    if (published == blocks) {
      for (std::uint32_t block = 0; block < blocks; ++block) surprise[block] = from_peer[block] ^ expected[block];
    } else {
      SecretElements syndromes = code_.across_.syndromes(expected, published);
      for (std::uint32_t k = 0; k < published; ++k) syndromes[k] ^= from_peer[k];
      auto found = code_.across_.find_row(syndromes, silent_blocks);
      if (!found) return false;
      surprise = std::move(*found);
    }
    for (std::uint32_t block = 0; block < blocks; ++block) {
      put_row(block, row, expected[block] ^ surprise[block]);
      if (surprise[block] != 0) silent_[block] = 1;
    }
    return true;
  }

  // The row's symbol becomes the difference: XORs the given one into it.
  void put_row(std::uint32_t block, std::size_t row, Element symbol) {
    const std::uint32_t count = code_.shape_.row_syndromes;
    for (std::uint32_t j = 0; j < count; ++j)
      difference(block, row * count + j) ^=
          symbol >> (j * code_.element_bits()) & static_cast<Element>(bits::low_mask(code_.element_bits()));
  }

  // What a block's errors add to the next row.
  Element next_power_sums(std::vector<BlockError>& errors) const {
    const BchKernel& kernel = chosen_bch_kernel();
    Element symbol = 0;
    for (std::uint32_t j = 0; j < code_.shape_.row_syndromes; ++j)
      for (BlockError& error : errors) {
        symbol ^= error.power << (j * code_.element_bits());
        error.power = kernel.multiply(code_.field_, error.power, error.square);
      }
    return symbol;
  }

  // The errors that fit the syndromes known so far, if there are so few that they are the only ones, they lie on places
  // that hold a bit, and the hash agrees.
  void correct_block(std::uint32_t block, std::size_t known) {
    errors_[block].clear();
    bits::BitString syndromes(known * code_.element_bits());
    std::uint64_t at = 0;
    for (std::size_t j = 0; j < known; ++j) append_element(syndromes, at, difference(block, j), code_.element_bits());
    auto found = code_.inside_[known].find_errors(syndromes);
    silent_[block] = 1;
    if (!found.ok() || !*found) return;
    std::uint16_t check = known_.check[block];
    for (std::uint32_t place : **found) {
      if (bit(block, place) == nowhere) return;
      check ^= code_.deal_.check[bit(block, place)];
    }
    if (check != 0) return;
    silent_[block] = 0;
    const BchKernel& kernel = chosen_bch_kernel();
    for (std::uint32_t place : **found) {
      BlockError error{place, place + 1, kernel.multiply(code_.field_, place + 1, place + 1)};
      for (std::size_t j = 0; j < known; ++j) error.power = kernel.multiply(code_.field_, error.power, error.square);
      errors_[block].push_back(error);
    }
  }

  const ConcatenatedCode& code_;
  bits::BitView published_;
  std::uint64_t at_ = 0;
  Blocks known_;  // own, and row by row the difference to the peer's
  std::vector<std::uint32_t> place_to_bit_;
  std::vector<std::vector<BlockError>> errors_;
  std::vector<char> silent_;  // no errors found that fit
};

Result<std::optional<std::vector<std::uint32_t>>> ConcatenatedCode::find_errors(bits::BitView string,
                                                                                bits::BitView published,
                                                                                const Context& context) const {
  BELLOWS_CHECK(published.size_bits == shape_.published_bits(), "published by another code");
  using Places = std::optional<std::vector<std::uint32_t>>;
  BELLOWS_ASSIGN(auto blocks, blocks_of(string, context));
  Search search(*this, std::move(blocks), published);
  BELLOWS_ASSIGN(bool found, search.find(context));
  if (!found) return Places();
  return Places(search.places());
}

}  // namespace bellows::ecc
