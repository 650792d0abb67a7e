#include "bellows/bits/draw.h"

#include <algorithm>
#include <cmath>

#include "bellows/base/check.h"
#include "bellows/bits/bit_string.h"
#include "bellows/bits/draw_kernels.h"

namespace bellows::bits {
namespace {

DrawWords* words_drawer() {
#if defined(__x86_64__)
  switch (active_kernel()) {
    case Kernel::portable:
    case Kernel::clmul:
      return draw_words_portable;
    case Kernel::avx2:
      return draw_words_avx2;
    case Kernel::avx512:
    case Kernel::gfni:
      return draw_words_avx512;
  }
#endif
  return draw_words_portable;
}

/// Bits of a chance beyond the head, at the top of a word.
std::uint64_t tail_of(const Chance& chance) { return chance.threshold << head_bits; }

DrawPlan plan_for(const ConditionalBit& bit) {
  DrawPlan plan;
  plan.parent_count = bit.parent_count();
  for (std::size_t c = 0; c < bit.chances.size(); ++c) {
    const Chance& chance = bit.chances[c];
    if (chance.certain) {
      plan.certain |= std::uint64_t{1} << c;
      continue;
    }
    if (tail_of(chance) != 0) plan.has_tail |= std::uint64_t{1} << c;
    for (unsigned k = 0; k < head_bits; ++k) {
      if ((chance.threshold >> (63 - k) & 1) == 0) continue;
      plan.ones_in_plane[k] |= std::uint64_t{1} << c;
      plan.planes_needed = std::max(plan.planes_needed, k + 1);
    }
  }
  if (plan.has_tail != 0) plan.planes_needed = head_bits;
  return plan;
}

}  // namespace

Chance Chance::of(double probability) {
  BELLOWS_CHECK(probability >= 0 && probability <= 1, "a probability");
  const double scaled = std::nearbyint(std::ldexp(probability, 64));
  if (scaled >= 0x1p64) return {0, true};
  return {static_cast<std::uint64_t>(scaled), false};
}

unsigned ConditionalBit::parent_count() const {
  unsigned count = 0;
  while (chances.size() >> count > 1) ++count;
  BELLOWS_CHECK(chances.size() == std::size_t{1} << count && count <= most_parents,
                "a chance for each context, at most 64");
  return count;
}

void draw_words_portable(const DrawPlan& plan, const std::uint64_t* heads, std::size_t head_stride,
                         std::size_t size_words, std::uint64_t* out, std::uint64_t* undecided) {
  draw_vectors<std::uint64_t>(plan, heads, head_stride, 0, size_words, out, undecided);
}

/// The second 64 random bits of the trials that need them, in the order of trials.
struct ChunkDrawer::Tail {
  KeyedStream& stream;
  StreamAddress address;  // part 0 holds the heads
  std::uint64_t words[32];
  unsigned left = 0;

