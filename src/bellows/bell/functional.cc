#include "bellows/bell/functional.h"

#include <bit>
#include <charconv>

namespace bellows::bell {
namespace {

Scenario must(Result<Scenario> scenario) { return std::move(scenario).value(); }

Scenario two_settings(int parties) { return must(Scenario::make(std::vector<int>(static_cast<std::size_t>(parties), 2))); }

/// Adds `weight` to every outcome at x whose parity is `parity`.
void add_parity(Functional& f, std::size_t x, int parity, const Rational& weight) {
  for (std::size_t a = 0; a < f.scenario.outcomes(); ++a) {
    if ((std::popcount(a) & 1) == parity) f.coefficients[f.scenario.table_index(a, x)] += weight;
  }
}

}  // namespace

double Functional::value(const std::vector<double>& behaviour_table) const {
  double sum = 0;
  for (std::size_t i = 0; i < coefficients.size(); ++i) {
    if (coefficients[i] != 0) sum += coefficients[i].get_d() * behaviour_table[i];
  }
  return sum;
}

Rational Functional::value(const RationalTable& behaviour_table) const {
  Rational sum = 0;
  for (std::size_t i = 0; i < coefficients.size(); ++i) {
    if (coefficients[i] != 0) sum += coefficients[i] * behaviour_table[i];
  }
  return sum;
}

Functional empty_functional(std::string name, const Scenario& scenario) {
  return {std::move(name), scenario, RationalTable(scenario.table_size(), Rational(0))};
}

Functional chsh_losses() {
  Functional f = empty_functional("chsh-losses", two_settings(2));
  for (std::size_t x = 0; x < 4; ++x) add_parity(f, x, x == 3 ? 0 : 1, 1);
  return f;
}

Functional chsh() {
  Functional f = empty_functional("chsh", two_settings(2));
  for (std::size_t x = 0; x < 4; ++x) {
    add_parity(f, x, x == 3 ? 1 : 0, 1);
    add_parity(f, x, x == 3 ? 0 : 1, -1);
  }
  return f;
}

Result<Functional> mdl(const Rational& mu) {
  if (mu < 0 || mu >= Rational(1, 2)) return bad_input("the bias mu must be at least 0 and below 1/2");
  Functional f = empty_functional("mdl:" + format_rational(mu), two_settings(2));
  const Rational low = (Rational(1, 2) - mu) * (Rational(1, 2) - mu) / 4;
  const Rational high = (Rational(1, 2) + mu) * (Rational(1, 2) + mu) / 4;
  const auto at = [&](std::size_t a, std::size_t b, std::size_t x, std::size_t y) -> Rational& {
    return f.coefficients[f.scenario.table_index(a + 2 * b, x + 2 * y)];
  };
  at(0, 0, 0, 0) = low;
  at(0, 1, 0, 1) = -high;
  at(1, 0, 1, 0) = -high;
  at(0, 0, 1, 1) = -high;
  return f;
}

Result<Functional> chained(int settings_per_party) {
  const int n = settings_per_party;
  if (n < 2) return bad_input("the chained expression needs at least two settings for each party");
  BELLOWS_ASSIGN(const Scenario scenario, Scenario::make({n, n}));
  Functional f = empty_functional("chained:" + std::to_string(n), scenario);
  for (int a = 0; a < n; ++a) {
    for (int b = 0; b < n; ++b) {
      const int distance = 2 * a - (2 * b + 1);
      if (distance == 1 || distance == -1) add_parity(f, scenario.joint_setting({a, b}), 1, 1);
    }
  }
  add_parity(f, scenario.joint_setting({0, n - 1}), 0, 1);
  return f;
}

bool in_mermin(std::size_t joint_setting) { return (std::popcount(joint_setting) & 1) == 1; }

int mermin_parity(int parties, std::size_t joint_setting) {
  return ((parties - std::popcount(joint_setting)) / 2) & 1;
}

Result<Functional> mermin(int parties) {
  if (parties != 3 && parties != 5 && parties != 7) {
    return bad_input("the Mermin expression is defined here for 3, 5 and 7 parties, not " + std::to_string(parties));
  }
  Functional f = empty_functional("mermin:" + std::to_string(parties), two_settings(parties));
  for (std::size_t x = 0; x < f.scenario.joint_settings(); ++x) {
    if (in_mermin(x)) add_parity(f, x, 1 - mermin_parity(parties, x), 1);
  }
  return f;
}

Functional four_party() {
  Functional f = empty_functional("four-party", two_settings(4));
  for (std::size_t x = 0; x < 16; ++x) {
    if (std::popcount(x) == 1) add_parity(f, x, 0, 1);
    if (std::popcount(x) == 3) add_parity(f, x, 1, 1);
  }
  return f;
}

Functional outcome_event(const Scenario& scenario, std::size_t joint_setting, const std::vector<bool>& accept) {
  Functional f = empty_functional("event", scenario);
  for (std::size_t a = 0; a < scenario.outcomes(); ++a) {
    if (accept[a]) f.coefficients[scenario.table_index(a, joint_setting)] = 1;
  }
  return f;
}

namespace {

struct Line {
  std::vector<std::string_view> words;
  std::size_t number = 0;
};

std::vector<Line> split_lines(std::string_view text) {
  std::vector<Line> lines;
  std::size_t number = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    ++number;
    line = line.substr(0, line.find('#'));
    Line parsed;
    parsed.number = number;
    std::size_t at = 0;
    while ((at = line.find_first_not_of(" \t\r", at)) != std::string_view::npos) {
      const std::size_t stop = line.find_first_of(" \t\r", at);
      parsed.words.push_back(line.substr(at, stop == std::string_view::npos ? stop : stop - at));
      if (stop == std::string_view::npos) break;
      at = stop;
    }
    if (!parsed.words.empty()) lines.push_back(std::move(parsed));
  }
  return lines;
}

bool parse_int(std::string_view word, int& value) {
  const auto [next, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  return error == std::errc{} && next == word.data() + word.size();
}

}  // namespace

Result<Functional> parse_functional(std::string_view text, const std::string& file) {
  const auto refuse = [&](std::size_t line, const std::string& message) {
    return bad_input("line " + std::to_string(line) + ": " + message, file);
  };
  if (text.size() > (std::size_t{1} << 28)) return bad_input("a functional file is at most 256 MiB", file);
  const std::vector<Line> lines = split_lines(text);
  if (lines.empty() || lines[0].words.size() != 2 || lines[0].words[0] != "bellows-functional") {
    return bad_input("this is not a functional: the first line must be 'bellows-functional 1'", file);
  }
  if (lines[0].words[1] != "1") return refuse(lines[0].number, "this program reads version 1 only");
  Functional f;
  std::vector<bool> seen;
  bool have_scenario = false;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const Line& line = lines[i];
    if (line.words[0] == "name" && line.words.size() == 2 && !have_scenario) {
      f.name = std::string(line.words[1]);
    } else if (line.words[0] == "settings" && !have_scenario) {
      std::vector<int> settings;
      for (std::size_t w = 1; w < line.words.size(); ++w) {
        int value = 0;
        if (!parse_int(line.words[w], value)) return refuse(line.number, "the number of settings of a party is not a number");
        settings.push_back(value);
      }
      auto scenario = Scenario::make(std::move(settings));
      if (!scenario) return refuse(line.number, scenario.error().message);
      f.scenario = std::move(scenario).value();
      f.coefficients.assign(f.scenario.table_size(), Rational(0));
      seen.assign(f.scenario.table_size(), false);
      have_scenario = true;
    } else if (have_scenario && line.words.size() == 3) {
      const auto outcome = f.scenario.parse_outcome(line.words[0]);
      if (!outcome) return refuse(line.number, outcome.error().message);
      const auto setting = f.scenario.parse_setting(line.words[1]);
      if (!setting) return refuse(line.number, setting.error().message);
      const auto coefficient = parse_rational(line.words[2]);
      if (!coefficient) return refuse(line.number, coefficient.error().message);
      const std::size_t index = f.scenario.table_index(outcome.value(), setting.value());
      if (seen[index]) return refuse(line.number, "a second coefficient for the same outcomes and settings");
      seen[index] = true;
      f.coefficients[index] = coefficient.value();
    } else {
      return refuse(line.number, have_scenario ? "expected: outcomes settings coefficient"
                                               : "expected a line 'settings' with the number for each party");
    }
  }
  if (!have_scenario) return bad_input("the functional has no line 'settings'", file);
  if (f.name.empty()) f.name = "file";
  return f;
}

