#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "bellows/base/result.h"

namespace bellows {

/// A thing with options in one word of the command line: "quantum:visibility=0.9,flip=0.01", "honest". Values are taken
/// out one after another; finish() then refuses what nobody asked for.
class Spec {
 public:
  /// Errors: usage: no name, an option without '=', an option twice.
  static Result<Spec> parse(std::string_view text);

  const std::string& text() const { return text_; }
  const std::string& name() const { return name_; }
  bool has(const std::string& key) const { return values_.count(key) != 0; }
  /// The value of an option, or `otherwise`. A wrong one is kept as the error of finish().
  double number(const std::string& key, double otherwise, double least, double largest);
  std::uint64_t count(const std::string& key, std::uint64_t otherwise);
  std::string word(const std::string& key, const std::string& otherwise);

  /// Errors: usage: an option that is not known, a value that is no number or out of range.
  Status finish() const;

 private:
  std::string take(const std::string& key);
  void fail(const std::string& key, std::string expected, std::string got);

  std::string text_, name_, known_;
  std::map<std::string, std::string> values_;
  Status status_;
};

}  // namespace bellows
