#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "bellows/gf2/spectra.h"
#include "bellows/gf2/workers.h"

namespace bellows::gf2 {

/// The field F = GF(2^32)[t] / (t^k + 3) of 2^(32 k) elements, k = 3^i 5^j 17^l (field_sizes.h).
///
/// An element is 4 k bytes: byte p of the coefficient of t^e is byte p k + e. With T = t^c and k = C c, an element is
/// also a polynomial of degree below C in T whose coefficients are chunks of c coefficients, and T^C = 3: so products
/// of chunks are added up and folded as values of the transform, and only C transforms of 2 c points go each way.
class LargeField {
 public:
  LargeField(std::uint64_t k, unsigned thread_count);

  std::uint64_t length() const { return k_; }
  std::uint64_t element_bytes() const { return 4 * k_; }

  /// An element's values, chunk by chunk: what a product needs of it.
  class Spectrum {
   private:
    friend class LargeField;
    Spectra chunks_;  // kept from use to use
    bool zero_ = true;
  };

  /// In: element: element_bytes() bytes, read only; addend: null, or another to add to it.
  void transform(const std::uint8_t* element, Spectrum& spectrum, const std::uint8_t* addend = nullptr);
  /// Begins with it; what it reads and writes stays where it is until finish(). If start_element_of() has not finished
  /// what this needs, it follows chunk by chunk.
  void start_transform(const std::uint8_t* element, Spectrum& spectrum, const std::uint8_t* addend = nullptr);

  struct Product {
    Spectrum* a;
    const Spectrum* b;
  };
  /// The sum of all a b, in one walk over the memory of all. It may take the place of an a. Finishes what was started.
  void sum(std::span<const Product> products, Spectrum& sum);

  /// The element that a sum of products stands for; the spectrum is zero afterwards. `spent` are wiped meanwhile.
  void element_of(Spectrum& sum, std::uint8_t* element, std::span<Spectrum* const> spent = {});
  /// Begins with it; see start_transform.
  void start_element_of(Spectrum& sum, std::uint8_t* element, std::span<Spectrum* const> spent = {});

  /// Returns when all that was started is done.
  void finish();

  /// product = a b.
  void multiply(const std::uint8_t* a, const std::uint8_t* b, std::uint8_t* product);

  /// For other work on elements, with the same threads.
  Workers& workers() { return workers_; }

  /// Wipes spectra that are needed no more, and other buffers, with all threads.
  void wipe_all(std::span<Spectrum* const> spectra, std::vector<Buffer*> buffers = {});

  /// Memory of one spectrum, and of the field itself.
  static std::uint64_t spectrum_bytes(std::uint64_t k, unsigned thread_count);
  static std::uint64_t memory_bytes(std::uint64_t k, unsigned thread_count);

 private:
  struct Arrival;
  void allocate(Spectrum& spectrum) const;

  std::uint64_t k_;
  std::uint64_t chunk_count_, chunk_length_;
  int rows_;
  std::shared_ptr<Arrival> arrival_;  // the element that is on its way, or null
  Workers workers_;
};

}  // namespace bellows::gf2
