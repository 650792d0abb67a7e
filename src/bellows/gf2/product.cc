#include "bellows/gf2/product.h"

#include <algorithm>
#include <cstring>
#include <mutex>

#include "bellows/gf2/kernel_costs.h"
#include "bellows/gf2/small_product.h"
#include "bellows/gf2/spectra.h"
#include "bellows/gf2/workers.h"

namespace bellows::gf2 {
namespace {

constexpr std::uint64_t coefficient_bits = 16;

// Both factors are cut into chunks of equal size that are transformed in the cache. What one large transform would do in its
// topmost levels is a product of two sequences of chunks, value by value.
struct Cut {
  int rows = 0;
  std::uint64_t chunk_bits = 0;
  std::uint64_t a_chunks = 0, b_chunks = 0;

  std::uint64_t out_chunks() const { return a_chunks + b_chunks - 1; }

  // In transforms of one row. Threads share chunks; the last round may leave some of them idle.
  double cost(unsigned thread_count) const {
    const std::uint64_t threads = std::max(1u, thread_count);
    const auto rounds = static_cast<double>(round_up(a_chunks + b_chunks, threads) + round_up(out_chunks(), threads));
    const auto a = static_cast<double>(a_chunks), b = static_cast<double>(b_chunks);
    const double products = out_chunks() <= transform::largest_row_count ? (a + b) * chunk_cost(out_chunks()) : a * b * product_cost();
    return rows * (rounds * transform_cost(rows) + products);
  }
};

Cut cut_for(std::uint64_t a_bits, std::uint64_t b_bits, unsigned thread_count) {
  Cut best;
  auto consider = [&, best_cost = 0.0](Cut cut) mutable {
    const double cost = cut.cost(thread_count);
    if (best.rows != 0 && cost >= best_cost) return;
    best = cut;
    best_cost = cost;
  };
  // All in one chunk each, the transform as long as it must be.
  const std::uint64_t words = divide_up(a_bits, coefficient_bits) + divide_up(b_bits, coefficient_bits);
  const std::uint64_t rows_for_all = transform::good_row_count(divide_up(words, transform::row_points));
  if (rows_for_all <= transform::largest_row_count)
    consider({static_cast<int>(rows_for_all), round_up(std::max(a_bits, b_bits), 64), 1, 1});
  for (int rows = 1; rows <= transform::largest_row_count; rows += rows < 16 ? 1 : 16) {
    const std::uint64_t chunk_bits = static_cast<std::uint64_t>(rows) << 19;
    consider({rows, chunk_bits, divide_up(a_bits, chunk_bits), divide_up(b_bits, chunk_bits)});
  }
  return best;
}

// Chunk `index` of a string, transformed.
void transform_chunk(Workers& workers, unsigned worker, bits::BitView string, std::uint64_t index, const Cut& cut,
                     std::uint8_t* spectrum) {
  const std::uint64_t begin = index * cut.chunk_bits, size_bits = std::min(cut.chunk_bits, string.size_bits - begin);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(string.words + begin / 64);
  SecretWords copy;
  if (size_bits % 64 != 0) {  // what lies beyond the end of a view is not part of it
    const bits::BitView chunk{string.words + begin / 64, size_bits};
    copy.assign(chunk.words, chunk.words + chunk.size_words());
    copy.back() &= bits::low_mask(size_bits % 64);
    bytes = reinterpret_cast<const std::uint8_t*>(copy.data());
  }
  workers.kernel().forward_bits(bytes, divide_up(size_bits, 8), cut.rows, spectrum, workers.scratch(worker));
}

std::uint64_t memory_bytes(const Cut& cut, std::uint64_t product_bits, unsigned thread_count) {
  return Spectra::memory_bytes(cut.a_chunks + cut.b_chunks, cut.rows) + product_bits / 8 + Workers::memory_bytes(thread_count, cut.rows) +
         (std::uint64_t{4} << 20);
}

Result<bits::BitString> multiply_by_transform(bits::BitView a, bits::BitView b, const Context& context) {
  const Cut cut = cut_for(a.size_bits, b.size_bits, context.thread_count);
  const std::uint64_t product_bits = a.size_bits + b.size_bits - 1;
  BELLOWS_TRY(check_memory("the product", memory_bytes(cut, product_bits, context.thread_count)));
  Workers workers(context.thread_count, cut.rows);
  Spectra spectra(cut.a_chunks + cut.b_chunks, cut.rows);
  bits::BitString product;
  workers.run(spectra.size() + 1, [&](std::uint64_t i, unsigned worker) {
    if (i == spectra.size())
      product = bits::BitString(product_bits);  // clearing it takes as long as a transform
    else if (i < cut.a_chunks)
      transform_chunk(workers, worker, a, i, cut, spectra[i]);
    else
      transform_chunk(workers, worker, b, i - cut.a_chunks, cut, spectra[i]);
  });
  BELLOWS_TRY(context.check_cancelled());

  // The chunks of the product take the place of the factors'.
  std::vector<const std::uint8_t*> chunks;
  std::vector<std::uint8_t*> out;
  for (std::uint64_t i = 0; i < spectra.size(); ++i) chunks.push_back(spectra[i]);
  for (std::uint64_t n = 0; n < cut.out_chunks(); ++n) out.push_back(spectra[n]);
  workers.multiply_chunks({chunks.data(), cut.a_chunks, chunks.data() + cut.a_chunks, cut.b_chunks, out.data()}, cut.rows);
  BELLOWS_TRY(context.check_cancelled());

  // Chunk n covers places n and n + 1 of the product.
  const std::uint64_t chunk_words = cut.chunk_bits / 64;
  std::vector<std::mutex> place(cut.out_chunks() + 1);
  workers.run(spectra.size(), [&](std::uint64_t n, unsigned worker) {
    if (n >= cut.out_chunks()) return wipe(spectra[n], transform::spectrum_bytes(cut.rows));
    const std::uint64_t begin = n * chunk_words;
    workers.inverse_and_wipe(spectra, n, cut.rows, worker);
    const std::scoped_lock lock(place[n], place[n + 1]);
    const std::uint64_t room = product.size_words() - begin;  // words from the chunk's beginning to the product's end
    if (room >= 2 * chunk_words) {
      workers.kernel().add_decoded(workers.scratch(worker), 2 * cut.chunk_bits / coefficient_bits - 1,
                                   reinterpret_cast<std::uint8_t*>(product.words() + begin));
    } else {
      const std::uint64_t count = (room + 1) * 64 / coefficient_bits - 1;
      const std::uint64_t all = static_cast<std::uint64_t>(cut.rows) * transform::row_points;
      SecretWords tail(room + 1);
      workers.kernel().add_decoded(workers.scratch(worker), std::min(count, all),
                                   reinterpret_cast<std::uint8_t*>(tail.data()));
      for (std::uint64_t i = 0; i < room; ++i) product.words()[begin + i] ^= tail[i];
    }
  });
  spectra.buffer().set_wiped();
  workers.wipe_all({});
  BELLOWS_TRY(context.check_cancelled());
  return product;
}

}  // namespace

std::uint64_t product_memory_bytes(std::uint64_t a_bits, std::uint64_t b_bits, unsigned thread_count) {
  return memory_bytes(cut_for(a_bits, b_bits, thread_count), a_bits + b_bits, thread_count);
}

Result<bits::BitString> multiply(bits::BitView a, bits::BitView b, const Context& context) {
  BELLOWS_TRY(context.check_cancelled());
  if (a.size_bits == 0 || b.size_bits == 0) return bits::BitString();
  if (std::min(a.size_bits, b.size_bits) >= transform_from_bits()) return multiply_by_transform(a, b, context);
  const bits::BitString clean_a(a), clean_b(b);  // views may carry bits beyond their end
  SecretWords words(a.size_words() + b.size_words());
  multiply_karatsuba(words.data(), clean_a.words(), clean_a.size_words(), clean_b.words(), clean_b.size_words());
  return bits::BitString(bits::BitView{words.data(), a.size_bits + b.size_bits - 1});
}

}  // namespace bellows::gf2
