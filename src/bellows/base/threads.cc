#include "bellows/base/threads.h"

#include <sched.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "bellows/base/crew.h"

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
  Crew(static_cast<unsigned>(std::min<std::uint64_t>(thread_count, task_count))).run(task_count, task);
}

void at_thread_end(void (*clean_up)()) {
  thread_local CleanUps clean_ups;
  auto& asked_for = clean_ups.asked_for;
  if (std::find(asked_for.begin(), asked_for.end(), clean_up) == asked_for.end()) asked_for.push_back(clean_up);
}

}  // namespace bellows
