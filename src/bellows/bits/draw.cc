#include "bellows/bits/draw.h"

#include <algorithm>
#include <cmath>

#include "bellows/base/check.h"
#include "bellows/bits/bit_string.h"
#include "bellows/bits/draw_kernels.h"
#include "bellows/bits/draw_tail.h"

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

}  // namespace

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

}  // namespace bellows::bits
