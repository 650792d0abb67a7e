#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "bellows/base/digest.h"
#include "bellows/base/secret.h"
#include "bellows/trials/log.h"

namespace bellows::trials {

/// A block in the making, laid out as in the file so that nothing is copied on the way to disk; its memory is wiped.
/// Fill the planes, seal() (threads may fill and seal different buffers at once), then LogWriter::append() in order.
class BlockBuffer {
 public:
  /// Room for blocks of up to `capacity_trials` (at most 2^22) of this scenario.
  explicit BlockBuffer(Scenario scenario, std::uint64_t capacity_trials = largest_block_trials);

  /// Begins a block of 1 <= trial_count <= capacity trials. The planes hold what they held before: write every word.
  void start(std::uint64_t trial_count);

  const Scenario& scenario() const { return scenario_; }
  std::uint64_t capacity_trials() const { return capacity_trials_; }
  std::uint64_t trial_count() const { return trial_count_; }
  /// Words in use of a plane; bits beyond the last trial may be anything, seal() clears them.
  std::uint64_t size_words() const { return bits::words_for(trial_count_); }
  std::uint64_t* plane(std::uint32_t number) { return words_.data() + header_words + number * plane_words_; }
  const std::uint64_t* plane(std::uint32_t number) const {
    return words_.data() + header_words + number * plane_words_;
  }
  std::uint64_t* setting(std::uint32_t party, std::uint32_t bit = 0) {
    return plane(scenario_.setting_plane(party, bit));
  }
  std::uint64_t* outcome(std::uint32_t party, std::uint32_t bit = 0) {
    return plane(scenario_.outcome_plane(party, bit));
  }

  /// Makes the block's header, checksum and digest. A value that its party cannot have is a programmer's mistake.
  /// In: index, first_trial: place in the log; start_time_ns: nanoseconds since 1970, 0: not known.
  void seal(std::uint64_t index, std::uint64_t first_trial, std::uint64_t start_time_ns);

  bool is_sealed() const { return sealed_; }
  std::uint64_t index() const { return index_; }
  std::uint64_t first_trial() const { return first_trial_; }
  /// SHA-256 of file_bytes().
  const Digest& digest() const { return digest_; }
  std::span<const std::byte> file_bytes() const;
  BlockView view() const;

 private:
  static constexpr std::uint64_t header_words = 8;
  Scenario scenario_;
  std::uint64_t capacity_trials_;
  SecretWords words_;
  std::uint64_t trial_count_ = 0, plane_words_ = 0, index_ = 0, first_trial_ = 0, start_time_ns_ = 0;
  Digest digest_;
  bool sealed_ = false;
};

/// Trials of the block whose setting or outcome is none of its party's (counts that are no power of two leave room for
/// such values). Returns the first such trial, or trial_count.
std::uint64_t first_impossible_trial(const BlockView& block);

}  // namespace bellows::trials
