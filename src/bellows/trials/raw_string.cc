#include "bellows/trials/raw_string.h"

#include <algorithm>
#include <cstring>

namespace bellows::trials {

RawString::RawString(const LogReader& reader) : reader_(&reader) {
  const Scenario& scenario = reader.scenario();
  for (std::uint32_t party = 0; party < scenario.parties.size(); ++party)
    for (std::uint32_t bit = 0; bit < scenario.parties[party].outcome_bits(); ++bit)
      planes_.push_back(scenario.outcome_plane(party, bit));
  planes_per_block_ = static_cast<std::uint32_t>(planes_.size());
  start_bits_.push_back(0);
  for (std::uint64_t i = 0; i < reader.block_count(); ++i)
    start_bits_.push_back(start_bits_.back() + reader.block_trials(i) * planes_per_block_);
}

Result<RawPiece> RawString::piece(std::uint64_t number, BlockCheck check) const {
  BELLOWS_CHECK(number < piece_count(), "no such piece");
  std::uint64_t index = number / planes_per_block_, plane = number % planes_per_block_;
  BELLOWS_ASSIGN(BlockView block, reader_->block(index, check));
  return RawPiece{start_bits_[index] + plane * block.trial_count, block.plane(planes_[plane])};
}

std::uint64_t RawString::piece_at(std::uint64_t position) const {
  BELLOWS_CHECK(position < size_bits(), "beyond the end of the raw string");
  auto block = static_cast<std::uint64_t>(std::upper_bound(start_bits_.begin(), start_bits_.end(), position) -
                                          start_bits_.begin() - 1);
  return block * planes_per_block_ + (position - start_bits_[block]) / reader_->block_trials(block);
}

void RawString::read(std::uint64_t start_bit, std::uint64_t count_bits, std::uint64_t* to) const {
  std::memset(to, 0, bits::words_for(count_bits) * 8);
  std::uint64_t end = std::min(size_bits(), start_bit + count_bits);
  if (start_bit >= end) return;
  std::uint64_t number = piece_at(start_bit);
  for (std::uint64_t at = start_bit; at < end; ++number) {
    RawPiece part = piece(number, BlockCheck::none).value();
    std::uint64_t from = at - part.start_bit, count = std::min(part.bits.size_bits - from, end - at);
    if (from % 64 == 0) {
      bits::copy_bits({part.bits.words + from / 64, count}, to, at - start_bit);
    } else {
      // To the next word boundary of the piece, then whole words.
      std::uint64_t head = std::min(64 - from % 64, count);
      std::uint64_t word = part.bits.word_at_bit(from) & bits::low_mask(head);
      bits::copy_bits({&word, head}, to, at - start_bit);
      if (count > head)
        bits::copy_bits({part.bits.words + (from + head) / 64, count - head}, to, at - start_bit + head);
    }
    at += count;
  }
}

void RawString::release_before(std::uint64_t position) const {
  for (std::uint64_t i = 0; i < reader_->block_count() && start_bits_[i + 1] <= position; ++i) reader_->release(i);
}

}  // namespace bellows::trials
