#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <gmpxx.h>

#include "bellows/base/result.h"

/// Parties, settings and the three ways in which this module numbers them.
///
/// Every party has two outcomes. A joint outcome `a` holds party i in bit i. A joint setting `x` is a
/// mixed-radix number, party 0 the lowest digit. A table (of probabilities or of coefficients) stores entry
/// (a, x) at x * 2^parties + a. A correlator names a set of parties with one setting for each: digit 0 means
/// that the party is absent, digit s + 1 that it uses setting s.
namespace bellows::bell {

using Rational = mpq_class;
using RationalTable = std::vector<Rational>;

inline constexpr int kMaxParties = 7;
/// The largest table that the module works on, in entries: seven parties with three settings fit.
inline constexpr std::uint64_t kMaxTableEntries = std::uint64_t{1} << 21;

class Scenario {
 public:
  Scenario() = default;

  /// Errors: bad_input when there are no parties or more than seven, a party without settings, or a table
  /// beyond kMaxTableEntries (the message says how much would be needed).
  static Result<Scenario> make(std::vector<int> settings_of_party);

  int parties() const { return static_cast<int>(settings_.size()); }
  int settings_of(int party) const { return settings_[static_cast<std::size_t>(party)]; }
  const std::vector<int>& settings() const { return settings_; }
  std::size_t outcomes() const { return std::size_t{1} << settings_.size(); }
  std::size_t joint_settings() const { return joint_settings_; }
  std::size_t table_size() const { return joint_settings_ << settings_.size(); }
  std::size_t correlators() const { return correlators_; }

  int setting_digit(std::size_t joint_setting, int party) const;
  std::size_t joint_setting(const std::vector<int>& digits) const;
  std::size_t table_index(std::size_t outcome, std::size_t joint_setting) const {
    return (joint_setting << settings_.size()) + outcome;
  }
  /// The correlator of the parties in the mask, with their settings taken from the joint setting.
  std::size_t correlator_index(std::uint32_t party_mask, std::size_t joint_setting) const;
  /// For one joint setting, the correlator of every party mask, in mask order.
  void correlators_at(std::size_t joint_setting, std::vector<std::size_t>& out) const;

  /// Party 0 first: "0110", or "0,10,2" when some party has more than ten settings.
  std::string format_setting(std::size_t joint_setting) const;
  std::string format_outcome(std::size_t outcome) const;
  Result<std::size_t> parse_setting(std::string_view text) const;
  Result<std::size_t> parse_outcome(std::string_view text) const;

  bool operator==(const Scenario& other) const { return settings_ == other.settings_; }

 private:
  std::vector<int> settings_;
  std::vector<std::size_t> setting_stride_;
  std::vector<std::size_t> correlator_stride_;
  std::size_t joint_settings_ = 0;
  std::size_t correlators_ = 0;
};

/// In-place Walsh-Hadamard transform of 2^k values: out[s] = sum_a (-1)^{popcount(a & s)} in[a].
template <class T>
void walsh_hadamard(T* values, std::size_t count) {
  T difference;
  for (std::size_t half = 1; half < count; half *= 2) {
    for (std::size_t block = 0; block < count; block += 2 * half) {
      for (std::size_t i = block; i < block + half; ++i) {
        difference = values[i] - values[i + half];
        values[i] += values[i + half];
        values[i + half] = difference;
      }
    }
  }
}

/// The linear functional sum T(a,x) P(a|x) on no-signalling boxes, written in correlators:
/// 2^parties times the coefficient of each correlator. Two tables that agree on all no-signalling boxes
/// give the same vector, and the constant 1 is the vector (2^parties, 0, 0, ...).
template <class T>
std::vector<T> to_scaled_correlators(const Scenario& scenario, const std::vector<T>& table) {
  std::vector<T> result(scenario.correlators(), T(0));
  std::vector<T> row(scenario.outcomes());
  std::vector<std::size_t> index;
  for (std::size_t x = 0; x < scenario.joint_settings(); ++x) {
    bool any = false;
    for (std::size_t a = 0; a < row.size(); ++a) {
      row[a] = table[scenario.table_index(a, x)];
      any = any || row[a] != 0;
    }
    if (!any) continue;
    walsh_hadamard(row.data(), row.size());
    scenario.correlators_at(x, index);
    for (std::size_t mask = 0; mask < row.size(); ++mask) result[index[mask]] += row[mask];
  }
  return result;
}

/// The box with the given correlators, 2^parties times its probabilities (entries may be negative: not
/// every vector of correlators is a box).
template <class T>
std::vector<T> to_scaled_table(const Scenario& scenario, const std::vector<T>& correlators) {
  std::vector<T> table(scenario.table_size());
  std::vector<std::size_t> index;
  for (std::size_t x = 0; x < scenario.joint_settings(); ++x) {
    scenario.correlators_at(x, index);
    T* row = table.data() + scenario.table_index(0, x);
    for (std::size_t mask = 0; mask < index.size(); ++mask) row[mask] = correlators[index[mask]];
    walsh_hadamard(row, index.size());
  }
  return table;
}

/// "3/4", "-1", "0.35", "1.25e-3" read exactly.
Result<Rational> parse_rational(std::string_view text);
std::string format_rational(const Rational& value);

}  // namespace bellows::bell
