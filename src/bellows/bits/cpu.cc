#include "bellows/bits/cpu.h"

#include <fmt/format.h>

#include <atomic>
#include <cstdlib>

namespace bellows::bits {
namespace {

constexpr int unset = -1;
std::atomic<int> forced{unset};
std::atomic<int> cached{unset};

std::string available_names() {
  std::string names;
  for (Kernel kernel : all_kernels)
    if (kernel_is_available(kernel)) names += fmt::format("{}{}", names.empty() ? "" : ", ", kernel_name(kernel));
  return names;
}

}  // namespace

const char* kernel_name(Kernel kernel) {
  switch (kernel) {
    case Kernel::portable:
      return "portable";
    case Kernel::clmul:
      return "clmul";
    case Kernel::avx2:
      return "avx2";
    case Kernel::avx512:
      return "avx512";
    case Kernel::gfni:
      return "gfni";
  }
  return "portable";
}

Result<Kernel> kernel_from_name(std::string_view name) {
  for (Kernel kernel : all_kernels)
    if (name == kernel_name(kernel)) return kernel;
  return usage_error("no kernel of this name", "one of " + available_names() + " on this machine", std::string(name));
}

bool kernel_is_available(Kernel kernel) {
#if defined(__x86_64__)
  // The compiler's run-time check covers the processor and whether the system saves the wide registers.
  bool clmul = __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("pclmul");
  bool avx2 =
      clmul && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
  bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
                __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vpopcntdq") &&
                __builtin_cpu_supports("vpclmulqdq");
  switch (kernel) {
    case Kernel::portable:
      return true;
    case Kernel::clmul:
      return clmul;
    case Kernel::avx2:
      return avx2;
    case Kernel::avx512:
      return avx512;
    case Kernel::gfni:
      return avx512 && __builtin_cpu_supports("gfni");
  }
#endif
  return kernel == Kernel::portable;
}

Result<Kernel> chosen_kernel() {
  if (const char* name = std::getenv("BELLOWS_KERNEL"); name != nullptr && *name != '\0') {
    BELLOWS_ASSIGN(Kernel kernel, kernel_from_name(name));
    if (!kernel_is_available(kernel))
      return usage_error("BELLOWS_KERNEL names a kernel that this processor cannot run", "one of " + available_names(),
                         name);
    return kernel;
  }
  Kernel best = Kernel::portable;
  for (Kernel kernel : all_kernels)
    if (kernel_is_available(kernel)) best = kernel;
  return best;
}

Kernel active_kernel() {
  if (int kernel = forced.load(std::memory_order_relaxed); kernel != unset) return static_cast<Kernel>(kernel);
  if (int kernel = cached.load(std::memory_order_relaxed); kernel != unset) return static_cast<Kernel>(kernel);
  auto chosen = chosen_kernel();
  BELLOWS_CHECK(chosen.ok(), "BELLOWS_KERNEL was not checked at the start of the program");
  cached.store(static_cast<int>(*chosen), std::memory_order_relaxed);
  return *chosen;
}

void force_kernel(Kernel kernel) {
  BELLOWS_CHECK(kernel_is_available(kernel), "forced a kernel that this processor cannot run");
  forced.store(static_cast<int>(kernel), std::memory_order_relaxed);
}

void unforce_kernel() { forced.store(unset, std::memory_order_relaxed); }

}  // namespace bellows::bits
