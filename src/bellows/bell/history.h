#pragma once

#include <array>
#include <cstdint>

namespace bellows::bell {

/// All settings of a block so far, for sources and devices that plan on more than the trial before.
class SettingHistory {
 public:
  /// The pair of settings, 2x + y, that follows from everything so far: mostly the one that came most often, one time in
  /// four another that a running hash names.
  unsigned marked_pair() const {
    if ((hash_ >> 61 & 3) == 0) return hash_ >> 59 & 3;
    unsigned most = 0;
    for (unsigned pair = 1; pair < 4; ++pair)
      if (counts_[pair] > counts_[most]) most = pair;
    return most;
  }
  /// A bit that follows from everything so far.
  bool coin() const { return hash_ >> 63 != 0; }
  void add(unsigned pair) {
    ++counts_[pair];
    hash_ = (hash_ ^ (pair + 1)) * 0x9e3779b97f4a7c15u;
    hash_ ^= hash_ >> 29;
  }

 private:
  std::array<std::uint32_t, 4> counts_{};
  std::uint64_t hash_ = 0;
};

}  // namespace bellows::bell
