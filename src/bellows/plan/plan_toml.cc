#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "bellows/base/count.h"
#include "bellows/plan/plan.h"

namespace bellows::plan {
namespace {

/// One TOML table with a fixed set of keys. A missing key is no mistake here: plan files are short.
class TomlReader {
 public:
  TomlReader(const toml::table* table, std::string where, const std::string& origin)
      : table_(table), where_(std::move(where)), origin_(origin) {}

  explicit operator bool() const { return table_ != nullptr; }
  bool has(const char* key) const { return table_ != nullptr && table_->contains(key); }

  std::string text(const char* key, std::string otherwise) {
    const toml::node* node = find(key);
    if (node == nullptr) return otherwise;
    if (auto value = node->value_exact<std::string>()) return *value;
    fail(key, *node, "a string");
    return otherwise;
  }
  bool boolean(const char* key) {
    const toml::node* node = find(key);
    if (node == nullptr) return false;
    if (auto value = node->value_exact<bool>()) return *value;
    fail(key, *node, "true or false");
    return false;
  }
  /// A whole number, or a string such as "20*2^26".
  std::uint64_t count(const char* key) {
    const toml::node* node = find(key);
    if (node == nullptr) return 0;
    if (auto value = node->value_exact<std::int64_t>(); value && *value >= 0) return static_cast<std::uint64_t>(*value);
    if (auto value = node->value_exact<std::string>())
      if (auto parsed = parse_count(*value); parsed.ok()) return *parsed;
    fail(key, *node, "a whole number of at least 0, or a string such as \"20*2^26\"");
    return 0;
  }
  /// A string, a whole number, or a decimal. A decimal is taken as the shortest one that gives the same double, which
  /// is what was typed wherever that had at most 15 digits.
  Exact exact(const char* key, const Exact& otherwise = {}) {
    const toml::node* node = find(key);
    return node == nullptr ? otherwise : exact_of(key, *node);
  }
  std::vector<Exact> exact_list(const char* key) {
    std::vector<Exact> all;
    if (const toml::node* node = find(key)) {
      if (const toml::array* array = node->as_array())
        for (const toml::node& entry : *array) all.push_back(exact_of(key, entry));
      else
        fail(key, *node, "a list of numbers");
    }
    return all;
  }
  std::vector<std::string> texts(const char* key) {
    std::vector<std::string> all;
    const toml::node* node = find(key);
    const toml::array* array = node == nullptr ? nullptr : node->as_array();
    if (node != nullptr && array == nullptr) fail(key, *node, "a list of strings");
    if (array != nullptr)
      for (const toml::node& entry : *array) {
        auto value = entry.value_exact<std::string>();
        if (!value) fail(key, entry, "a string");
        all.push_back(value.value_or(""));
      }
    return all;
  }
  TomlReader table(const char* key) {
    const toml::node* node = find(key);
    const toml::table* inner = node == nullptr ? nullptr : node->as_table();
    if (node != nullptr && inner == nullptr) fail(key, *node, "a table");
    return TomlReader(inner, fmt::format("{} {}", where_, key), origin_);
  }
  template <class T>
  T take(Result<T> result) {
    if (result.ok()) return std::move(result).value();
    if (!error_)
      error_ =
          bad_input(where_ + ": " + result.error().message, origin_, {}, result.error().expected, result.error().got);
    return T{};
  }
  Status finish() {
    if (error_) return *error_;
    if (table_ != nullptr)
      for (const auto& [key, node] : *table_)
        if (std::find(asked_.begin(), asked_.end(), key.str()) == asked_.end())
          return bad_input(fmt::format("{}: unknown key, line {}", where_, node.source().begin.line), origin_, {},
                           fmt::format("one of: {}", fmt::join(asked_, ", ")), std::string(key.str().substr(0, 60)));
    return {};
  }

