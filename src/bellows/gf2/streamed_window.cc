#include "bellows/gf2/streamed_window.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <mutex>
#include <utility>

#include "bellows/gf2/kernel_costs.h"
#include "bellows/gf2/spectra.h"
#include "bellows/gf2/workers.h"

namespace bellows::gf2 {
namespace {

using Direction = WindowShape::Direction;

// Blocks of B bits: x block b, and line blocks numbered so that x block b meets line blocks b .. b + lag_count - 1,
// with line block e going to sum v = e - b. Correlation: line block e begins at bit e B, x blocks are reversed, and sum
// v holds lags from v B - (B - 1) on. Convolution: line blocks are numbered from the end, and sum v stands for the lags
// of lag_count - 1 - v.
std::uint64_t lag_count_for(const WindowShape& shape, std::uint64_t block_bits) {
  return divide_up(shape.output_bits - 1, block_bits) + 1;
}

constexpr int largest_rows = 64;

}  // namespace

WindowCut StreamedWindow::cut(const WindowShape& shape, unsigned thread_count) {
  WindowCut best;
  double best_cost = 0;
  for (int rows = 1; rows <= largest_rows; rows *= 2) {
    WindowCut cut{.rows = rows};
    cut.lag_count = lag_count_for(shape, cut.block_bits());
    const auto blocks = static_cast<double>(divide_up(shape.x_bits, cut.block_bits()));
    const auto lags = static_cast<double>(cut.lag_count);
    const double transforms = (2 * blocks + 2 * lags) * transform_cost(rows);
    const double cost = rows * (transforms + blocks * lags * product_cost());
    if (best.rows == 0 || cost < best_cost) {
      best = cut;
      best_cost = cost;
    }
  }
  // The sums are read and written once a group, 2 lag_count spectra; a group takes two spectra for each of its blocks,
  // fresh memory that has to be cleared before and wiped afterwards. That balances at the square root of lag_count *
  // blocks / 2, if memory in O(output_bits) lets it.
  const std::uint64_t budget = (std::uint64_t{112} << 20) + 3 * shape.output_bits;
  const std::uint64_t spectrum = transform::spectrum_bytes(best.rows) + 3 * best.block_bits() / 16;
  const std::uint64_t room = budget / spectrum, fixed = 2 * best.lag_count;
  const std::uint64_t blocks = divide_up(shape.x_bits, best.block_bits());
  const auto balance =
      static_cast<std::uint64_t>(std::sqrt(static_cast<double>(best.lag_count) * static_cast<double>(blocks) / 2));
  const std::uint64_t wanted =
      std::max<std::uint64_t>({std::min(balance, room > fixed ? (room - fixed) / 2 : 0), 2, thread_count});
  best.group_size = divide_up(blocks, divide_up(blocks, wanted));  // equal shares
  return best;
}

std::uint64_t StreamedWindow::memory_bytes_needed(const WindowShape& shape, unsigned thread_count) {
  const WindowCut c = cut(shape, thread_count);
  return Spectra::memory_bytes(2 * c.group_size + 2 * c.lag_count, c.rows) + c.group_size * c.block_bits() / 8 +
         Workers::memory_bytes(thread_count, c.rows) + thread_count * c.block_bits() / 8 + (std::uint64_t{4} << 20);
}

struct StreamedWindow::State {
  State(const WindowShape& s, Line l, const Context& c)
      : shape(s),
        line(std::move(l)),
        context(c),
        cut(StreamedWindow::cut(s, c.thread_count)),
        block_bits(cut.block_bits()),
        block_bytes(block_bits / 8),
        x_blocks(divide_up(s.x_bits, block_bits)),
        workers(c.thread_count, cut.rows),
        stage(cut.group_size * block_bytes + 64),
        line_spectra(cut.group_size + cut.lag_count - 1, cut.rows),
        x_spectra(cut.group_size, cut.rows),
        sums(cut.lag_count, cut.rows) {
    for (unsigned i = 0; i < workers.thread_count(); ++i) block.emplace_back(block_bytes);
  }
  ~State() { workers.finish(); }

  std::int64_t line_begin(std::uint64_t e) const {
    if (shape.direction == Direction::correlation) return static_cast<std::int64_t>(e * block_bits);
    const std::uint64_t number = x_blocks - 1 + cut.lag_count - 1 - e;
    return static_cast<std::int64_t>(shape.x_bits) - static_cast<std::int64_t>((x_blocks - number) * block_bits);
  }

