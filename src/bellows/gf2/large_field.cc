#include "bellows/gf2/large_field.h"

#include <algorithm>
#include <atomic>
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

// An element on its way back from a spectrum. A product of chunk n covers chunks n and n + 1, so each chunk of the
// element is there when two products have come. Who follows waits only for products that have been taken up before.
struct LargeField::Arrival {
  struct Place {
    std::mutex mutex;
    bool cleared = false;
    std::atomic<int> products{0};
  };
  Arrival(const Spectrum& s, const std::uint8_t* e, std::size_t count) : spectrum(&s), element(e), places(count) {}

  void came(std::uint64_t chunk) {
    ++places[chunk].products;
    places[chunk].products.notify_all();
  }
  void wait_for(std::uint64_t chunk) const {
    for (int n; (n = places[chunk].products) < 2;) places[chunk].products.wait(n);
  }

  const Spectrum* spectrum;
  const std::uint8_t* element;
  std::vector<Place> places;
};

void LargeField::start_transform(const std::uint8_t* element, Spectrum& spectrum, const std::uint8_t* addend) {
  allocate(spectrum);
  spectrum.zero_ = false;
  const bool follows = arrival_ != nullptr &&
                       (arrival_->element == element || arrival_->element == addend || arrival_->spectrum == &spectrum);
  const std::shared_ptr<Arrival> before = follows ? arrival_ : nullptr;
  workers_.start(chunk_count_, [=, this, &spectrum](std::uint64_t task, unsigned worker) {
    const std::uint64_t chunk = (task + 1) % chunk_count_;  // the last product wraps around to chunk 0
    if (before != nullptr) before->wait_for(chunk);
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

void LargeField::transform(const std::uint8_t* element, Spectrum& spectrum, const std::uint8_t* addend) {
  start_transform(element, spectrum, addend);
  finish();
}

void LargeField::sum(std::span<const Product> products, Spectrum& sum) {
  if (sum.chunks_.size() == 0) {
    allocate(sum);
    workers_.start_fetching(sum.chunks_.buffer());
  }
  sum.zero_ = false;
  finish();
  // Sum chunk n is sum over i of a_i b_(n - i), where b_(-j) stands for 3 b_(C - j).
  const std::uint64_t count = chunk_count_;
  std::vector<std::uint8_t*> out;
  for (std::uint64_t n = 0; n < count; ++n) out.push_back(sum.chunks_[n]);
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

void LargeField::start_element_of(Spectrum& sum, std::uint8_t* element, std::span<Spectrum* const> spent) {
  std::vector<Workers::Bytes> wiped;
  for (Spectrum* spectrum : spent) wiped.push_back(Workers::all_of(spectrum->chunks_.buffer()));
  const bool zero = sum.zero_;
  sum.zero_ = true;
  arrival_ = std::make_shared<Arrival>(sum, element, chunk_count_);
  const std::shared_ptr<Arrival> arrival = arrival_;
  workers_.start_and_wipe(chunk_count_, wiped, [=, this, &sum](std::uint64_t chunk, unsigned worker) {
    const std::uint64_t next = (chunk + 1) % chunk_count_;
    if (!zero) workers_.kernel().inverse(sum.chunks_[chunk], rows_, workers_.scratch(worker));
    // Adds coefficients first .. first + count - 1 of the product to chunk `to` of the element.
    auto add = [&](std::uint64_t to, std::uint64_t first, std::uint64_t count, bool times_three) {
      Arrival::Place& place = arrival->places[to];
      const std::scoped_lock lock(place.mutex);
      for (int p = 0; p < 4; ++p) {
        std::uint8_t* const plane = element + static_cast<std::uint64_t>(p) * k_ + to * chunk_length_;
        if (!place.cleared) std::memset(plane, 0, chunk_length_);
        if (!zero) workers_.kernel().add_coefficients(plane, workers_.plane(worker, p), first, count, times_three);
      }
      place.cleared = true;
      arrival->came(to);
    };
    add(chunk, 0, chunk_length_, false);
    add(next, chunk_length_, chunk_length_ - 1, next == 0);
  });
}

void LargeField::element_of(Spectrum& sum, std::uint8_t* element, std::span<Spectrum* const> spent) {
  start_element_of(sum, element, spent);
  finish();
}

void LargeField::finish() {
  workers_.finish();
  arrival_.reset();
}

void LargeField::multiply(const std::uint8_t* a, const std::uint8_t* b, std::uint8_t* product) {
  Spectrum x, y;
  transform(a, x);
  transform(b, y);
  const Product one[] = {{&x, &y}};
  sum(one, x);
  element_of(x, product);
}

void LargeField::wipe_all(std::span<Spectrum* const> spectra, std::vector<Buffer*> buffers) {
  for (Spectrum* spectrum : spectra) buffers.push_back(&spectrum->chunks_.buffer());
  std::vector<Workers::Bytes> wiped;
  for (Buffer* buffer : buffers) wiped.push_back(Workers::all_of(*buffer));
  workers_.wipe_all(std::move(wiped));
}

std::uint64_t LargeField::spectrum_bytes(std::uint64_t k, unsigned thread_count) {
  const Cut cut = cut_for(k, thread_count);
  return Spectra::memory_bytes(cut.chunk_count, cut.rows);
}

std::uint64_t LargeField::memory_bytes(std::uint64_t k, unsigned thread_count) {
  return Workers::memory_bytes(thread_count, cut_for(k, thread_count).rows);
}

}  // namespace bellows::gf2
