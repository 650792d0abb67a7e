// Every kernel set gives the same counts and the same draws, at any length and alignment.
#include <cstring>
#include <vector>

#include "bellows/base/check.h"
#include "bellows/bits/draw.h"
#include "bellows/estimate/count.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bellows;
  if (size < 8) return 0;
  // The first bytes choose lengths, the rest are the planes.
  std::vector<std::uint64_t> words(4 * (size / 32 + 2));
  std::memcpy(words.data(), data, size);
  const std::uint64_t stride = words.size() / 4, offset = data[0] % 2;
  const std::uint64_t trial_count = (stride - offset) * 64 - data[1] % 64;
  auto plane = [&](std::uint64_t p) { return bits::BitView{words.data() + p * stride + offset, trial_count}; };
  const estimate::Counts expected =
      estimate::count_trials(plane(0), plane(1), plane(2), plane(3), bits::Kernel::portable);
  BELLOWS_CHECK(estimate::sum(expected) == trial_count, "every trial is counted once");

  bits::ConditionalBit bit{data[2], {}};
  for (std::size_t c = 0; c < std::size_t{1} << data[3] % 7; ++c)
    bit.chances.push_back({words[c % words.size()] << data[4] % 64, data[5] % 8 == c});
  const std::uint64_t drawn = std::min<std::uint64_t>(trial_count, bits::chunk_trials);
  std::vector<const std::uint64_t*> parents;
  for (unsigned p = 0; p < bit.parent_count(); ++p) parents.push_back(plane(p % 4).words);
  auto draw = [&] {
    std::vector<std::uint64_t> out(bits::words_for(drawn));
    bits::ChunkDrawer drawer(bits::StreamKey::from_number(data[6]));
    drawer.start(data[7], 0, drawn);
    drawer.draw(bit, parents, out.data());
    return out;
  };
  bits::force_kernel(bits::Kernel::portable);
  const std::vector<std::uint64_t> portable = draw();
  for (bits::Kernel kernel : bits::all_kernels) {
    if (!bits::kernel_is_available(kernel)) continue;
    bits::force_kernel(kernel);
    BELLOWS_CHECK(estimate::count_trials(plane(0), plane(1), plane(2), plane(3), kernel) == expected,
                  "the same counts");
    BELLOWS_CHECK(draw() == portable, "the same draws");
  }
  bits::unforce_kernel();
  return 0;
}
