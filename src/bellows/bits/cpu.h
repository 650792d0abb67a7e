#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bellows/base/result.h"

namespace bellows::bits {

/// Kernel sets, from the one that always works to the one with the most. A set is available only if all before it are.
enum class Kernel {
  portable,  ///< C++ only
  clmul,     ///< SSE4.2, POPCNT, PCLMULQDQ
  avx2,      ///< AVX2, BMI2, PCLMULQDQ
  avx512,    ///< AVX-512 F BW DQ VL VBMI VPOPCNTDQ, VPCLMULQDQ
  gfni,      ///< the same and GFNI
};

inline constexpr Kernel all_kernels[] = {Kernel::portable, Kernel::clmul, Kernel::avx2, Kernel::avx512, Kernel::gfni};

const char* kernel_name(Kernel kernel);

/// Errors: usage: no kernel set of this name.
Result<Kernel> kernel_from_name(std::string_view name);

/// Whether this processor (and operating system) can run the set.
bool kernel_is_available(Kernel kernel);

/// The best available set, or the one that BELLOWS_KERNEL names.
/// Errors: usage: BELLOWS_KERNEL names no set, or one that this processor cannot run.
Result<Kernel> chosen_kernel();

/// chosen_kernel(), for code that runs after the program has checked it at its start; aborts on a bad BELLOWS_KERNEL.
Kernel active_kernel();

/// Tests and benchmarks force a set; it must be available.
void force_kernel(Kernel kernel);

/// Back to what chosen_kernel() says.
void unforce_kernel();

}  // namespace bellows::bits
