#include "bellows/gf2/large_field.h"

#include <algorithm>
#include <cstring>
#include <mutex>

#include "bellows/base/check.h"
#include "bellows/gf2/field_sizes.h"
#include "bellows/gf2/kernel_costs.h"

namespace bellows::gf2 {
namespace {

struct Cut {
  std::uint64_t chunk_count = 0, chunk_length = 0;
  int rows = 0;
};

// Few chunks make few products, small chunks make transforms that stay in the cache.
Cut cut_for(std::uint64_t k, unsigned thread_count) {
  Cut best;
  double best_cost = 0;
  for (std::uint64_t count : field_lengths(1, std::min<std::uint64_t>(k, 100000))) {
    if (k % count != 0) continue;
    const std::uint64_t length = k / count;
    const std::uint64_t rows = transform::good_row_count(divide_up(2 * length, transform::row_points));
    if (rows > transform::largest_row_count) continue;
    // Threads share chunks; the last round may leave some of them idle.
    const std::uint64_t threads = std::max(1u, thread_count);
    const auto rounds = static_cast<double>(divide_up(count, threads) * threads);
    const double cost = static_cast<double>(rows) * (rounds * 1.7 * transform_cost(static_cast<int>(rows)) +
                                                     static_cast<double>(count * count) * product_cost());
    if (best.rows == 0 || cost < best_cost) {
      best = {count, length, static_cast<int>(rows)};
      best_cost = cost;
    }
  }
  BELLOWS_CHECK(best.rows != 0, "a field length has small factors");
  return best;
}

}  // namespace

LargeField::LargeField(std::uint64_t k, unsigned thread_count)
    : k_(k),
      chunk_count_(cut_for(k, thread_count).chunk_count),
      chunk_length_(k / chunk_count_),
      rows_(static_cast<int>(transform::good_row_count(divide_up(2 * chunk_length_, transform::row_points)))),
      workers_(thread_count, rows_) {
  BELLOWS_CHECK(is_field_length(k), "k = 3^i 5^j 17^l");
}

void LargeField::allocate(Spectrum& spectrum) const {
  if (spectrum.chunks_.size() == 0) spectrum.chunks_ = Spectra(chunk_count_, rows_);
}

void LargeField::transform(const std::uint8_t* element, Spectrum& spectrum, const std::uint8_t* addend) {
  allocate(spectrum);
  spectrum.zero_ = false;
  workers_.run(chunk_count_, [&](std::uint64_t chunk, unsigned worker) {
    const std::uint64_t begin = chunk * chunk_length_;
    const std::uint8_t *planes[4], *addends[4] = {};
    for (std::uint64_t p = 0; p < 4; ++p) {
      planes[p] = element + begin + p * k_;
      if (addend != nullptr) addends[p] = addend + begin + p * k_;
    }
    workers_.kernel().forward_planes(planes, addend == nullptr ? nullptr : addends, chunk_length_, rows_,
                                     spectrum.chunks_[chunk], workers_.scratch(worker));
  });
}

void LargeField::sum_in_place(std::span<const Product> products) {
  // Sum chunk n is sum over i of a_i b_(n - i), where b_(-j) stands for 3 b_(C - j).
  const std::uint64_t count = chunk_count_;
  std::vector<std::uint8_t*> out;
  for (std::uint64_t n = 0; n < count; ++n) out.push_back(products[0].a->chunks_[n]);
  std::vector<std::vector<const std::uint8_t*>> chunks(2 * products.size());
  std::vector<transform::SpectralSum> sums(products.size());
  for (std::size_t p = 0; p < products.size(); ++p) {
    auto &x = chunks[2 * p], &y = chunks[2 * p + 1];
    for (std::uint64_t j = 1; j < 2 * count; ++j) x.push_back(products[p].b->chunks_[j % count]);
    for (std::uint64_t i = 0; i < count; ++i) y.push_back(products[p].a->chunks_[count - 1 - i]);
    sums[p] = {x.data(), x.size(), count - 1, y.data(), y.size(), out.data(), out.size(), false};
    if (p > 0) sums[p - 1].also = &sums[p];
  }
  workers_.sum(sums[0], rows_);
}

void LargeField::element_of(Spectrum& sum, std::uint8_t* element, std::span<Spectrum* const> spent) {
  constexpr std::uint64_t piece = std::uint64_t{1} << 20;
  workers_.run(divide_up(element_bytes(), piece), [&](std::uint64_t i, unsigned) {
    std::memset(element + i * piece, 0, std::min(piece, element_bytes() - i * piece));
  });
  std::vector<Buffer*> buffers;
  for (Spectrum* spectrum : spent) buffers.push_back(&spectrum->chunks_.buffer());
  const std::uint64_t chunks = sum.zero_ ? 0 : chunk_count_;
  sum.zero_ = true;
  // The product of chunk n covers chunks n and n + 1; the last one wraps around.
  std::vector<std::mutex> places(chunk_count_);
  workers_.run_and_wipe(chunks, std::move(buffers), [&](std::uint64_t chunk, unsigned worker) {
    workers_.kernel().inverse(sum.chunks_[chunk], rows_, workers_.scratch(worker));
    const std::uint64_t begin = chunk * chunk_length_, size = 2 * chunk_length_ - 1;
    const std::uint64_t inside = std::min(size, k_ - begin), next = (chunk + 1) % chunk_count_;
    std::unique_lock first(places[chunk], std::defer_lock), second(places[next], std::defer_lock);
    if (next == chunk)
      first.lock();
    else
      std::lock(first, second);
    for (int p = 0; p < 4; ++p) {
      std::uint8_t* plane = element + static_cast<std::uint64_t>(p) * k_;
      const std::uint8_t* from = workers_.plane(worker, p);
      workers_.kernel().add_coefficients(plane + begin, from, 0, inside, false);
      workers_.kernel().add_coefficients(plane, from, inside, size - inside, true);
    }
  });
}

void LargeField::multiply(const std::uint8_t* a, const std::uint8_t* b, std::uint8_t* product) {
  Spectrum x, y;
  transform(a, x);
  transform(b, y);
  const Product one[] = {{&x, &y}};
  sum_in_place(one);
  element_of(x, product);
}

void LargeField::wipe_all(std::span<Spectrum* const> spectra, std::vector<Buffer*> buffers) {
  for (Spectrum* spectrum : spectra) buffers.push_back(&spectrum->chunks_.buffer());
  workers_.wipe_all(std::move(buffers));
}

std::uint64_t LargeField::spectrum_bytes(std::uint64_t k, unsigned thread_count) {
  const Cut cut = cut_for(k, thread_count);
  return Spectra::memory_bytes(cut.chunk_count, cut.rows);
}

std::uint64_t LargeField::memory_bytes(std::uint64_t k, unsigned thread_count) {
  return Workers::memory_bytes(thread_count, cut_for(k, thread_count).rows);
}

}  // namespace bellows::gf2
