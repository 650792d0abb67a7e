#pragma once

#include <cstdint>
#include <functional>

namespace bellows {

/// Cores that this process may run on (affinity respected), at least 1.
unsigned available_core_count();

/// Runs task(index, worker) for index = 0 .. task_count-1 on up to thread_count threads, in any order; returns when all
/// are done. `worker` is below thread_count and names the thread, for buffers of its own. Tasks must not throw. Much of
/// it in small portions is work for a Crew (crew.h).
void parallel_for(std::uint64_t task_count, unsigned thread_count,
                  const std::function<void(std::uint64_t index, unsigned worker)>& task);

/// Runs clean_up once, when the calling thread ends; asking again from the same thread changes nothing. For libraries
/// that keep a cache for each thread and free it only when told to.
void at_thread_end(void (*clean_up)());

}  // namespace bellows
