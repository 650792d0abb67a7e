#include <algorithm>
#include <cstring>
#include <functional>

#include "bellows/extract/engine.h"
#include "bellows/extract/read_bits.h"
#include "bellows/gf2/large_field.h"

namespace bellows::extract {
namespace {

using gf2::Buffer;
using gf2::LargeField;

std::uint64_t piece_count(const HashShape& shape) { return divide_up(shape.raw_bits, 32 * shape.field_length); }

// Pieces that share one way back from the transform: acc <- (acc + x_1) alpha^2 + x_2 alpha. Two spectra more and one
// product more at the beginning, so it pays from a few pieces on.
std::uint64_t group_size_for(const HashShape& shape) { return piece_count(shape) >= 6 ? 2 : 1; }

// The next piece of a group is staged while other threads transform the one before.
std::uint64_t stage_count_for(const HashShape& shape, unsigned thread_count) {
  return thread_count > 1 ? group_size_for(shape) : 1;
}

class ShortSeedEngine : public Hasher::Engine {
 public:
  ShortSeedEngine(const HashShape& shape, bits::BitView seed, const Context& context)
      : shape_(shape),
        context_(context),
        field_(shape.field_length, context.thread_count),
        seed_(seed),
        piece_bits_(32 * shape.field_length),
        group_size_(group_size_for(shape)),
        value_(field_.element_bytes() + 64) {
    for (std::uint64_t i = 0; i < stage_count_for(shape, context.thread_count); ++i)
      stage_.emplace_back(field_.element_bytes() + 64);
    // The powers of alpha: alpha, and alpha^2 if pieces go in pairs.
    powers_.resize(group_size_);
    work_.resize(group_size_);
    field_.workers().start_fetching(value_);
    read_seed(0, stage_[0].data());
    field_.start_transform(stage_[0].data(), powers_[0]);
    for (std::size_t i = 1; i < group_size_; ++i) {
      const LargeField::Product next[] = {{&powers_[0], &powers_[i - 1]}};
      field_.sum(next, work_[0]);
      field_.start_element_of(work_[0], value_.data());
      field_.start_transform(value_.data(), powers_[i]);
    }
    field_.finish();
    LargeField::Spectrum zero;
    field_.element_of(zero, value_.data());
  }
  ~ShortSeedEngine() override { field_.finish(); }

  Status absorb(bits::BitView segment) override {
    for (std::uint64_t at = 0; at < segment.size_bits;) {
      // Whole words of the segment; up to 63 bits may stand beyond the piece.
      const std::uint64_t count = std::min(round_up(piece_bits_ - staged_bits_, 64), segment.size_bits - at);
      bits::copy_bits({segment.words + at / 64, count}, staged_words(), staged_bits_);
      staged_bits_ += count;
      at += count;
      while (staged_bits_ >= piece_bits_) {
        const std::uint64_t beyond = staged_bits_ - piece_bits_;
        const std::uint64_t rest = bits::BitView{staged_words(), staged_bits_}.word_at_bit(piece_bits_);
        BELLOWS_TRY(take_piece());
        staged_words()[0] = rest;
        staged_bits_ = beyond;
      }
    }
    return {};
  }

  Status absorb_zeros(std::uint64_t count) override {
    const std::uint64_t zero = 0;
    while (count > 0) {
      if (staged_bits_ == 0 && group_fill_ == 0 && count >= piece_bits_) {
        const std::uint64_t pieces = count / piece_bits_;
        BELLOWS_TRY(multiply_by_power(pieces));
        taken_ += pieces;
        count -= pieces * piece_bits_;
        continue;
      }
      const std::uint64_t step = std::min({count, piece_bits_ - staged_bits_, 64 - staged_bits_ % 64});
      bits::copy_bits({&zero, step}, staged_words(), staged_bits_);
      staged_bits_ += step;
      count -= step;
      if (staged_bits_ == piece_bits_) BELLOWS_TRY(take_piece());
    }
    return {};
  }

  Result<bits::BitString> finish() override {
    if (staged_bits_ > 0) {
      const std::uint64_t used = divide_up(staged_bits_, 8);
      std::uint8_t* bytes = stage().data();
      if (staged_bits_ % 8 != 0)
        bytes[used - 1] = static_cast<std::uint8_t>(bytes[used - 1] & ((1u << staged_bits_ % 8) - 1));
      std::memset(bytes + used, 0, field_.element_bytes() - used);
      BELLOWS_TRY(take_piece());
    }
    BELLOWS_TRY(context_.check_cancelled());
    bits::BitString output;
    read_seed(1, stage().data(), [&] { output = bits::BitString(shape_.output_bits); });  // fresh memory takes its time
    field_.start_transform(stage().data(), powers_[0]);
    field_.start_transform(value_.data(), work_[0]);
    const LargeField::Product last[] = {{&work_[0], &powers_[0]}};
    field_.sum(last, work_[0]);
    std::vector<LargeField::Spectrum*> spent;
    for (auto* spectra : {&work_, &powers_})
      for (auto& spectrum : *spectra)
        if (&spectrum != &work_[0]) spent.push_back(&spectrum);
    field_.element_of(work_[0], value_.data(), spent);
    constexpr std::uint64_t part = 1 << 17;
    const auto* value = reinterpret_cast<const std::uint64_t*>(value_.data());
    field_.workers().run(divide_up(output.size_words(), part), [&](std::uint64_t task, unsigned) {
      const std::uint64_t begin = task * part, end = std::min(output.size_words(), begin + part);
      std::copy(value + begin, value + end, output.words() + begin);
    });
    output.trim();
    LargeField::Spectrum* const rest[] = {&work_[0]};
    std::vector<Buffer*> elements = {&value_};
    for (Buffer& buffer : stage_) elements.push_back(&buffer);
    field_.wipe_all(rest, std::move(elements));
    return output;
  }

