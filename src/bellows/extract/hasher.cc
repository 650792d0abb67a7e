#include "bellows/extract/hasher.h"

#include <fmt/format.h>

#include <algorithm>

#include "bellows/extract/naive_hash.h"
#include "bellows/gf2/product.h"

namespace bellows::extract {

class Hasher::Engine {
 public:
  Engine(const HashShape& shape, bits::BitView seed, const Context& context)
      : shape_(shape), seed_(seed), context_(context), raw_(shape.raw_bits) {}

  Status absorb(bits::BitView segment) {
    BELLOWS_CHECK(segment.size_bits <= shape_.raw_bits - absorbed_, "more raw bits than the shape says");
    BELLOWS_TRY(context_.check_cancelled());
    bits::copy_bits(segment, raw_.words(), absorbed_);
    absorbed_ += segment.size_bits;
    return {};
  }

  Result<bits::BitString> finish() {
    BELLOWS_CHECK(absorbed_ == shape_.raw_bits, "the raw string is not complete");
    if (shape_.family == Family::short_seed) return naive_hash(shape_, raw_, seed_);
    // All three are windows of the product of the raw string with a string made from the seed.
    const std::uint64_t n = shape_.raw_bits, m = shape_.output_bits;
    bits::BitString line(n + m - 1), raw(n);
    if (shape_.family == Family::toeplitz) {
      bits::copy_bits(seed_.first(n + m - 1), line.words(), 0);
    } else if (shape_.family == Family::circulant) {
      for (std::uint64_t i = 0; i < n + m - 1; ++i)
        line.set(i, seed_[(i + shape_.circulant_bits - (n - 1)) % shape_.circulant_bits]);
    } else {
      bits::copy_bits(seed_.first(n), line.words(), 0);
    }
    if (shape_.family == Family::shift_matrix) {
      for (std::uint64_t i = 0; i < n; ++i) raw.set(i, raw_[n - 1 - i]);
    } else {
      bits::copy_bits(raw_, raw.words(), 0);
    }
    BELLOWS_ASSIGN(const bits::BitString product, gf2::multiply(line, raw, context_));
    bits::BitString output(m);
    for (std::uint64_t i = 0; i < output.size_words(); ++i)
      output.words()[i] = product.view().word_at_bit(n - 1 + 64 * i);
    output.trim();
    return output;
  }

  std::uint64_t absorbed() const { return absorbed_; }

 private:
  HashShape shape_;
  bits::BitView seed_;
  Context context_;
  bits::BitString raw_;
  std::uint64_t absorbed_ = 0;
};

Result<Hasher> Hasher::create(const HashShape& shape, bits::BitView seed, const Context& context) {
  BELLOWS_TRY(check_shape(shape));
  const std::uint64_t needed = seed_bits_needed(shape);
  if (seed.size_bits < needed)
    return bad_input("the seed is too short", {}, std::nullopt, fmt::format("{} bits", needed),
                     fmt::format("{} bits", seed.size_bits));
  return Hasher(std::make_unique<Engine>(shape, seed, context));
}

Hasher::Hasher(std::unique_ptr<Engine> engine) : engine_(std::move(engine)) {}
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;
Hasher::~Hasher() = default;

Status Hasher::absorb(bits::BitView segment) { return engine_->absorb(segment); }
std::uint64_t Hasher::absorbed_bits() const { return engine_->absorbed(); }
Result<bits::BitString> Hasher::finish() { return engine_->finish(); }

Result<bits::BitString> hash(const HashShape& shape, bits::BitView raw, bits::BitView seed, const Context& context) {
  if (raw.size_bits != shape.raw_bits)
    return usage_error("the raw string has another length than the plan says",
                       fmt::format("{} bits", shape.raw_bits), fmt::format("{} bits", raw.size_bits));
  BELLOWS_ASSIGN(Hasher hasher, Hasher::create(shape, seed, context));
  BELLOWS_TRY(hasher.absorb(raw));
  return hasher.finish();
}

std::uint64_t memory_bytes_needed(const HashShape& shape, unsigned) { return shape.raw_bits; }

}  // namespace bellows::extract