  bool decide(const Chance& chance) {
    if (left == 0) {
      ++address.part;
      stream.fill(address, std::span(words));
      left = 32;
    }
    return words[32 - left--] < tail_of(chance);
  }
};

ChunkDrawer::ChunkDrawer(const StreamKey& key) : stream_(key) {}

void ChunkDrawer::start(std::uint64_t block, std::uint16_t chunk, std::uint64_t trial_count) {
  BELLOWS_CHECK(trial_count <= chunk_trials, "no more trials than a chunk holds");
  block_ = block;
  chunk_ = chunk;
  trial_count_ = trial_count;
}

void ChunkDrawer::draw(const ConditionalBit& bit, std::span<const std::uint64_t* const> parents, std::uint64_t* out) {
  DrawPlan plan = plan_for(bit);
  BELLOWS_CHECK(parents.size() == plan.parent_count, "as many parents as the chances speak of");
  std::copy(parents.begin(), parents.end(), plan.parents);
  const std::uint64_t size_words = words_for(trial_count_);
  if (size_words == 0) return;
  Tail tail{stream_, {block_, chunk_, bit.lane, 0}, {}, 0};
  heads_.resize(head_bits * chunk_words);
  stream_.fill(tail.address, std::span(heads_.data(), plan.planes_needed * chunk_words));
  std::uint64_t undecided[chunk_words];
  words_drawer()(plan, heads_.data(), chunk_words, size_words, out, undecided);
  const std::uint64_t last = low_mask((trial_count_ - 1) % 64 + 1);
  out[size_words - 1] &= last;
  undecided[size_words - 1] &= last;
  for (std::uint64_t w = 0; w < size_words; ++w) {
    for (std::uint64_t open = undecided[w]; open != 0; open &= open - 1) {
      const int i = __builtin_ctzll(open);
      unsigned context = 0;
      for (unsigned p = 0; p < plan.parent_count; ++p) context |= static_cast<unsigned>(parents[p][w] >> i & 1) << p;
      if (tail.decide(bit.chances[context])) out[w] |= std::uint64_t{1} << i;
    }
  }
}

void ChunkDrawer::draw_chain(std::span<const ChainMember> members, std::uint64_t& memory) {
  BELLOWS_CHECK(members.size() <= 8, "a chain of at most eight members");
  struct Prepared {
    DrawPlan plan;
    Tail tail;
    std::uint64_t less[64], equal[64];  // of one word, by context
  };
  std::vector<Prepared> prepared;
  heads_.resize(members.size() * head_bits * chunk_words);
  for (std::size_t m = 0; m < members.size(); ++m) {
    const ConditionalBit& bit = *members[m].bit;
    prepared.push_back({plan_for(bit), Tail{stream_, {block_, chunk_, bit.lane, 0}, {}, 0}, {}, {}});
    BELLOWS_CHECK(
        members[m].planes.size() + members[m].now.size() + members[m].before.size() == prepared[m].plan.parent_count,
        "as many parents as the chances speak of");
    for (unsigned earlier : members[m].now) BELLOWS_CHECK(earlier < m, "a bit depends on earlier ones");
    stream_.fill(prepared[m].tail.address,
                 std::span(heads_.data() + m * head_bits * chunk_words, prepared[m].plan.planes_needed * chunk_words));
  }
  for (std::uint64_t w = 0; w < words_for(trial_count_); ++w) {
    for (std::size_t m = 0; m < members.size(); ++m) {
      Prepared& p = prepared[m];
      const std::uint64_t* heads = heads_.data() + m * head_bits * chunk_words + w;
      for (std::size_t c = 0; c < members[m].bit->chances.size(); ++c) {
        std::uint64_t less = 0, equal = ~std::uint64_t{0};
        for (unsigned k = 0; k < p.plan.planes_needed; ++k) {
          const std::uint64_t random = heads[k * chunk_words];
          if ((p.plan.ones_in_plane[k] >> c & 1) != 0) {
            less |= equal & ~random;
            equal &= random;
          } else {
            equal &= ~random;
          }
        }
        p.less[c] = (p.plan.certain >> c & 1) != 0 ? ~std::uint64_t{0} : less;
        p.equal[c] = (p.plan.has_tail >> c & 1) != 0 ? equal : 0;
      }
      members[m].out[w] = 0;
    }
    const std::uint64_t trials = std::min<std::uint64_t>(64, trial_count_ - 64 * w);
    for (std::uint64_t i = 0; i < trials; ++i) {
      std::uint64_t now = 0;
      for (std::size_t m = 0; m < members.size(); ++m) {
        const ChainMember& member = members[m];
        std::uint64_t context = 0;
        unsigned place = 0;
        for (const std::uint64_t* plane : member.planes) context |= (plane[w] >> i & 1) << place++;
        for (unsigned other : member.now) context |= (now >> other & 1) << place++;
        for (unsigned other : member.before) context |= (memory >> other & 1) << place++;
        bool value = (prepared[m].less[context] >> i & 1) != 0;
        if ((prepared[m].equal[context] >> i & 1) != 0) value = prepared[m].tail.decide(member.bit->chances[context]);
        now |= std::uint64_t{value} << m;
        member.out[w] |= std::uint64_t{value} << i;
      }
      memory = now;
    }
  }
}

}  // namespace bellows::bits
