#include "bellows/trials/block_buffer.h"

#include <bit>
#include <cstring>

#include "bellows/bits/crc32c.h"
#include "bellows/trials/log_format.h"

namespace bellows::trials {

BlockBuffer::BlockBuffer(Scenario scenario, std::uint64_t capacity_trials)
    : scenario_(std::move(scenario)), capacity_trials_(capacity_trials) {
  BELLOWS_CHECK(capacity_trials >= 1 && capacity_trials <= largest_block_trials, "a block holds 1 to 2^22 trials");
  words_.resize(header_words + scenario_.plane_count() * plane_size_bytes(capacity_trials) / 8);
}

void BlockBuffer::start(std::uint64_t trial_count) {
  BELLOWS_CHECK(trial_count >= 1 && trial_count <= capacity_trials_, "block larger than its buffer, or empty");
  trial_count_ = trial_count;
  plane_words_ = plane_size_bytes(trial_count) / 8;
  sealed_ = false;
}

void BlockBuffer::seal(std::uint64_t index, std::uint64_t first_trial, std::uint64_t start_time_ns) {
  BELLOWS_CHECK(trial_count_ > 0, "seal() before start()");
  std::uint64_t used_words = size_words();
  for (std::uint32_t i = 0; i < scenario_.plane_count(); ++i) {
    std::uint64_t* words = plane(i);
    if (trial_count_ % 64 != 0) words[used_words - 1] &= bits::low_mask(trial_count_ % 64);
    std::memset(words + used_words, 0, (plane_words_ - used_words) * 8);
  }
  index_ = index, first_trial_ = first_trial, start_time_ns_ = start_time_ns;
  BELLOWS_CHECK(first_impossible_trial(view()) == trial_count_, "a setting or outcome that the party does not have");
  std::uint32_t crc = bits::crc32c(file_bytes().subspan(sizeof(BlockHeader)));
  BlockHeader header = make_block_header(scenario_, index, first_trial, trial_count_, start_time_ns, crc);
  std::memcpy(words_.data(), &header, sizeof header);
  digest_ = sha256(file_bytes());
  sealed_ = true;
}

std::span<const std::byte> BlockBuffer::file_bytes() const {
  return std::as_bytes(std::span(words_).first(header_words + scenario_.plane_count() * plane_words_));
}

BlockView BlockBuffer::view() const {
  return {.index = index_,
          .first_trial = first_trial_,
          .trial_count = trial_count_,
          .start_time_ns = start_time_ns_,
          .scenario = &scenario_,
          .planes = plane(0),
          .plane_words = plane_words_};
}

std::uint64_t first_impossible_trial(const BlockView& block) {
  std::uint64_t first = block.trial_count;
  // Bit by bit from the top, all trials of a word at once: is the number in these planes at least `choices`?
  auto look = [&](std::uint32_t choices, std::uint32_t first_plane, std::uint32_t plane_count) {
    if (std::has_single_bit(choices)) return;
    for (std::uint64_t word = 0; word < bits::words_for(block.trial_count) && word * 64 < first; ++word) {
      std::uint64_t above = 0, equal = ~std::uint64_t{0};
      for (std::uint32_t bit = plane_count; bit-- > 0;) {
        std::uint64_t value = block.planes[(first_plane + bit) * block.plane_words + word];
        if (choices >> bit & 1) {
          equal &= value;
        } else {
          above |= equal & value;
          equal &= ~value;
        }
      }
      if ((above | equal) != 0)
        first = std::min(first, word * 64 + static_cast<std::uint64_t>(std::countr_zero(above | equal)));
    }
  };
  std::uint32_t plane = 0;
  for (const Party& party : block.scenario->parties) {
    look(party.setting_count, plane, party.setting_bits());
    plane += party.setting_bits();
    look(party.outcome_count, plane, party.outcome_bits());
    plane += party.outcome_bits();
  }
  return first;
}

}  // namespace bellows::trials
