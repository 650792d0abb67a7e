#include <algorithm>

#include "bellows/base/check.h"
#include "bellows/bits/bit_string.h"
#include "bellows/bits/draw_tail.h"

// Bits that remember the trial before. 64 trials at once: each trial is a map from what is remembered to what is
// remembered next, the maps are composed by doubling, and only then the bits are chosen. Trials that the head bits leave
// undecided are rare; a word with one is drawn again trial by trial, so that both ways give the same bits.
namespace bellows::bits {
namespace {

constexpr unsigned most_members = 8, most_remembered = 2;

std::uint64_t choose(std::uint64_t selector, std::uint64_t if_one, std::uint64_t if_zero) {
  return if_zero ^ (selector & (if_zero ^ if_one));
}

std::uint64_t all_or_nothing(std::uint64_t bit) { return std::uint64_t{0} - (bit & 1); }

/// A member of the chain, and one word of it.
struct Prepared {
  const ChainMember* member;
  DrawPlan plan;
  std::vector<Chance> chances;                ///< the different ones
  std::vector<std::uint8_t> chance_of;        ///< by context
  std::uint64_t less[64] = {}, equal[64] = {};  ///< by chance: surely 1; undecided
  std::uint64_t doubt = 0;                      ///< undecided by some chance
};

Prepared prepare(const ChainMember& member) {
  Prepared p{&member, plan_for(*member.bit), {}, {}};
  for (const Chance& chance : member.bit->chances) {
    auto found = std::find(p.chances.begin(), p.chances.end(), chance);
    const auto place = static_cast<std::uint8_t>(found - p.chances.begin());
    if (place == p.chances.size()) p.chances.push_back(chance);
    p.chance_of.push_back(place);
  }
  return p;
}

/// Random numbers of 64 trials against each chance.
void compare(Prepared& p, const std::uint64_t* heads) {
  p.doubt = 0;
  for (std::size_t c = 0; c < p.chances.size(); ++c) {
    const Chance& chance = p.chances[c];
    if (chance.certain || chance.threshold == 0) {
      p.less[c] = all_or_nothing(chance.certain);
      p.equal[c] = 0;
      continue;
    }
    const bool goes_on = tail_of(chance) != 0;
    std::uint64_t less = 0, equal = ~std::uint64_t{0};
    const unsigned planes = goes_on ? head_bits : 64 - static_cast<unsigned>(__builtin_ctzll(chance.threshold));
    for (unsigned k = 0; k < planes; ++k) {
      const std::uint64_t random = heads[k * chunk_words], one = all_or_nothing(chance.threshold >> (63 - k));
      less |= equal & ~random & one;
      equal &= ~(random ^ one);
    }
    p.less[c] = less;
    p.equal[c] = goes_on ? equal : 0;
    p.doubt |= p.equal[c];
  }
}

/// What a member is in 64 trials.
struct Value {
  std::uint64_t value;
  static Value of(std::uint64_t value, std::uint64_t) { return {value}; }
  std::uint64_t where_undecided() const { return 0; }
};
/// And where that is undecided; needed for one word of ten.
struct ValueAndDoubt {
  std::uint64_t value, undecided;
  static ValueAndDoubt of(std::uint64_t value, std::uint64_t undecided) { return {value, undecided}; }
  std::uint64_t where_undecided() const { return undecided; }
};

Value choose(std::uint64_t selector, Value if_one, Value if_zero) {
  return {choose(selector, if_one.value, if_zero.value)};
}
ValueAndDoubt choose(std::uint64_t selector, ValueAndDoubt if_one, ValueAndDoubt if_zero) {
  return {choose(selector, if_one.value, if_zero.value), choose(selector, if_one.undecided, if_zero.undecided)};
}

class Chain {
 public:
  Chain(std::span<const ChainMember> members) : count_(static_cast<unsigned>(members.size())) {
    for (const ChainMember& member : members) {
      all_.push_back(prepare(member));
      for (unsigned other : member.before)
        if (std::find(remembered_.begin(), remembered_.end(), other) == remembered_.end()) remembered_.push_back(other);
    }
  }
  std::vector<Prepared>& members() { return all_; }
  bool fits() const { return remembered_.size() <= most_remembered; }

  /// One word; false: a trial is undecided, and nothing is done.
  bool word(std::uint64_t w, std::uint64_t trials, std::uint64_t& memory) {
    std::uint64_t values[most_members], doubt = 0;
    for (const Prepared& p : all_) doubt |= p.doubt;
    const std::uint64_t undecided =
        doubt != 0 ? choose_run<ValueAndDoubt>(w, memory, values) : choose_run<Value>(w, memory, values);
    if ((undecided & low_mask(trials)) != 0) return false;
    memory = 0;
    for (unsigned m = 0; m < count_; ++m) {
      all_[m].member->out[w] = values[m] & low_mask(trials);
      memory |= (values[m] >> (trials - 1) & 1) << m;
    }
    return true;
  }

 private:
  template <class Word>
  std::uint64_t choose_run(std::uint64_t w, std::uint64_t memory, std::uint64_t* values) {
    if (remembered_.empty()) return run<0, Word>(w, memory, values);
    return remembered_.size() == 1 ? run<1, Word>(w, memory, values) : run<2, Word>(w, memory, values);
  }

