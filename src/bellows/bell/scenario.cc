#include "bellows/bell/scenario.h"

#include <charconv>

namespace bellows::bell {

Result<Scenario> Scenario::make(std::vector<int> settings_of_party) {
  if (settings_of_party.empty() || settings_of_party.size() > kMaxParties) {
    return bad_input("a scenario has from 1 to 7 parties, not " + std::to_string(settings_of_party.size()));
  }
  Scenario scenario;
  std::uint64_t joint = 1;
  std::uint64_t correlators = 1;
  for (int settings : settings_of_party) {
    if (settings < 1 || settings > 65536) {
      return bad_input("a party has from 1 to 65536 settings, not " + std::to_string(settings));
    }
    scenario.setting_stride_.push_back(joint);
    scenario.correlator_stride_.push_back(correlators);
    joint *= static_cast<std::uint64_t>(settings);
    correlators *= static_cast<std::uint64_t>(settings) + 1;
    const std::uint64_t entries = joint << settings_of_party.size();
    if (entries > kMaxTableEntries) {
      return bad_input("the table of this scenario needs " + std::to_string(entries) + " entries (about " +
                       std::to_string((entries * 40) >> 20) + " MiB in exact arithmetic) or more; the limit is " +
                       std::to_string(kMaxTableEntries));
    }
  }
  scenario.settings_ = std::move(settings_of_party);
  scenario.joint_settings_ = joint;
  scenario.correlators_ = correlators;
  return scenario;
}

int Scenario::setting_digit(std::size_t joint_setting, int party) const {
  const auto p = static_cast<std::size_t>(party);
  return static_cast<int>(joint_setting / setting_stride_[p] % static_cast<std::size_t>(settings_[p]));
}

std::size_t Scenario::joint_setting(const std::vector<int>& digits) const {
  std::size_t x = 0;
  for (std::size_t p = 0; p < settings_.size(); ++p) x += setting_stride_[p] * static_cast<std::size_t>(digits[p]);
  return x;
}

std::size_t Scenario::correlator_index(std::uint32_t party_mask, std::size_t joint_setting) const {
  std::size_t index = 0;
  for (std::size_t p = 0; p < settings_.size(); ++p) {
    if ((party_mask >> p) & 1U) {
      index += correlator_stride_[p] *
               (1 + joint_setting / setting_stride_[p] % static_cast<std::size_t>(settings_[p]));
    }
  }
  return index;
}

void Scenario::correlators_at(std::size_t joint_setting, std::vector<std::size_t>& out) const {
  out.assign(outcomes(), 0);
  for (std::size_t p = 0; p < settings_.size(); ++p) {
    const std::size_t step = correlator_stride_[p] *
        (1 + joint_setting / setting_stride_[p] % static_cast<std::size_t>(settings_[p]));
    const std::size_t bit = std::size_t{1} << p;
    for (std::size_t mask = 0; mask < bit; ++mask) out[mask | bit] = out[mask] + step;
  }
}

std::string Scenario::format_setting(std::size_t joint_setting) const {
  bool wide = false;
  for (int s : settings_) wide = wide || s > 10;
  std::string text;
  for (int p = 0; p < parties(); ++p) {
    if (wide && p > 0) text += ',';
    text += std::to_string(setting_digit(joint_setting, p));
  }
  return text;
}

std::string Scenario::format_outcome(std::size_t outcome) const {
  std::string text;
  for (int p = 0; p < parties(); ++p) text += ((outcome >> p) & 1U) ? '1' : '0';
  return text;
}

Result<std::size_t> Scenario::parse_setting(std::string_view text) const {
  std::vector<int> digits;
  if (text.find(',') == std::string_view::npos) {
    for (char c : text) {
      if (c < '0' || c > '9') return bad_input("'" + std::string(text) + "' is not a joint setting");
      digits.push_back(c - '0');
    }
  } else {
    const char* at = text.data();
    const char* end = at + text.size();
    for (;;) {
      int value = 0;
      const auto [next, error] = std::from_chars(at, end, value);
      if (error != std::errc{}) return bad_input("'" + std::string(text) + "' is not a joint setting");
      digits.push_back(value);
      if (next == end) break;
      if (*next != ',') return bad_input("'" + std::string(text) + "' is not a joint setting");
      at = next + 1;
    }
  }
  if (static_cast<int>(digits.size()) != parties()) {
    return bad_input("'" + std::string(text) + "' names " + std::to_string(digits.size()) + " settings, but there are " +
                     std::to_string(parties()) + " parties");
  }
  for (int p = 0; p < parties(); ++p) {
    const int digit = digits[static_cast<std::size_t>(p)];
    if (digit < 0 || digit >= settings_of(p)) {
      return bad_input("party " + std::to_string(p + 1) + " has no setting " + std::to_string(digit));
    }
  }
  return joint_setting(digits);
}

Result<std::size_t> Scenario::parse_outcome(std::string_view text) const {
  std::size_t outcome = 0;
  if (static_cast<int>(text.size()) != parties()) {
    return bad_input("'" + std::string(text) + "' is not an outcome of " + std::to_string(parties()) + " parties");
  }
  for (std::size_t p = 0; p < text.size(); ++p) {
    if (text[p] != '0' && text[p] != '1') return bad_input("'" + std::string(text) + "' is not a joint outcome (0 and 1)");
    if (text[p] == '1') outcome |= std::size_t{1} << p;
  }
  return outcome;
}

Result<Rational> parse_rational(std::string_view text) {
  const auto refuse = [&] { return bad_input("'" + std::string(text.substr(0, 60)) + "' is not a number"); };
  if (text.empty() || text.size() > 4096) return refuse();
  bool negative = false;
  std::size_t i = 0;
  if (text[0] == '-' || text[0] == '+') {
    negative = text[0] == '-';
    i = 1;
  }
  std::string digits;
  std::string denominator;
  long scale = 0;
  bool point = false;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c >= '0' && c <= '9') {
      digits += c;
      if (point) ++scale;
    } else if (c == '.' && !point) {
      point = true;
    } else {
      break;
    }
  }
  if (digits.empty()) return refuse();
  if (i < text.size() && text[i] == '/' && !point) {
    for (++i; i < text.size(); ++i) {
      if (text[i] < '0' || text[i] > '9') return refuse();
      denominator += text[i];
    }
    if (denominator.empty()) return refuse();
  } else if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    int exponent = 0;
    const char* start = text.data() + i + 1;
    if (start < text.data() + text.size() && *start == '+') ++start;
    const auto [next, error] = std::from_chars(start, text.data() + text.size(), exponent);
    if (error != std::errc{} || next != text.data() + text.size() || exponent > 4000 || exponent < -4000) return refuse();
    scale -= exponent;
  } else if (i < text.size()) {
    return refuse();
  }
  Rational value(mpz_class(digits, 10), denominator.empty() ? mpz_class(1) : mpz_class(denominator, 10));
  if (value.get_den() == 0) return refuse();
  mpz_class power;
  mpz_ui_pow_ui(power.get_mpz_t(), 10, static_cast<unsigned long>(scale < 0 ? -scale : scale));
  value.canonicalize();
  if (scale > 0) value /= Rational(power);
  if (scale < 0) value *= Rational(power);
  return negative ? Rational(-value) : value;
}

std::string format_rational(const Rational& value) { return value.get_str(); }

}  // namespace bellows::bell