  void transform_line(std::uint64_t e, unsigned worker) {
    auto* words = reinterpret_cast<std::uint64_t*>(block[worker].data());
    line(line_begin(e), words, block_bits / 64);
    workers.kernel().forward_bits(block[worker].data(), block_bytes, cut.rows, line_spectra[e % line_spectra.size()],
                                  workers.scratch(worker));
  }

  void transform_x(std::uint64_t index, unsigned worker) {
    const std::uint8_t* string = stage.data() + index * block_bytes;
    if (shape.direction == Direction::correlation) {
      workers.kernel().reverse_string(block[worker].data(), string, block_bytes);
      string = block[worker].data();
    }
    workers.kernel().forward_bits(string, block_bytes, cut.rows, x_spectra[index], workers.scratch(worker));
  }

  // What x blocks from first_block on will meet. The other threads do it while x is being staged.
  void start_lines(std::uint64_t x_count) {
    const std::uint64_t begin = std::max(line_ready, first_block), end = first_block + x_count + cut.lag_count - 1;
    if (begin >= end) return;
    workers.start(end - begin,
                  [this, begin](std::uint64_t task, unsigned worker) { transform_line(begin + task, worker); });
    line_ready = end;
  }

  // The staged blocks of x, from block number first_block on.
  Status process_group(std::uint64_t count) {
    BELLOWS_TRY(context.check_cancelled());
    start_lines(count);
    if (!any_sum) workers.start_fetching(sums.buffer());
    workers.run(count, [this](std::uint64_t index, unsigned worker) { transform_x(index, worker); });
    std::vector<const std::uint8_t*> x, y;
    std::vector<std::uint8_t*> out;
    for (std::uint64_t i = 0; i < count + cut.lag_count - 1; ++i)
      x.push_back(line_spectra[(first_block + i) % line_spectra.size()]);
    for (std::uint64_t i = 0; i < count; ++i) y.push_back(x_spectra[i]);
    for (std::size_t v = 0; v < sums.size(); ++v) out.push_back(sums[v]);
    workers.sum({x.data(), x.size(), 0, y.data(), y.size(), out.data(), out.size(), any_sum}, cut.rows);
    any_sum = true;
    first_block += count;
    context.report("extract", std::min(first_block * block_bits, shape.x_bits), shape.x_bits, "bits");
    return {};
  }

  // Stage is full, or x is at its end.
  Status flush() {
    const std::uint64_t count = divide_up(staged_bits, block_bits);
    if (count == 0) return {};
    std::uint8_t* bytes = stage.data();
    if (staged_bits % 8 != 0)
      bytes[staged_bits / 8] = static_cast<std::uint8_t>(bytes[staged_bits / 8] & ((1u << staged_bits % 8) - 1));
    const std::uint64_t used = divide_up(staged_bits, 8);
    std::memset(bytes + used, 0, count * block_bytes - used);
    staged_bits = 0;
    return process_group(count);
  }

  Status absorb(bits::BitView segment) {
    BELLOWS_CHECK(segment.size_bits <= shape.x_bits - absorbed, "more bits than the shape says");
    const std::uint64_t stage_bits = cut.group_size * block_bits;
    auto* words = reinterpret_cast<std::uint64_t*>(stage.data());
    for (std::uint64_t at = 0; at < segment.size_bits;) {
      start_lines(std::min(cut.group_size, x_blocks - first_block));
      // Whole words of the segment, so that the next piece begins at a word: up to 63 bits may stand beyond the stage.
      const std::uint64_t count = std::min(round_up(stage_bits - staged_bits, 64), segment.size_bits - at);
      bits::copy_bits({segment.words + at / 64, count}, words, staged_bits);
      staged_bits += count;
      absorbed += count;
      at += count;
      if (staged_bits < stage_bits) continue;
      const std::uint64_t beyond = staged_bits - stage_bits, rest = words[stage_bits / 64];
      staged_bits = stage_bits;
      BELLOWS_TRY(flush());
      words[0] = rest;
      staged_bits = beyond;
    }
    return {};
  }

  Status absorb_zeros(std::uint64_t count) {
    BELLOWS_CHECK(count <= shape.x_bits - absorbed, "more bits than the shape says");
    auto* words = reinterpret_cast<std::uint64_t*>(stage.data());
    const std::uint64_t stage_bits = cut.group_size * block_bits;
    while (count > 0) {
      if (staged_bits == 0 && count >= block_bits) {  // whole blocks of zeros are only counted
        const std::uint64_t blocks = count / block_bits;
        workers.finish();  // the line's ring moves on
        first_block += blocks;
        absorbed += blocks * block_bits;
        count -= blocks * block_bits;
        continue;
      }
      const std::uint64_t piece = std::min({count, stage_bits - staged_bits, 64 - staged_bits % 64});
      const std::uint64_t zero = 0;
      bits::copy_bits({&zero, piece}, words, staged_bits);
      staged_bits += piece;
      absorbed += piece;
      count -= piece;
      // A group may end early, at the end of a block, so that the blocks of zeros after it can be left out.
      if (staged_bits == stage_bits || (staged_bits % block_bits == 0 && count >= block_bits)) BELLOWS_TRY(flush());
    }
    return {};
  }