  template <unsigned bits_remembered, class Word>
  std::uint64_t run(std::uint64_t w, std::uint64_t memory, std::uint64_t* values) {
    constexpr unsigned states = 1u << bits_remembered;
    Word words[most_members][states];
    for (unsigned m = 0; m < count_; ++m) {
      const Prepared& p = all_[m];
      const std::size_t contexts = p.chance_of.size();
      Word table[64];
      for (std::size_t c = 0; c < contexts; ++c) table[c] = Word::of(p.less[p.chance_of[c]], p.equal[p.chance_of[c]]);
      // The planes are the lowest bits of a context and the same for every state.
      std::size_t left = contexts;
      for (const std::uint64_t* plane : p.member->planes) left = halve(table, left, plane[w]);
      for (unsigned state = 0; state < states; ++state) {
        Word own[64];
        std::copy_n(table, left, own);
        std::size_t size = left;
        for (unsigned other : p.member->now) size = halve(own, size, words[other][state].value);
        for (unsigned other : p.member->before)
          size = halve(own, size, all_or_nothing(state >> place_of(other)));
        words[m][state] = own[0];
      }
    }
    // after[s][j]: what is remembered as j after the trial, if all began in state s.
    std::uint64_t before[bits_remembered + 1] = {};
    if constexpr (bits_remembered > 0) {
      std::uint64_t after[states][bits_remembered];
      for (unsigned s = 0; s < states; ++s)
        for (unsigned j = 0; j < bits_remembered; ++j) after[s][j] = words[remembered_[j]][s].value;
      for (unsigned step = 1; step < 64; step *= 2) {
        std::uint64_t next[states][bits_remembered];
        const std::uint64_t reached = ~std::uint64_t{0} << step;
        for (unsigned s = 0; s < states; ++s)
          for (unsigned j = 0; j < bits_remembered; ++j) {
            std::uint64_t chosen = choose(after[s][0] << step, after[1][j], after[0][j]);
            if constexpr (bits_remembered == 2)
              chosen = choose(after[s][1] << step, choose(after[s][0] << step, after[3][j], after[2][j]), chosen);
            next[s][j] = choose(reached, chosen, after[s][j]);
          }
        std::copy_n(&next[0][0], states * bits_remembered, &after[0][0]);
      }
      unsigned start = 0;
      for (unsigned j = 0; j < bits_remembered; ++j) start |= static_cast<unsigned>(memory >> remembered_[j] & 1) << j;
      for (unsigned j = 0; j < bits_remembered; ++j) before[j] = after[start][j] << 1 | (start >> j & 1);
    }
    std::uint64_t undecided = 0;
    for (unsigned m = 0; m < count_; ++m) {
      Word* word = words[m];
      for (unsigned j = 0, size = states; size > 1; ++j) size = static_cast<unsigned>(halve(word, size, before[j]));
      values[m] = word[0].value;
      undecided |= word[0].where_undecided();
    }
    return undecided;
  }

  /// Settles the lowest bit of the context.
  template <class Word>
  static std::size_t halve(Word* table, std::size_t size, std::uint64_t bit) {
    for (std::size_t c = 0; c < size / 2; ++c) table[c] = choose(bit, table[2 * c + 1], table[2 * c]);
    return size / 2;
  }
  unsigned place_of(unsigned member) const {
    return static_cast<unsigned>(std::find(remembered_.begin(), remembered_.end(), member) - remembered_.begin());
  }

  unsigned count_;
  std::vector<Prepared> all_;
  std::vector<unsigned> remembered_;
};

}  // namespace

void ChunkDrawer::draw_chain(std::span<const ChainMember> members, std::uint64_t& memory) {
  BELLOWS_CHECK(members.size() <= most_members, "a chain of at most eight members");
  Chain chain(members);
  std::vector<Tail> tails;
  heads_.resize(members.size() * head_bits * chunk_words);
  for (std::size_t m = 0; m < members.size(); ++m) {
    const DrawPlan& plan = chain.members()[m].plan;
    tails.push_back(Tail{stream_, {block_, chunk_, members[m].bit->lane, 0}, {}, 0});
    BELLOWS_CHECK(members[m].planes.size() + members[m].now.size() + members[m].before.size() == plan.parent_count,
                  "as many parents as the chances speak of");
    for (unsigned earlier : members[m].now) BELLOWS_CHECK(earlier < m, "a bit depends on earlier ones");
    for (unsigned other : members[m].before) BELLOWS_CHECK(other < members.size(), "a bit that the chain has");
    stream_.fill(tails[m].address,
                 std::span(heads_.data() + m * head_bits * chunk_words, plan.planes_needed * chunk_words));
  }
  for (std::uint64_t w = 0; w < words_for(trial_count_); ++w) {
    for (std::size_t m = 0; m < members.size(); ++m)
      compare(chain.members()[m], heads_.data() + m * head_bits * chunk_words + w);
    const std::uint64_t trials = std::min<std::uint64_t>(64, trial_count_ - 64 * w);
    if (chain.fits() && chain.word(w, trials, memory)) continue;
    for (const ChainMember& member : members) member.out[w] = 0;
    for (std::uint64_t i = 0; i < trials; ++i) {
      std::uint64_t now = 0;
      for (std::size_t m = 0; m < members.size(); ++m) {
        const ChainMember& member = members[m];
        const Prepared& p = chain.members()[m];
        std::uint64_t context = 0;
        unsigned place = 0;
        for (const std::uint64_t* plane : member.planes) context |= (plane[w] >> i & 1) << place++;
        for (unsigned other : member.now) context |= (now >> other & 1) << place++;
        for (unsigned other : member.before) context |= (memory >> other & 1) << place++;
        const unsigned chance = p.chance_of[context];
        bool value = (p.less[chance] >> i & 1) != 0;
        if ((p.equal[chance] >> i & 1) != 0) value = tails[m].decide(p.chances[chance]);
        now |= std::uint64_t{value} << m;
        member.out[w] |= std::uint64_t{value} << i;
      }
      memory = now;
    }
  }
}

}  // namespace bellows::bits
