#include "bellows/certify/statements.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

namespace bellows::certify {
namespace {

constexpr std::string_view space_time = "Space-time check by this program: ",
                           space_time_stated = "Space-time check NOT made by this program; as stated by the operator: ",
                           operator_states = "The operator states: ", not_met = "NOT MET";

struct SeedWords {
  SeedOrigin origin;
  std::string_view words;
};
constexpr std::array<SeedWords, 3> seed_words{{
    {SeedOrigin::simulated_source, "Seed: drawn from the simulated source after the last outcome."},
    {SeedOrigin::operators_file,
     "Seed: from a file of the operator's, who states that it was drawn from the source after the last outcome."},
    {SeedOrigin::system_generator,
     "Seed: drawn from this system's random generator after the records were read; that generator is assumed to meet "
     "what is assumed of the source."},
}};

}  // namespace

const char* name(SeedOrigin origin) {
  switch (origin) {
    case SeedOrigin::simulated_source:
      return "simulated-source";
    case SeedOrigin::operators_file:
      return "operators-file";
    case SeedOrigin::system_generator:
      return "system-generator";
    case SeedOrigin::not_drawn:
      break;
  }
  return "not-drawn";
}

std::optional<SeedOrigin> seed_origin_named(std::string_view text) {
  for (SeedOrigin origin :
       {SeedOrigin::not_drawn, SeedOrigin::simulated_source, SeedOrigin::operators_file, SeedOrigin::system_generator})
    if (text == name(origin)) return origin;
  return std::nullopt;
}

LocalityStatement LocalityStatement::stated(std::string words) {
  if (words.empty()) return {};
  return {By::operator_, std::move(words)};
}

std::string locality_in_words(const Statements& statements) {
  switch (statements.locality.by) {
    case LocalityStatement::By::program:
      return std::string(space_time) + statements.locality.words;
    case LocalityStatement::By::operator_:
      return std::string(space_time_stated) + statements.locality.words;
    case LocalityStatement::By::nobody:
      break;
  }
  return "Space-like separation (or shielding that replaces it) was NOT checked; it is assumed.";
}

std::vector<std::string> closing_words(const Statements& statements) {
  std::vector<std::string> words;
  for (const SeedWords& seed : seed_words)
    if (seed.origin == statements.seed_origin) words.emplace_back(seed.words);
  for (const std::string& sentence : statements.of_operator) words.push_back(std::string(operator_states) + sentence);
  return words;
}

Statements statements_from_words(const std::vector<std::string>& assumptions) {
  Statements statements;
  for (const std::string& sentence : assumptions) {
    if (sentence.starts_with(space_time))
      statements.locality = {LocalityStatement::By::program, sentence.substr(space_time.size())};
    if (sentence.starts_with(space_time_stated))
      statements.locality = {LocalityStatement::By::operator_, sentence.substr(space_time_stated.size())};
    if (sentence.starts_with(operator_states))
      statements.of_operator.push_back(sentence.substr(operator_states.size()));
    for (const SeedWords& seed : seed_words)
      if (sentence == seed.words) statements.seed_origin = seed.origin;
  }
  return statements;
}

std::vector<std::string> words_for_the_first_lines(const std::vector<std::string>& assumptions, bool of_a_record) {
  auto says_not_met = [](const std::string& sentence) {
    constexpr std::string_view words = "not met";
    auto lower = [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); };
    return std::search(sentence.begin(), sentence.end(), words.begin(), words.end(),
                       [&](char a, char b) { return lower(a) == b; }) != sentence.end();
  };
  std::vector<std::string> words;
  for (const std::string& sentence : assumptions)
    if (sentence.starts_with(not_met) || (sentence.starts_with(operator_states) && says_not_met(sentence)) ||
        sentence.starts_with(space_time) || sentence.starts_with(space_time_stated) || (of_a_record && sentence == locality_in_words({})))
      words.push_back(sentence);
  return words;
}

bool names_stale_settings(const std::vector<std::string>& sentences) {
  return std::any_of(sentences.begin(), sentences.end(), [](const std::string& sentence) {
    return sentence.starts_with("NOT MET by these records: fresh settings");
  });
}

std::optional<Digest> digest(const Statements& statements) {
  if (statements.empty()) return std::nullopt;
  // Each sentence with its length before it, so that no two lists give the same bytes.
  std::string all;
  auto add = [&](const std::string& sentence) { all += std::to_string(sentence.size()) + ":" + sentence; };
  add(locality_in_words(statements));
  for (const std::string& sentence : closing_words(statements)) add(sentence);
  return sha256(all);
}

}  // namespace bellows::certify