  Result<bits::BitString> finish() {
    BELLOWS_CHECK(absorbed == shape.x_bits, "the string is not complete");
    BELLOWS_TRY(flush());
    if (!any_sum) return bits::BitString(shape.output_bits);
    // Sum v covers places v and v + 1 of B bits each (in its direction), of a string that stands where line spectra
    // stood.
    struct Place {
      std::mutex mutex;
      bool cleared = false;
    };
    std::vector<Place> places(cut.lag_count + 1);
    std::uint8_t* const string = line_spectra.buffer().data();
    const std::uint64_t string_bytes = places.size() * block_bytes + 256;
    BELLOWS_CHECK(line_spectra.buffer().size_bytes() >= string_bytes,
                  "as many line blocks as sums, four times as long");
    std::memset(string + places.size() * block_bytes, 0, 256);
    BELLOWS_TRY(context.check_cancelled());
    std::vector<Workers::Bytes> spent = {Workers::all_of(stage),
                                         Workers::all_of(x_spectra.buffer()),
                                         {string + string_bytes, line_spectra.buffer().size_bytes() - string_bytes}};
    for (Buffer& b : block) spent.push_back(Workers::all_of(b));
    bits::BitString output;
    workers.start_and_wipe(cut.lag_count + 1, spent, [&](std::uint64_t task, unsigned worker) {
      if (task == 0) {  // fresh memory takes its time
        output = bits::BitString(shape.output_bits);
        return;
      }
      const std::uint64_t v = task - 1;
      const std::uint64_t place = shape.direction == Direction::correlation ? v : cut.lag_count - 1 - v;
      workers.inverse_and_wipe(sums, v, cut.rows, worker);
      const std::scoped_lock lock(places[place].mutex, places[place + 1].mutex);
      for (std::uint64_t p : {place, place + 1})
        if (!std::exchange(places[p].cleared, true)) std::memset(string + p * block_bytes, 0, block_bytes);
      workers.kernel().add_decoded(workers.scratch(worker), block_bits / 8 - 1, string + place * block_bytes);
    });
    workers.finish();
    const bits::BitView all{reinterpret_cast<const std::uint64_t*>(string), places.size() * block_bits + 64};
    constexpr std::uint64_t piece = 1 << 16;
    workers.run(divide_up(output.size_words(), piece), [&](std::uint64_t task, unsigned) {
      const std::uint64_t end = std::min(output.size_words(), (task + 1) * piece);
      for (std::uint64_t i = task * piece; i < end; ++i) output.words()[i] = all.word_at_bit(block_bits - 1 + 64 * i);
    });
    output.trim();
    sums.buffer().set_wiped();
    workers.wipe_all({{string, string_bytes}});
    line_spectra.buffer().set_wiped();
    return output;
  }

  WindowShape shape;
  Line line;
  Context context;
  WindowCut cut;
  std::uint64_t block_bits, block_bytes, x_blocks;
  Workers workers;
  Buffer stage;
  Spectra line_spectra, x_spectra, sums;
  std::vector<Buffer> block;
  std::uint64_t first_block = 0;  // number of the first staged block
  std::uint64_t line_ready =
      0;  // line blocks below this are transformed, or begun (those that are still needed are there)
  std::uint64_t staged_bits = 0, absorbed = 0;
  bool any_sum = false;
};

StreamedWindow::StreamedWindow(const WindowShape& shape, Line line, const Context& context)
    : state_(std::make_unique<State>(shape, std::move(line), context)) {
  BELLOWS_CHECK(shape.output_bits > 0 && shape.output_bits <= shape.x_bits, "a window of a product");
}
StreamedWindow::~StreamedWindow() = default;

Status StreamedWindow::absorb(bits::BitView segment) { return state_->absorb(segment); }
Status StreamedWindow::absorb_zeros(std::uint64_t count) { return state_->absorb_zeros(count); }
std::uint64_t StreamedWindow::absorbed_bits() const { return state_->absorbed; }
Result<bits::BitString> StreamedWindow::finish() { return state_->finish(); }

}  // namespace bellows::gf2
