#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "bellows/base/checked.h"
#include "bellows/base/crew.h"
#include "bellows/base/secret.h"
#include "bellows/gf2/memory.h"
#include "bellows/gf2/transform/kernel.h"

namespace bellows::gf2 {

/// Threads that transform, each with its own scratch; and the kernel they use, fixed when they are made.
class Workers {
 public:
  /// In: rows: of the largest block.
  Workers(unsigned thread_count, int rows)
      : kernel_(&transform::active_kernel()),
        plane_bytes_(transform::coefficient_plane_bytes(rows)),
        near_rows_(has_near_rows(rows)),
        crew_(thread_count) {
    for (unsigned i = 0; i < crew_.thread_count(); ++i)
      scratch_.emplace_back(near_offset() + (has_near_rows(rows) ? transform::spectrum_bytes(rows) : 0));
  }

  const transform::Kernel& kernel() const { return *kernel_; }
  unsigned thread_count() const { return crew_.thread_count(); }

  transform::BlockScratch scratch(unsigned worker) {
    std::uint8_t* base = scratch_[worker].data();
    return {base + 64, plane_bytes_, base + row_offset(), near_rows_ ? base + near_offset() : nullptr};
  }
  std::uint8_t* plane(unsigned worker, int p) {
    return scratch(worker).coefficients + static_cast<std::size_t>(p) * plane_bytes_;
  }

  /// As the crew does it: start() leaves work to the other threads, finish() returns when all is done.
  void start(std::uint64_t task_count, Crew::Task task) { crew_.start(task_count, std::move(task)); }
  void finish() { crew_.finish(); }
  void run(std::uint64_t task_count, Crew::Task task) { crew_.run(task_count, std::move(task)); }

  /// Starts to fetch a new buffer, page by page: two threads that meet in a page that is not there yet have it cleared
  /// twice.
  void start_fetching(Buffer& buffer) {
    std::uint8_t* const bytes = buffer.data();
    start(buffer.size_bytes() / Buffer::page_bytes, [bytes](std::uint64_t page, unsigned) {
      *static_cast<volatile std::uint8_t*>(bytes + page * Buffer::page_bytes) = 0;
    });
  }

  /// All pieces of a sum of products, `rows` rows.
  void sum(const transform::SpectralSum& sum, int rows) {
    run_pointwise(kernel_->sum_of_products, sum, kernel_->sum_scratch_bytes(sum.x_count, sum.y_count), rows);
  }

  /// All pieces of a product of sequences of chunks. More of them than there are elements of GF(2^8) go by the
  /// definition.
  void multiply_chunks(const transform::SpectralProduct& product, int rows) {
    const std::size_t a_count = product.a_count, b_count = product.b_count;
    if (a_count + b_count - 1 > transform::largest_row_count) {
      std::vector<const std::uint8_t*> x(2 * a_count + b_count - 2, nullptr), y(a_count);
      for (std::size_t i = 0; i < a_count; ++i) y[a_count - 1 - i] = product.a[i];
      for (std::size_t j = 0; j < b_count; ++j) x[a_count - 1 + j] = product.b[j];
      return sum({x.data(), x.size(), 0, y.data(), y.size(), product.out, a_count + b_count - 1, false}, rows);
    }
    run_pointwise(kernel_->product_of_chunks, product, kernel_->product_scratch_bytes, rows);
  }

  using Bytes = std::span<std::uint8_t>;

  /// Of a buffer that is being wiped.
  static Bytes all_of(Buffer& buffer) {
    const Bytes all(buffer.data(), buffer.size_bytes());
    buffer.set_wiped();
    return all;
  }

  /// Starts tasks, and meanwhile wipes what nobody uses any more: wiping waits for memory, which tasks between leave
  /// free.
  void start_and_wipe(std::uint64_t task_count, const std::vector<Bytes>& spent, Crew::Task task) {
    constexpr std::size_t piece_bytes = std::size_t{1} << 20;
    std::vector<Bytes> pieces;
    for (Bytes bytes : spent)
      for (std::size_t at = 0; at < bytes.size(); at += piece_bytes)
        pieces.push_back(bytes.subspan(at, std::min(piece_bytes, bytes.size() - at)));
    const std::uint64_t all = task_count + pieces.size();
    start(all, [pieces = std::move(pieces), all, task = std::move(task)](std::uint64_t i, unsigned worker) {
      const std::uint64_t piece = i * pieces.size() / all;  // spread evenly
      if ((i + 1) * pieces.size() / all > piece)
        wipe(pieces[piece].data(), pieces[piece].size());
      else
        task(i - piece, worker);
    });
  }

  /// Wipes them, and its own scratch, with all threads: at the end of a long product one thread would be at it for as
  /// long as all of them for some of the transforms.
  void wipe_all(std::vector<Bytes> all) {
    for (auto* set : {&scratch_, &sums_})
      for (Buffer& buffer : *set) all.push_back(all_of(buffer));
    start_and_wipe(0, all, {});
    finish();
  }

  /// The way back of one spectrum, to coefficients in the worker's scratch; what is left of it is wiped while it is
  /// near.
  void inverse_and_wipe(Spectra& spectra, std::size_t i, int rows, unsigned worker) {
    kernel_->inverse(spectra[i], rows, scratch(worker));
    wipe(spectra[i], transform::spectrum_bytes(rows));
  }

  /// What a set of workers takes.
  static std::uint64_t memory_bytes(unsigned thread_count, int rows) {
    const std::uint64_t near_rows = has_near_rows(rows) ? transform::spectrum_bytes(rows) : 0;
    return (static_cast<std::uint64_t>(rows) * transform::row_bytes + near_rows + (std::uint64_t{3} << 20)) *
           thread_count;
  }

 private:
  template <class Step, class What>
  void run_pointwise(Step step, const What& what, std::size_t scratch_bytes, int rows) {
    if (sums_.empty() || sums_.front().size_bytes() < scratch_bytes) {
      sums_.clear();
      for (unsigned i = 0; i < thread_count(); ++i) sums_.emplace_back(scratch_bytes);
    }
    run(transform::units_per_row * static_cast<std::uint64_t>(rows),
        [&](std::uint64_t unit, unsigned worker) { step(what, unit, sums_[worker].data()); });
  }

  // A block of up to so many rows fits the last cache beside its coefficients.
  static bool has_near_rows(int rows) { return rows <= 16; }
  std::size_t row_offset() const { return round_up(4 * plane_bytes_ + 256, 4096); }
  std::size_t near_offset() const { return row_offset() + round_up(kernel_->row_scratch_bytes, 4096) + 1024; }

  const transform::Kernel* kernel_;
  std::size_t plane_bytes_;
  bool near_rows_;
  std::vector<Buffer> scratch_, sums_;
  Crew crew_;  // last: its threads end before what they work with goes
};

}  // namespace bellows::gf2