 private:
  const toml::node* find(const char* key) {
    asked_.emplace_back(key);
    return table_ == nullptr ? nullptr : table_->get(key);
  }
  Exact exact_of(const char* key, const toml::node& node) {
    std::string written;
    if (auto text = node.value_exact<std::string>()) written = *text;
    if (auto whole = node.value_exact<std::int64_t>()) written = std::to_string(*whole);
    if (auto decimal = node.value_exact<double>(); decimal && std::isfinite(*decimal)) {
      char digits[64];
      written.assign(digits, std::to_chars(digits, digits + sizeof digits, *decimal).ptr);
    }
    if (auto value = Exact::parse(written); value.ok()) return *value;
    fail(key, node, "a number such as 0.0075, \"1e-12\" or \"3/400\"");
    return {};
  }
  void fail(const char* key, const toml::node& node, const char* expected) {
    if (error_) return;
    std::ostringstream got;
    node.visit([&](const auto& value) {
      if constexpr (toml::is_value<decltype(value)>)
        got << value;
      else
        got << value.type();
    });
    error_ = bad_input(fmt::format("{}: {} has the wrong value, line {}", where_, key, node.source().begin.line),
                       origin_, {}, expected, got.str().substr(0, 60));
  }

  const toml::table* table_;
  std::string where_;
  std::string origin_;
  std::vector<std::string> asked_;
  std::optional<Error> error_;
};

}  // namespace

Result<Plan> plan_from_toml(std::string_view text, const std::string& origin) {
  toml::table parsed;
  try {
    parsed = toml::parse(text);
  } catch (const toml::parse_error& error) {  // the library's only way to say so; it stops here
    return bad_input(
        fmt::format("the plan is not valid TOML: {}, line {}", error.description(), error.source().begin.line), origin);
  }
  TomlReader top(&parsed, "plan", origin);
  Plan plan;
  plan.origin = Origin::file;
  plan.protocol = top.text("protocol", "kulikov");
  plan.preset = top.text("preset", "");
  plan.method = top.take(method_named(top.text("method", "win")));
  plan.adversary = top.take(adversary_named(top.text("adversary", "quantum")));
  plan.polytope = top.take(polytope_named(top.text("polytope", "santha-vazirani")));
  plan.mu = top.exact("mu", Exact::integer(1));  // no default: 1 is refused below
  plan.trial_count = top.count("trial_count");
  plan.relabelling = top.text("relabelling", "none");
  plan.extractor = top.take(extractor_named(top.text("extractor", "auto")));
  plan.seed_bits = top.count("seed_bits");
  plan.simulated = top.boolean("simulated");
  if (!top.has("mu") || !top.has("trial_count"))
    return bad_input("the plan lacks mu or trial_count", origin, std::nullopt,
                     "mu = 0.0075 and trial_count = \"2^26\"");

  TomlReader thresholds = top.table("thresholds"), epsilons = top.table("epsilons"), publish = top.table("publish");
  BELLOWS_TRY(top.finish());
  if (thresholds.has("list")) {
    plan.thresholds = Thresholds::list(thresholds.exact_list("list"));
  } else {
    Exact lowest = thresholds.exact("lowest"), highest = thresholds.exact("highest");
    std::uint64_t count = thresholds.count("count");
    BELLOWS_TRY(thresholds.finish());
    if (count < 2)
      return bad_input("the plan has no thresholds", origin, std::nullopt,
                       "[thresholds] with list = [...], or lowest, highest and count >= 2");
    plan.thresholds = Thresholds::grid(std::move(lowest), std::move(highest), count);
  }
  BELLOWS_TRY(thresholds.finish());

  if (!epsilons.has("total"))
    return bad_input("the plan lacks its epsilon", origin, std::nullopt, "[epsilons] with total = \"1e-12\"");
  Exact total = epsilons.exact("total");
  plan.epsilons = split_epsilon(total, std::max<std::uint64_t>(1, plan.threshold_events()), plan.extractor);
  if (epsilons.has("smoothing") || epsilons.has("accumulation") || epsilons.has("extraction"))
    plan.epsilons = {total, epsilons.exact("smoothing"), epsilons.exact("accumulation"), epsilons.exact("extraction")};
  BELLOWS_TRY(epsilons.finish());

  plan.publish_mode = publish.take(publish_mode_named(publish.text("mode", "private")));
  for (const std::string& item : publish.texts("items"))
    plan.published.push_back(publish.take(publication_named(item)));
  BELLOWS_TRY(publish.finish());

  if (Status valid = validate(plan); !valid.ok())
    return bad_input("plan: " + valid.error().message, origin, std::nullopt, valid.error().expected, valid.error().got);
  return plan;
}

}  // namespace bellows::plan
