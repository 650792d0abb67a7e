#include "bellows/certify/statements.h"

#include <gtest/gtest.h>

namespace bellows::certify {
namespace {

std::vector<std::string> words_of(const Statements& statements) {
  std::vector<std::string> words{"Guarantee: ...", locality_in_words(statements), "Quantum theory is correct."};
  for (const std::string& sentence : closing_words(statements)) words.push_back(sentence);
  return words;
}

TEST(Statements, AreReadBackFromTheirWords) {
  for (SeedOrigin origin :
       {SeedOrigin::not_drawn, SeedOrigin::simulated_source, SeedOrigin::operators_file, SeedOrigin::system_generator})
    for (const LocalityStatement& locality :
         {LocalityStatement{}, LocalityStatement::stated("passed, margin 3.2 ns"),
          LocalityStatement{LocalityStatement::By::program, "passed, margin 3.2 ns"},
          LocalityStatement{LocalityStatement::By::program, "FAILED; margin -3.2 ns"}})
      for (const std::vector<std::string>& said : {std::vector<std::string>{}, {"one"}, {"one", "Seed: two", ""}}) {
        Statements statements{origin, locality, said};
        EXPECT_EQ(statements_from_words(words_of(statements)), statements);
        EXPECT_EQ(digest(statements).has_value(), !statements.empty());
      }
}

TEST(Statements, EveryChangedByteChangesWhatIsRead) {
  const Statements statements{SeedOrigin::system_generator, LocalityStatement::stated("passed"), {"the lab was locked"}};
  const std::vector<std::string> words = words_of(statements);
  for (std::size_t sentence : {1u, 3u, 4u})
    for (std::size_t at = 0; at < words[sentence].size(); ++at) {
      std::vector<std::string> changed = words;
      changed[sentence][at] = static_cast<char>(changed[sentence][at] ^ 1);
      EXPECT_NE(digest(statements_from_words(changed)), digest(statements)) << words[sentence] << " at " << at;
    }
}

TEST(Statements, WhatIsTypedNeverReadsAsChecked) {
  const Statements typed{SeedOrigin::not_drawn, LocalityStatement::stated("passed; A->B: margin 3 ns"), {}},
      checked{SeedOrigin::not_drawn, {LocalityStatement::By::program, "passed; A->B: margin 3 ns"}, {}};
  EXPECT_NE(locality_in_words(typed), locality_in_words(checked));
  EXPECT_NE(locality_in_words(typed).find("as stated by the operator"), std::string::npos);
  EXPECT_NE(digest(typed), digest(checked));
  EXPECT_FALSE(LocalityStatement::stated("FAILED").failed()) << "somebody's word is no check";
  EXPECT_TRUE((LocalityStatement{LocalityStatement::By::program, "FAILED; A->B"}).failed());
  EXPECT_FALSE(checked.locality.failed());
}

TEST(Statements, OneSentenceIsNotTwo) {
  EXPECT_NE(digest(Statements{SeedOrigin::not_drawn, {}, {"ab"}}),
            digest(Statements{SeedOrigin::not_drawn, {}, {"a", "b"}}));
  EXPECT_NE(digest(Statements{SeedOrigin::not_drawn, {}, {"a", "b"}}),
            digest(Statements{SeedOrigin::not_drawn, {}, {"b", "a"}}));
}

TEST(Statements, WhatIsNotMetStandsInTheFirstLines) {
  const std::string reuse = "NOT MET by these records: fresh settings for every trial. ...";
  const std::vector<std::string> words{"Guarantee: ...", locality_in_words({}), "Quantum theory is correct.", reuse,
                                       "The operator states: it rained",
                                       "The operator states: separation is Not Met, one chip"};
  EXPECT_EQ(words_for_the_first_lines(words, true), (std::vector<std::string>{words[1], reuse, words[5]}));
  EXPECT_EQ(words_for_the_first_lines(words, false), (std::vector<std::string>{reuse, words[5]}));
  const std::string checked = locality_in_words({SeedOrigin::not_drawn, LocalityStatement::stated("not met: one chip"), {}});
  EXPECT_EQ(words_for_the_first_lines({checked}, false), std::vector<std::string>{checked});
}

}  // namespace
}  // namespace bellows::certify
