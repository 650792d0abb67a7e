#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bellows/base/file.h"
#include "bellows/base/result.h"
#include "bellows/certify/statements.h"

namespace bellows::certify {

inline constexpr double speed_of_light_m_per_ns = 0.299792458;

/// One part of the time between the start of a setting at one party and the fixed outcome at the other.
struct Segment {
  std::string name;
  double duration_ns = 0;
  double uncertainty_ns = 0;  ///< added in full: the largest duration counts
};

/// One direction: from the source of one party to the outcome of the other.
struct Direction {
  std::string name;  ///< "A->B"
  double distance_m = 0;
  double distance_uncertainty_m = 0;
  std::vector<Segment> segments;

  double sum_ns() const;
  double uncertainty_ns() const;
  /// Light's time over the shortest distance.
  double budget_ns() const;
  double margin_ns() const { return budget_ns() - sum_ns() - uncertainty_ns(); }
  bool closed() const { return margin_ns() > 0; }
};

/// A reference pulse in time: earliest and latest arrival of the signal at one station.
struct PulseSeries {
  std::string station, device;
  double granularity_ns = 0;
  std::vector<double> time_h, early_ns, late_ns;
  std::vector<std::string> block;
};

struct PulseVerdict {
  std::string station, device;
  double drift_ps_per_h = 0;     ///< slope of a linear fit to the late arrivals
  double largest_spread_ns = 0;  ///< late minus early
  bool jitter = false;           ///< the spread reaches the device's granularity
  double largest_shift_ns = 0;   ///< of a late arrival against the first one
};

struct BlockVerdict {
  std::string block;
  double shift_ns = 0;  ///< of all pulses together (each may lengthen the same direction), added to both directions
  bool jitter = false;
  double margin_ns = 0;  ///< the smaller one of both directions, less the shift
  std::vector<std::string> missing;  ///< pulses that other blocks have and this one lacks: nothing is known of them
  bool closed = false;
};

struct LocalityReport {
  std::vector<Direction> directions;
  std::vector<PulseVerdict> pulses;
  std::vector<BlockVerdict> blocks;
  bool closed = false;  ///< both directions, and every block

  /// One sentence for a certificate.
  std::string in_words() const;
};

/// The space-time check: both directions, part by part, against light; then each block of trials by the pulses
/// recorded. In:     toml: docs/locality.md; csv: columns time_h, station, early_ns, late_ns, and optionally device,
/// block,
///         granularity_ns; empty: no series.
/// Out:    sums computed from the parts (a total is never read), uncertainties added in full; what lies between two
///         intervals of a direction is a part of its own.
/// Errors: bad_input: a negative duration that is not called an offset; a negative offset for both directions, or
///         beyond every part of its own; intervals of one direction that overlap, a direction without parts or
///         distance, an unknown key, NaN, a series without rows, a row that is not a row (with its line).
/// Claim:  geometry and durations as given; influences no faster than light.
/// Source: kulikov-2024, supplement IV, eq. (6) - (8).
Result<LocalityReport> check_locality(std::string_view toml, const std::string& toml_origin, std::string_view csv,
                                      const std::string& csv_origin);

/// The check from files, with what a certificate says of it: verdict, sums, and the SHA-256 of each file.
struct LocalityCheck {
  LocalityReport report;
  LocalityStatement statement;
  std::string toml, csv;  ///< as they were read
};
/// In: pulses: empty: no series. Errors: as check_locality(); files that cannot be read.
Result<LocalityCheck> check_locality_files(const Path& toml, const Path& pulses);
/// Whether such a statement was made with a series of pulses.
bool names_pulses(const LocalityStatement& statement);

nlohmann::json to_json(const LocalityReport& report);

}  // namespace bellows::certify