std::string format_functional(const Functional& functional) {
  const Scenario& s = functional.scenario;
  std::string text = "bellows-functional 1\nname " + functional.name + "\nsettings";
  for (int count : s.settings()) text += " " + std::to_string(count);
  text += "\n# outcomes settings coefficient, party 1 first; what is not listed is 0\n";
  for (std::size_t x = 0; x < s.joint_settings(); ++x) {
    for (std::size_t a = 0; a < s.outcomes(); ++a) {
      const Rational& c = functional.coefficients[s.table_index(a, x)];
      if (c != 0) text += s.format_outcome(a) + " " + s.format_setting(x) + " " + format_rational(c) + "\n";
    }
  }
  return text;
}

Result<Functional> functional_by_name(std::string_view name) {
  const std::size_t colon = name.find(':');
  const std::string_view kind = name.substr(0, colon);
  const std::string_view argument = colon == std::string_view::npos ? std::string_view() : name.substr(colon + 1);
  if (name == "chsh") return chsh();
  if (name == "chsh-losses") return chsh_losses();
  if (name == "four-party") return four_party();
  int count = 0;
  if (kind == "chained" && parse_int(argument, count)) return chained(count);
  if (kind == "mermin" && parse_int(argument, count)) return mermin(count);
  if (kind == "mdl") {
    BELLOWS_ASSIGN(const Rational mu, parse_rational(argument));
    return mdl(mu);
  }
  return bad_input("'" + std::string(name) + "' is no Bell expression known here: chsh, chsh-losses, mdl:MU, chained:N, mermin:3, mermin:5, mermin:7, four-party");
}

}  // namespace bellows::bell
