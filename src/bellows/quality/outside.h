// Other people's test programs, run as programs where they are installed: dieharder and ent.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bellows/base/file.h"
#include "bellows/base/progress.h"
#include "bellows/base/secret.h"
#include "bellows/quality/battery.h"

namespace bellows::quality {

/// One line of dieharder. A test that read the file more than once has seen no fresh bits: `invalid`, whatever its
/// p-value.
struct DieharderRow {
  int number = 0;  ///< as in `dieharder -l`
  std::string test;
  int ntuple = 0;
  double p_value = 0;
  std::string assessment;  ///< PASSED, WEAK or FAILED, in dieharder's words
  std::uint64_t times_rewound = 0;
  RowStatus status = RowStatus::invalid;
};

/// What ent measures; numbers as it prints them.
struct EntReport {
  double entropy_bits_per_byte = 0;
  double chi_square = 0;  ///< of the byte counts, 255 degrees of freedom
  double chi_square_p_value = 0;
  double mean_byte = 0;
  double monte_carlo_pi = 0;
  double serial_correlation = 0;
};

/// Bits as a file that other programs can read, on no disk: whole bytes, first bit least significant.
class MemoryFile {
 public:
  /// Errors: bad_input: no memory for it.
  static Result<MemoryFile> create();
  Status append(std::span<const std::byte> bytes);
  /// A path that child processes can open.
  std::string path() const;
  MemoryFile(MemoryFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  MemoryFile& operator=(MemoryFile&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~MemoryFile();

 private:
  explicit MemoryFile(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

/// Numbers of dieharder's tests that its author calls usable, in its order.
/// Errors: usage: dieharder is not installed.
Result<std::vector<int>> dieharder_tests();

/// Runs the given tests one after another.
/// Errors: usage: not installed, or a number it does not know; internal: output that is not understood; cancelled.
Result<std::vector<DieharderRow>> run_dieharder(const std::string& file, const std::vector<int>& tests,
                                                const Context& context);

/// Errors: usage: ent is not installed; internal: output that is not understood; cancelled.
Result<EntReport> run_ent(const std::string& file, const Context& context);

nlohmann::json dieharder_json(const std::vector<DieharderRow>& rows);
nlohmann::json ent_json(const EntReport& report);

}  // namespace bellows::quality
