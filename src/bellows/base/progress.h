#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string_view>

#include "bellows/base/result.h"

namespace bellows {

/// Set by a signal handler or another thread; long work looks at it between pieces and returns cancelled().
class CancelToken {
 public:
  void cancel() { flag_.store(true, std::memory_order_relaxed); }
  bool is_cancelled() const { return flag_.load(std::memory_order_relaxed); }
  Status check() const { return is_cancelled() ? Status(cancelled()) : Status(); }

 private:
  std::atomic<bool> flag_{false};
  static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler sets it");
};

/// What long work needs from whoever started it: a way to tell, a way to be stopped, and how many threads it may use.
/// The default tells nobody, cannot be stopped and uses one thread.
struct Context {
  /// Called now and then, from one thread at a time: stage name, units done, units in all (0: unknown), unit name.
  std::function<void(std::string_view stage, std::uint64_t done, std::uint64_t total, std::string_view unit)> progress =
      {};
  const CancelToken* cancel = nullptr;
  unsigned thread_count = 1;

  void report(std::string_view stage, std::uint64_t done, std::uint64_t total, std::string_view unit) const {
    if (progress) progress(stage, done, total, unit);
  }
  Status check_cancelled() const { return cancel ? cancel->check() : Status(); }
};

}  // namespace bellows
