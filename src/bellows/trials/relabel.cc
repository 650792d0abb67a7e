#include "bellows/trials/relabel.h"

#include <numeric>
#include <utility>

namespace bellows::trials {
namespace {

constexpr std::string_view steps[] = {"swap-parties", "x:flip", "y:flip",     "a:flip",
                                      "a:flip-if-x",  "b:flip", "b:flip-if-y"};

std::string_view trimmed(std::string_view word) {
  while (!word.empty() && word.front() == ' ') word.remove_prefix(1);
  while (!word.empty() && word.back() == ' ') word.remove_suffix(1);
  return word;
}

}  // namespace

// Composes: what this does, then the step. A flip of x after a ^= x turns into a flip of x before it and one of a.
void Relabelling::then(std::string_view step) {
  if (step == steps[0]) {
    swap_ = !swap_;
    std::swap(flip_x_, flip_y_);
    std::swap(flip_a_, flip_b_);
    std::swap(flip_a_if_x_, flip_b_if_y_);
  } else if (step == steps[1]) {
    flip_x_ = !flip_x_;
    flip_a_ ^= flip_a_if_x_;
  } else if (step == steps[2]) {
    flip_y_ = !flip_y_;
    flip_b_ ^= flip_b_if_y_;
  } else if (step == steps[3]) {
    flip_a_ = !flip_a_;
  } else if (step == steps[4]) {
    flip_a_if_x_ = !flip_a_if_x_;
  } else if (step == steps[5]) {
    flip_b_ = !flip_b_;
  } else if (step == steps[6]) {
    flip_b_if_y_ = !flip_b_if_y_;
  }
}

Result<Relabelling> Relabelling::parse(std::string_view spec) {
  Relabelling relabelling;
  if (trimmed(spec).empty() || trimmed(spec) == "none") return relabelling;
  for (std::size_t at = 0; at <= spec.size();) {
    std::size_t end = std::min(spec.find(',', at), spec.size());
    std::string_view word = trimmed(spec.substr(at, end - at));
    bool known = false;
    for (std::string_view step : steps) known |= word == step;
    if (!known) {
      std::string all;
      for (std::string_view step : steps) all += (all.empty() ? "" : " ") + std::string(step);
      return usage_error("unknown word in the relabelling", all, std::string(word));
    }
    relabelling.then(word);
    at = end + 1;
  }
  return relabelling;
}

std::string Relabelling::spec() const {
  const bool has[] = {swap_, flip_x_, flip_y_, flip_a_, flip_a_if_x_, flip_b_, flip_b_if_y_};
  std::string text;
  for (std::size_t i = 0; i < std::size(steps); ++i)
    if (has[i]) text += (text.empty() ? "" : ",") + std::string(steps[i]);
  return text.empty() ? "none" : text;
}

Relabelling Relabelling::inverse() const {
  // Every step undoes itself, so the inverse is the steps backwards.
  const bool has[] = {swap_, flip_x_, flip_y_, flip_a_, flip_a_if_x_, flip_b_, flip_b_if_y_};
  Relabelling undone;
  for (std::size_t i = std::size(steps); i-- > 0;)
    if (has[i]) undone.then(steps[i]);
  return undone;
}

void Relabelling::apply(std::uint64_t* x, std::uint64_t* y, std::uint64_t* a, std::uint64_t* b,
                        std::uint64_t size_words) const {
  auto mask = [](bool on) { return on ? ~std::uint64_t{0} : std::uint64_t{0}; };
  const std::uint64_t fx = mask(flip_x_), fy = mask(flip_y_), fa = mask(flip_a_), fax = mask(flip_a_if_x_),
                      fb = mask(flip_b_), fby = mask(flip_b_if_y_);
  for (std::uint64_t i = 0; i < size_words; ++i) {
    if (swap_) {
      std::swap(x[i], y[i]);
      std::swap(a[i], b[i]);
    }
    x[i] ^= fx;
    y[i] ^= fy;
    a[i] ^= fa ^ (x[i] & fax);
    b[i] ^= fb ^ (y[i] & fby);
  }
}

std::uint8_t Relabelling::apply(std::uint8_t xyab) const {
  std::uint64_t x = xyab >> 3 & 1, y = xyab >> 2 & 1, a = xyab >> 1 & 1, b = xyab & 1;
  apply(&x, &y, &a, &b, 1);
  return static_cast<std::uint8_t>((x & 1) << 3 | (y & 1) << 2 | (a & 1) << 1 | (b & 1));
}

const std::array<Relabelling, 8>& chsh_relabellings() {
  // xy xor alpha x xor beta y xor gamma = (x xor beta)(y xor alpha) xor (alpha beta xor gamma).
  static const std::array<Relabelling, 8> all = [] {
    std::array<Relabelling, 8> list;
    const char* specs[] = {"none",   "x:flip",        "y:flip",        "x:flip,y:flip",
                           "a:flip", "x:flip,a:flip", "y:flip,a:flip", "x:flip,y:flip,a:flip"};
    for (std::size_t i = 0; i < list.size(); ++i) list[i] = Relabelling::parse(specs[i]).value();
    return list;
  }();
  return all;
}

std::uint64_t chsh_wins(const RecordCounts& counts) {
  std::uint64_t wins = 0;
  for (std::uint32_t r = 0; r < 16; ++r)
    if (((r >> 1 ^ r) & 1) == (r >> 3 & r >> 2 & 1)) wins += counts[r];
  return wins;
}

RelabellingSearch find_chsh_relabelling(const RecordCounts& counts) {
  RelabellingSearch found;
  bool first = true;
  for (const Relabelling& candidate : chsh_relabellings()) {
    RecordCounts renamed{};
    for (std::uint8_t r = 0; r < 16; ++r) renamed[candidate.apply(r)] += counts[r];
    std::uint64_t wins = chsh_wins(renamed);
    if (first || wins > found.wins) {
      found.best = candidate;
      found.wins = wins;
    }
    first = false;
  }
  return found;
}

std::optional<RelabellingSearch> relabelling_that_wins(const RecordCounts& counts) {
  const RelabellingSearch found = find_chsh_relabelling(counts);
  const std::uint64_t trials = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  if (found.best.is_identity() || found.wins <= trials / 4 * 3) return std::nullopt;
  return found;
}

}  // namespace bellows::trials
