#include "bellows/ecc/row_kernel.h"

#include <algorithm>
#include <cstring>

#include "bellows/bits/cpu.h"

namespace bellows::ecc {
namespace {

// Sixteen lanes as a plain array: the compiler makes vectors of the loops where it can.
struct Portable {
  static constexpr std::size_t width = 16;
  struct Vector {
    std::int8_t lane[width];
  };
  template <class F>
  static Vector each(F f) {
    Vector out;
    for (std::size_t i = 0; i < width; ++i) out.lane[i] = static_cast<std::int8_t>(f(i));
    return out;
  }
  static Vector load(const std::int8_t* from) {
    Vector out;
    std::memcpy(out.lane, from, width);
    return out;
  }
  static void store(std::int8_t* to, const Vector& v) { std::memcpy(to, v.lane, width); }
  static Vector all(int x) {
    return each([&](std::size_t) { return x; });
  }
  static Vector bit_xor(const Vector& a, const Vector& b) {
    return each([&](std::size_t i) { return a.lane[i] ^ b.lane[i]; });
  }
  static Vector clamped_subtract(const Vector& a, const Vector& b) {
    return each([&](std::size_t i) { return std::clamp(a.lane[i] - b.lane[i], -127, 127); });
  }
  static Vector clamped_add(const Vector& a, const Vector& b) {
    return each([&](std::size_t i) { return std::clamp(a.lane[i] + b.lane[i], -127, 127); });
  }
  static Vector magnitude(const Vector& a) {
    return each([&](std::size_t i) { return a.lane[i] < 0 ? -a.lane[i] : a.lane[i]; });
  }
  static Vector min(const Vector& a, const Vector& b) {
    return each([&](std::size_t i) { return a.lane[i] < b.lane[i] ? a.lane[i] : b.lane[i]; });
  }
  static Vector max(const Vector& a, const Vector& b) {
    return each([&](std::size_t i) { return a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i]; });
  }
  static Vector choose_if_equal(const Vector& a, const Vector& b, const Vector& then, const Vector& otherwise) {
    return each([&](std::size_t i) { return a.lane[i] == b.lane[i] ? then.lane[i] : otherwise.lane[i]; });
  }
  static Vector negate_if_negative(const Vector& a, const Vector& sign) {
    return each([&](std::size_t i) { return sign.lane[i] < 0 ? -a.lane[i] : a.lane[i]; });
  }
  static bool any_negative(const Vector& a) {
    int any = 0;
    for (std::int8_t lane : a.lane) any |= lane;
    return any < 0;
  }
};

}  // namespace

bool update_row_portable(const RowTask& task) { return update_row<Portable>(task); }

RowKernel chosen_row_kernel() {
#if defined(__x86_64__)
  if (bits::active_kernel() >= bits::Kernel::avx512) return update_row_avx512;
  if (bits::active_kernel() >= bits::Kernel::avx2) return update_row_avx2;
#endif
  return update_row_portable;
}

}  // namespace bellows::ecc
