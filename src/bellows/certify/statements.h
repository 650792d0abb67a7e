#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bellows/base/digest.h"

namespace bellows::certify {

enum class SeedOrigin {
  not_drawn,         ///< no seed yet: a certificate that `extract` is to use later
  simulated_source,  ///< the simulated source, continued after the last outcome
  operators_file,    ///< a file; the operator states where its bits come from
  system_generator,  ///< this computer's generator, after records of a real experiment were read
};

const char* name(SeedOrigin origin);
/// Nothing for a name that is none.
std::optional<SeedOrigin> seed_origin_named(std::string_view name);

/// What a certificate says of the space-time check.
struct LocalityStatement {
  enum class By {
    nobody,    ///< it was not made, and nobody says anything
    operator_, ///< somebody's words; this program checked nothing
    program,   ///< made from files whose digests stand in the words (locality.h)
  };
  By by = By::nobody;
  std::string words;
  bool operator==(const LocalityStatement&) const = default;

  /// Nobody where there are no words.
  static LocalityStatement stated(std::string words);
  /// The check was made, and not passed.
  bool failed() const { return by == By::program && !words.starts_with("passed"); }
};

/// What a certificate says on somebody's word: nothing in the run's files proves it, so `verify` cannot recompute it.
/// A digest of all of it stands in the certificate, against change by accident; a signature, against intent.
struct Statements {
  SeedOrigin seed_origin = SeedOrigin::not_drawn;
  LocalityStatement locality;
  /// Sentences of the operator's, as given.
  std::vector<std::string> of_operator;
  bool operator==(const Statements&) const = default;

  bool empty() const { return *this == Statements{}; }
};

/// The certificate's sentence on the space-time check, made or not.
std::string locality_in_words(const Statements& statements);
/// Seed origin and operator's sentences, in the order in which a certificate ends with them.
std::vector<std::string> closing_words(const Statements& statements);
/// The statements that stand in a certificate's assumptions. A sentence of another form is none; whoever recomputes the
/// assumptions from the result finds that it differs.
Statements statements_from_words(const std::vector<std::string>& assumptions);
/// Of a certificate's assumptions those that its first lines must not leave out: what the record or the operator says is
/// not met ("NOT MET by these records: ...", "The operator states: ... not met ..."), and the sentence on the space-time
/// check. The last is left out for simulated devices and numbers alone, of which nothing was separate, if none was made.
std::vector<std::string> words_for_the_first_lines(const std::vector<std::string>& assumptions, bool of_a_record);
/// Among a record's notes or a certificate's assumptions, the one on settings that come again ("NOT MET by these records:
/// fresh settings ...", estimate/settings_reuse.h).
bool names_stale_settings(const std::vector<std::string>& sentences);
/// Nothing where nothing is stated.
std::optional<Digest> digest(const Statements& statements);

}  // namespace bellows::certify
