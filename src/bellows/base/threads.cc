#include "bellows/base/threads.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace bellows {
namespace {

struct CleanUps {
  std::vector<void (*)()> asked_for;
  ~CleanUps() {
    for (auto clean_up : asked_for) clean_up();
  }
};

}  // namespace

unsigned available_core_count() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return static_cast<unsigned>(CPU_COUNT(&set));
  return std::max(1u, std::thread::hardware_concurrency());
}

void parallel_for(std::uint64_t task_count, unsigned thread_count,
                  const std::function<void(std::uint64_t index, unsigned worker)>& task) {
  auto workers = static_cast<unsigned>(std::min<std::uint64_t>(std::max(1u, thread_count), task_count));
  std::atomic<std::uint64_t> next{0};
  auto work = [&](unsigned worker) {
    for (std::uint64_t i; (i = next.fetch_add(1)) < task_count;) task(i, worker);
  };
  std::vector<std::thread> others;
  for (unsigned worker = 1; worker < workers; ++worker) others.emplace_back(work, worker);
  if (task_count > 0) work(0);
  for (auto& thread : others) thread.join();
}

void at_thread_end(void (*clean_up)()) {
  thread_local CleanUps clean_ups;
  auto& asked_for = clean_ups.asked_for;
  if (std::find(asked_for.begin(), asked_for.end(), clean_up) == asked_for.end()) asked_for.push_back(clean_up);
}

}  // namespace bellows
