#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bellows/base/file.h"
#include "bellows/base/progress.h"
#include "bellows/bits/bit_file.h"
#include "bellows/certify/certificate.h"
#include "bellows/estimate/evidence.h"
#include "bellows/numeric/exact.h"
#include "bellows/plan/plan.h"
#include "bellows/protocol/run_folder.h"

namespace bellows::protocol {

/// What `amplify` is asked to do. What is left out comes from the preset, or from the plan file.
struct AmplifyRequest {
  Path folder;  ///< made if it does not exist

  /// A simulated experiment...
  std::string preset = "kulikov-2024";
  std::string source, device;                    ///< others than the preset's; see source/source.h, device/device.h
  std::optional<std::uint64_t> trial_count;      ///< preset's default: 2^26
  std::optional<std::uint64_t> simulation_seed;  ///< fixes all that is drawn; else a fresh key, kept in the run folder
  /// ...or the records of a real one.
  std::optional<Path> trials_file;
  std::string format;       ///< "trials", "xyab-u8", "csv", "npy"
  std::string relabelling;  ///< "none", "auto", or a specification; empty: the plan file's, or none

  std::optional<Path> plan_file;
  std::optional<numeric::Exact> mu, epsilon;
  std::optional<plan::Method> method;
  std::optional<plan::Extractor> extractor;
  std::optional<plan::PublishMode> publish_mode;

  std::optional<Path> seed_file;  ///< a .bits file, or (seed_raw) one without header; else the preset's simulated source, or the system's generator
  std::optional<bits::RawBits> seed_raw = {};
  std::optional<Path> signing_key;
  std::optional<Path> locality_file, pulses_file;  ///< of the space-time check (docs/locality.md)
  std::vector<std::string> notes;  ///< sentences of the operator's for the certificate's assumptions
  bool raw_output = false;         ///< also write the output without header
  bool strict = false;  ///< refuse settings that speak against the claimed bias or come again, and a failed space-time check
};

struct AmplifyOutcome {
  certify::Certificate certificate;
  bool was_finished = false;  ///< the folder held a finished run: this is its result
  bool was_continued = false;
  bool extracted_before = false;  ///< the same trials under the same plan, with another seed
  /// Of a run that was not finished before: trials by settings and outcomes.
  std::optional<estimate::Counts> counts = {};
  double trials_s = 0, estimate_s = 0, certify_s = 0, extract_s = 0;
};

/// The main job: plan, trials, seed, evidence, certificate, output, in that order, each written whole into the run
/// folder before the next begins. Run again after a crash or Ctrl-C it goes on where it was; a finished folder gives
/// its result, after its output was made again and compared. Errors: refused: the folder holds a run under another plan, a log was taken under another plan, a seed
/// was used
///         before, no trials, or (strict) settings that speak against the bias or are not fresh.
///         bad_input: the folder is in use; files that cannot be read or written; seed too short or equal to bits of
///         the log. usage: contradicting requests. cancelled: Ctrl-C; what is in the folder stays and can be continued.
/// Claim:  that of the certificate. A verdict not_certified is a normal result: no output is written.
/// Cost:   streams; memory is that of the extractor, see extract::memory_bytes_needed.
Result<AmplifyOutcome> amplify(const AmplifyRequest& request, const Context& context);

}  // namespace bellows::protocol
