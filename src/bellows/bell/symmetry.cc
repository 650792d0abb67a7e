#include "bellows/bell/symmetry.h"

#include <bit>
#include <map>
#include <numeric>

namespace bellows::bell {
namespace {

struct Image {
  std::size_t outcome;
  std::size_t setting;
};

std::size_t permute_bits(std::size_t bits, const std::vector<int>& to) {
  std::size_t out = 0;
  for (std::size_t p = 0; p < to.size(); ++p) out |= ((bits >> p) & 1U) << to[p];
  return out;
}

/// With two settings each, a joint setting is the bit string of the settings.
Image image(const Relabelling& g, std::size_t a, std::size_t x) {
  const std::size_t flips = (g.outcome_flip[0] & ~x) | (g.outcome_flip[1] & x);
  return {permute_bits(a ^ flips, g.party_to), permute_bits(x ^ g.setting_flip, g.party_to)};
}

std::size_t find_root(std::vector<std::uint32_t>& parent, std::size_t i) {
  while (parent[i] != i) {
    parent[i] = parent[parent[i]];
    i = parent[i];
  }
  return i;
}

}  // namespace

std::vector<std::size_t> Relabelling::on_table(const Scenario& scenario) const {
  std::vector<std::size_t> to(scenario.table_size());
  for (std::size_t x = 0; x < scenario.joint_settings(); ++x) {
    for (std::size_t a = 0; a < scenario.outcomes(); ++a) {
      const Image at = image(*this, a, x);
      to[scenario.table_index(a, x)] = scenario.table_index(at.outcome, at.setting);
    }
  }
  return to;
}

std::vector<Relabelling> find_symmetries(const std::vector<const Functional*>& functionals, const std::size_t* target) {
  const Scenario& s = functionals.front()->scenario;
  for (int count : s.settings()) {
    if (count != 2) return {};
  }
  // One small integer for each distinct tuple of coefficients makes the comparison cheap.
  std::map<std::vector<Rational>, std::int32_t> names;
  std::vector<std::int32_t> colour(s.table_size());
  std::vector<std::size_t> marked;  // entries where something is nonzero: checked first, they refuse soonest
  std::vector<Rational> tuple(functionals.size());
  for (std::size_t i = 0; i < colour.size(); ++i) {
    bool nonzero = false;
    for (std::size_t k = 0; k < functionals.size(); ++k) {
      tuple[k] = functionals[k]->coefficients[i];
      nonzero = nonzero || tuple[k] != 0;
    }
    colour[i] = names.emplace(tuple, static_cast<std::int32_t>(names.size())).first->second;
    if (nonzero) marked.push_back(i);
  }

  const int n = s.parties();
  const auto mask = static_cast<std::uint32_t>(s.outcomes() - 1);
  std::vector<Relabelling> found;
  for (int first = 0; first < n; ++first) {
    for (int second = first; second < n; ++second) {
      if (first == second && first != 0) continue;  // the identity once
      Relabelling g;
      g.party_to.resize(static_cast<std::size_t>(n));
      std::iota(g.party_to.begin(), g.party_to.end(), 0);
      std::swap(g.party_to[static_cast<std::size_t>(first)], g.party_to[static_cast<std::size_t>(second)]);
      for (std::uint32_t flip = 0; flip <= mask; ++flip) {
        g.setting_flip = flip;
        if (target != nullptr && permute_bits(*target ^ flip, g.party_to) != *target) continue;
        // Without a target only a handful of setting flips are worth the time.
        if (target == nullptr && std::popcount(flip) > (first != second && n > 5 ? 0 : 2)) continue;
        std::size_t kept = 0;
        const std::size_t kept_limit = first == second && flip == 0 ? 64 : 4;
        for (std::uint32_t at_zero = 0; at_zero <= mask && kept < kept_limit; ++at_zero) {
          for (std::uint32_t at_one = 0; at_one <= mask && kept < kept_limit; ++at_one) {
            if (first == second && flip == 0 && at_zero == 0 && at_one == 0) continue;
            g.outcome_flip[0] = at_zero;
            g.outcome_flip[1] = at_one;
            bool same = true;
            for (std::size_t i : marked) {
              const Image to = image(g, i & mask, i >> n);
              if (colour[s.table_index(to.outcome, to.setting)] != colour[i]) {
                same = false;
                break;
              }
            }
            // A permutation that maps marked entries to marked entries of the same colour maps the rest to the rest.
            if (same) {
              found.push_back(g);
              ++kept;
            }
          }
        }
      }
    }
  }
  return found;
}

Orbits find_orbits(const Scenario& scenario, const std::vector<Relabelling>& generators) {
  const std::size_t entries = scenario.table_size();
  std::vector<std::uint32_t> parent(entries);
  std::iota(parent.begin(), parent.end(), 0U);

  const std::size_t correlators = scenario.correlators();
  // Signed union-find as union-find on (correlator, sign): 2c and 2c + 1; a correlator joined to its own negative is zero.
  std::vector<std::uint32_t> signed_parent(2 * correlators);
  std::iota(signed_parent.begin(), signed_parent.end(), 0U);

  std::vector<std::size_t> from_index, to_index;
  for (const Relabelling& g : generators) {
    const std::vector<std::size_t> to = g.on_table(scenario);
    for (std::size_t i = 0; i < entries; ++i) {
      const std::size_t a = find_root(parent, i);
      const std::size_t b = find_root(parent, to[i]);
      parent[std::max(a, b)] = static_cast<std::uint32_t>(std::min(a, b));
    }
    for (std::size_t x = 0; x < scenario.joint_settings(); ++x) {
      scenario.correlators_at(x, from_index);
      const Image base = image(g, 0, x);
      scenario.correlators_at(base.setting, to_index);
      for (std::size_t mask = 0; mask < from_index.size(); ++mask) {
        const std::size_t to_mask = permute_bits(mask, g.party_to);
        const unsigned sign = std::popcount(base.outcome & to_mask) & 1;
        for (unsigned side = 0; side < 2; ++side) {
          const std::size_t a = find_root(signed_parent, 2 * from_index[mask] + side);
          const std::size_t b = find_root(signed_parent, 2 * to_index[to_mask] + (side ^ sign));
          signed_parent[std::max(a, b)] = static_cast<std::uint32_t>(std::min(a, b));
        }
      }
    }
  }

  Orbits orbits;
  orbits.entry_orbit.resize(entries);
  std::vector<std::int64_t> number(entries, -1);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t root = find_root(parent, i);
    if (number[root] < 0) {
      number[root] = static_cast<std::int64_t>(orbits.entry_representative.size());
      orbits.entry_representative.push_back(root);
      orbits.entry_count.push_back(0);
    }
    orbits.entry_orbit[i] = static_cast<std::uint32_t>(number[root]);
    ++orbits.entry_count[static_cast<std::size_t>(number[root])];
  }
  orbits.correlator_orbit.assign(correlators, -1);
  orbits.correlator_sign.assign(correlators, 1);
  std::vector<std::int32_t> orbit_of_root(2 * correlators, -1);
  for (std::size_t c = 0; c < correlators; ++c) {
    const std::size_t plus = find_root(signed_parent, 2 * c);
    const std::size_t minus = find_root(signed_parent, 2 * c + 1);
    if (plus == minus) continue;
    const std::size_t key = std::min(plus, minus);
    if (orbit_of_root[key] < 0) orbit_of_root[key] = static_cast<std::int32_t>(orbits.correlator_orbits++);
    orbits.correlator_orbit[c] = orbit_of_root[key];
    orbits.correlator_sign[c] = plus == key ? 1 : -1;
  }
  return orbits;
}

}  // namespace bellows::bell