 private:
  // Element 0 of the seed is alpha, element 1 beta. `meanwhile` is done by one of the threads.
  void read_seed(std::uint64_t index, std::uint8_t* element, const std::function<void()>& meanwhile = {}) {
    auto* words = reinterpret_cast<std::uint64_t*>(element);
    constexpr std::uint64_t part = Buffer::page_bytes / 8;
    const std::uint64_t size = divide_up(piece_bits_, 64);  // the last word may reach into the slack
    field_.workers().run(divide_up(size, part) + 1, [&](std::uint64_t task, unsigned) {
      if (task == 0) {
        if (meanwhile) meanwhile();
        return;
      }
      const std::uint64_t begin = (task - 1) * part;
      read_bits(seed_, static_cast<std::int64_t>(index * piece_bits_ + 64 * begin), words + begin,
                std::min(part, size - begin));
    });
  }

  // Where the next piece of the group is staged.
  Buffer& stage() { return stage_[group_fill_ % stage_.size()]; }
  std::uint64_t* staged_words() { return reinterpret_cast<std::uint64_t*>(stage().data()); }

  // The staged piece is full.
  Status take_piece() {
    BELLOWS_TRY(context_.check_cancelled());
    // A short group comes first, so that all others are whole.
    if (group_fill_ == 0) {
      const std::uint64_t left = piece_count(shape_) - taken_;
      group_target_ = left % group_size_ == 0 ? group_size_ : left % group_size_;
    }
    field_.start_transform(stage().data(), work_[group_fill_],
                           group_fill_ == 0 && taken_ > 0 ? value_.data() : nullptr);
    staged_bits_ = 0;
    ++taken_;
    if (++group_fill_ == group_target_) {
      std::vector<LargeField::Product> products;
      for (std::uint64_t i = 0; i < group_target_; ++i)
        products.push_back({&work_[i], &powers_[group_target_ - 1 - i]});
      field_.sum(products, work_[0]);  // now the stage is free
      field_.start_element_of(work_[0], value_.data());
      group_fill_ = 0;
    }
    context_.report("extract", std::min(taken_ * piece_bits_, shape_.raw_bits), shape_.raw_bits, "bits");
    return {};
  }

  // value *= alpha^exponent, by squaring.
  Status multiply_by_power(std::uint64_t exponent) {
    field_.finish();
    const std::uint8_t* value = value_.data();
    if (std::all_of(value, value + field_.element_bytes(), [](std::uint8_t byte) { return byte == 0; })) return {};
    Buffer square(field_.element_bytes() + 64);
    read_seed(0, square.data());
    for (;; exponent >>= 1) {
      BELLOWS_TRY(context_.check_cancelled());
      if (exponent & 1) field_.multiply(value_.data(), square.data(), value_.data());
      if (exponent <= 1) return {};
      field_.multiply(square.data(), square.data(), square.data());
    }
  }

  HashShape shape_;
  Context context_;
  LargeField field_;
  bits::BitView seed_;
  std::uint64_t piece_bits_, group_size_;
  std::vector<Buffer> stage_;  // elements, with room for a word more; value_ too
  Buffer value_;
  std::vector<LargeField::Spectrum> powers_, work_;  // of alpha, and of the pieces of a group
  std::uint64_t staged_bits_ = 0, taken_ = 0, group_fill_ = 0, group_target_ = 0;
};

}  // namespace

std::unique_ptr<Hasher::Engine> make_short_seed_engine(const HashShape& shape, bits::BitView seed,
                                                       const Context& context) {
  return std::make_unique<ShortSeedEngine>(shape, seed, context);
}

std::uint64_t short_seed_memory_bytes(const HashShape& shape, unsigned thread_count) {
  const std::uint64_t k = shape.field_length, group = group_size_for(shape);
  return 2 * group * LargeField::spectrum_bytes(k, thread_count) +
         (stage_count_for(shape, thread_count) + 1) * (4 * k + (std::uint64_t{2} << 20)) +
         LargeField::memory_bytes(k, thread_count);
}

}  // namespace bellows::extract
