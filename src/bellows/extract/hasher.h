#pragma once

#include <cstdint>
#include <memory>

#include "bellows/base/progress.h"
#include "bellows/bits/bit_string.h"
#include "bellows/extract/shape.h"

namespace bellows::extract {

/// Hashes a raw string that arrives in segments.
///
///     BELLOWS_ASSIGN(Hasher hasher, Hasher::create(shape, seed, context));
///     for (each segment) BELLOWS_TRY(hasher.absorb(segment));
///     BELLOWS_ASSIGN(bits::BitString output, hasher.finish());
class Hasher {
 public:
  /// In:     shape: what is hashed to what.
  ///         seed: its first seed_bits_needed(shape) bits are used; the memory behind the view (a mapped file will do)
  ///         must outlive the hasher.
  ///         context: threads, cancellation, progress ("extract", raw bits done, raw bits in all).
  /// Errors: usage: see check_shape. bad_input: the seed is shorter than needed, or the machine has not enough memory
  ///         (says how much is needed); nothing has been started then.
  /// Claim:  none; a certificate says what the output is worth.
  /// Source: docs/short-seed-extractor.md (all four families).
  /// Cost:   see memory_bytes_needed; time about linear in the raw bits. One hasher a thread; it starts its own threads.
  static Result<Hasher> create(const HashShape& shape, bits::BitView seed, const Context& context = {});

  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  ~Hasher();  // wipes what it holds of the raw string and of the output

  /// The next bits of the raw string: any number of bits, no alignment asked. The memory may go afterwards.
  /// Errors: cancelled.
  Status absorb(bits::BitView segment);

  /// As many zero bits, skipped without the work. Hashing is linear, so a raw string may be cut among processes: each puts
  /// zeros for what the others have, and the outputs are added (XOR).
  Status absorb_zeros(std::uint64_t count);

  std::uint64_t absorbed_bits() const { return absorbed_; }

  /// The output. Requires that exactly raw_bits bits have been absorbed; the hasher is spent afterwards.
  /// Out:    output_bits bits; the same for every kernel, thread count and cutting into segments.
  /// Errors: cancelled.
  Result<bits::BitString> finish();

  class Engine;  // engine.h

 private:
  Hasher(const HashShape& shape, std::unique_ptr<Engine> engine);
  HashShape shape_;
  std::unique_ptr<Engine> engine_;
  std::uint64_t absorbed_ = 0;
};

/// The whole string at once.
/// Errors: as Hasher::create; usage: raw.size_bits differs from shape.raw_bits.
Result<bits::BitString> hash(const HashShape& shape, bits::BitView raw, bits::BitView seed,
                             const Context& context = {});

/// Memory that a hasher takes beside raw string, seed and output.
std::uint64_t memory_bytes_needed(const HashShape& shape, unsigned thread_count);

}  // namespace bellows::extract
