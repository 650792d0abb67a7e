#include "bellows/extract/hasher.h"

#include <fmt/format.h>

#include "bellows/extract/engine.h"
#include "bellows/gf2/memory.h"

namespace bellows::extract {

Result<Hasher> Hasher::create(const HashShape& shape, bits::BitView seed, const Context& context) {
  BELLOWS_TRY(check_shape(shape));
  const std::uint64_t needed = seed_bits_needed(shape);
  if (seed.size_bits < needed)
    return bad_input("the seed is too short", {}, std::nullopt, fmt::format("{} bits", needed),
                     fmt::format("{} bits", seed.size_bits));
  BELLOWS_TRY(gf2::check_memory("the extraction", memory_bytes_needed(shape, context.thread_count)));
  BELLOWS_TRY(context.check_cancelled());
  const bits::BitView used = seed.first(needed);
  return Hasher(shape, shape.family == Family::short_seed ? make_short_seed_engine(shape, used, context)
                                                          : make_window_engine(shape, used, context));
}

Hasher::Hasher(const HashShape& shape, std::unique_ptr<Engine> engine) : shape_(shape), engine_(std::move(engine)) {}
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;
Hasher::~Hasher() = default;

Status Hasher::absorb(bits::BitView segment) {
  BELLOWS_CHECK(segment.size_bits <= shape_.raw_bits - absorbed_, "more raw bits than the shape says");
  absorbed_ += segment.size_bits;
  return engine_->absorb(segment);
}

Status Hasher::absorb_zeros(std::uint64_t count) {
  BELLOWS_CHECK(count <= shape_.raw_bits - absorbed_, "more raw bits than the shape says");
  absorbed_ += count;
  return engine_->absorb_zeros(count);
}

Result<bits::BitString> Hasher::finish() {
  BELLOWS_CHECK(absorbed_ == shape_.raw_bits, "the raw string is not complete");
  auto output = engine_->finish();
  engine_.reset();  // wipes
  return output;
}

Result<bits::BitString> hash(const HashShape& shape, bits::BitView raw, bits::BitView seed, const Context& context) {
  if (raw.size_bits != shape.raw_bits)
    return usage_error("the raw string has another length than the plan says",
                       fmt::format("{} bits", shape.raw_bits), fmt::format("{} bits", raw.size_bits));
  BELLOWS_ASSIGN(Hasher hasher, Hasher::create(shape, seed, context));
  BELLOWS_TRY(hasher.absorb(raw));
  return hasher.finish();
}

std::uint64_t memory_bytes_needed(const HashShape& shape, unsigned thread_count) {
  return shape.family == Family::short_seed ? short_seed_memory_bytes(shape, thread_count)
                                            : window_memory_bytes(shape, thread_count);
}

}  // namespace bellows::extract
