#include "bellows/ecc/ldpc_decoder.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "bellows/base/check.h"
#include "bellows/base/checked.h"
#include "bellows/ecc/row_kernel.h"

namespace bellows::ecc {
namespace {

constexpr double steps_per_nat = 4;  // resolution of the beliefs: log-likelihood ratio times this
// However sure the messages look, no more than this share (of 60) of the smallest is passed on: beliefs that feed on
// themselves through short cycles would run away.
constexpr int share_believed[] = {48, 40, 32};
constexpr int iterations_allowed[] = {80, 120, 160};
constexpr std::size_t samples_per_iteration = 20'000;

}  // namespace

LdpcDecoder::LdpcDecoder(const LdpcCode& code)
    : code_(code),
      padded_(round_up(code.circulant, 64)),
      belief_(code.length_bits()),
      message_(code.circulants.size() * padded_),
      row_syndrome_(code.rows * padded_),
      check_(code.syndrome_bits()),
      histogram_(128) {
  std::size_t most_edges = 0;
  for (std::uint32_t row = 0; row < code.rows; ++row)
    most_edges = std::max<std::size_t>(most_edges, code.row_start[row + 1] - code.row_start[row]);
  row_belief_.resize(most_edges * padded_);
}

// Min-sum overstates what a check can say. If messages are honest log-likelihood ratios, one whose magnitude is m is
// wrong with probability 1/(1 + e^m); so the histogram of magnitudes tells how wrong "the smallest of the others is t"
// is, and the message is set to the log-likelihood ratio of that.
void LdpcDecoder::update_rescaling(double row_edges) {
  double total = 0;
  for (double count : histogram_) total += count;
  if (total == 0) return;
  double others = std::max(1.0, row_edges - 1), sure = 0, bias = 0;
  double sure_power[129] = {}, bias_power[129] = {};
  for (int t = 127; t >= 0; --t) {
    double share = histogram_[static_cast<std::size_t>(t)] / total;
    sure += share;
    bias += share * std::tanh(t / (2 * steps_per_nat));
    sure_power[t] = std::pow(sure, others);
    bias_power[t] = std::pow(bias, others);
  }
  int before = 0;
  for (int t = 1; t < 128; ++t) {
    double chance = sure_power[t] - sure_power[t + 1], difference = bias_power[t] - bias_power[t + 1];
    int value = before;
    if (chance > 1e-9) {
      double ratio = std::clamp(difference / chance, 0.0, 1 - 1e-9);
      value = static_cast<int>(std::lround(2 * std::atanh(ratio) * steps_per_nat));
    } else if (sure_power[t] < 1e-9) {
      value = before + 1;  // hardly ever seen; grows as the magnitude does
    }
    before = std::clamp(value, before, std::min(t * share_believed[attempt_] / 60, loudest_message_));
    rescale_[t] = static_cast<std::uint8_t>(before);
  }
}

bool LdpcDecoder::decode(const std::uint8_t* syndrome, double error_rate, std::uint64_t known_bits,
                         std::uint8_t* errors, int attempt) {
  BELLOWS_CHECK(error_rate > 0 && error_rate < 0.5, "error rate out of range");
  BELLOWS_CHECK(attempt >= 0 && attempt < 3, "no such attempt");
  attempt_ = attempt;
  const int most_iterations = iterations_allowed[attempt];
  const std::size_t size = code_.circulant;
  const RowKernel update = chosen_row_kernel();
  int prior =
      std::clamp(static_cast<int>(std::lround(steps_per_nat * std::log((1 - error_rate) / error_rate))), 1, 100);
  // The belief of a bit in three checks must not run against its limit: it would forget what it was told.
  loudest_message_ = (127 - prior) / 3;
  std::fill(belief_.begin(), belief_.end(), static_cast<std::int8_t>(prior));
  std::fill(belief_.end() - static_cast<std::ptrdiff_t>(known_bits), belief_.end(), std::int8_t{127});
  std::fill(message_.begin(), message_.end(), std::int8_t{0});
  for (std::uint32_t row = 0; row < code_.rows; ++row)
    for (std::size_t i = 0; i < size; ++i) row_syndrome_[row * padded_ + i] = syndrome[row * size + i] != 0 ? 0x80 : 0;

  double mean_edges = static_cast<double>(code_.circulants.size()) / code_.rows;
  std::fill(histogram_.begin(), histogram_.end(), 0.0);
  histogram_[static_cast<std::size_t>(prior)] = 1;
  update_rescaling(mean_edges);
  std::uint32_t sample_every =
      static_cast<std::uint32_t>(std::max<std::size_t>(1, code_.circulants.size() * size / samples_per_iteration));
  sample_every = std::min(sample_every, code_.rows);

  for (last_iterations_ = 1; last_iterations_ <= most_iterations; ++last_iterations_) {
    bool unmet = false;
    std::fill(histogram_.begin(), histogram_.end(), 0.0);
    for (std::uint32_t step = 0; step < code_.rows; ++step) {
      const std::uint32_t row = attempt % 2 == 0 ? step : code_.rows - 1 - step;
      const std::uint32_t first = code_.row_start[row], end = code_.row_start[row + 1];
      for (std::uint32_t e = first; e < end; ++e) {
        std::int8_t* to = row_belief_.data() + (e - first) * padded_;
        const std::int8_t* block = belief_.data() + code_.circulants[e].column * size;
        std::size_t shift = code_.circulants[e].shift;
        std::memcpy(to, block + shift, size - shift);
        std::memcpy(to + size - shift, block, shift);
        std::memset(to + size, 127, padded_ - size);  // lanes beyond the circulant: an even check without doubt
      }
      RowTask task{end - first,
                   padded_,
                   row_belief_.data(),
                   message_.data() + first * padded_,
                   row_syndrome_.data() + row * padded_,
                   rescale_};
      unmet = update(task) || unmet;
      bool sample = (row + static_cast<std::uint32_t>(last_iterations_)) % sample_every == 0;
      for (std::uint32_t e = first; e < end; ++e) {
        const std::int8_t* from = row_belief_.data() + (e - first) * padded_;
        std::int8_t* block = belief_.data() + code_.circulants[e].column * size;
        std::size_t shift = code_.circulants[e].shift;
        std::memcpy(block + shift, from, size - shift);
        std::memcpy(block, from + size - shift, shift);
        if (sample) {
          const std::int8_t* told = message_.data() + e * padded_;
          for (std::size_t i = 0; i < size; ++i)
            histogram_[static_cast<std::size_t>(std::min(127, std::abs(from[i] - told[i])))] += 1;
        }
      }
    }
    if (!unmet || last_iterations_ == most_iterations) {
      for (std::size_t i = 0; i < belief_.size(); ++i) errors[i] = belief_[i] < 0;
      compute_syndrome(code_, errors, check_.data());
      if (std::equal(check_.begin(), check_.end(), syndrome)) return true;
    }
    update_rescaling(mean_edges);
  }
  return false;
}

}  // namespace bellows::ecc
