#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace bellows {

/// The calling thread and others that live as long as the crew. For work that comes in portions of milliseconds:
/// threads of their own would take a tenth of one to begin and to end. One thread at a time may call it.
class Crew {
 public:
  using Task = std::function<void(std::uint64_t index, unsigned worker)>;

  /// Of `thread_count` threads with the caller's, at least 1. The others begin with the first work.
  explicit Crew(unsigned thread_count);
  ~Crew();  // finishes
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  unsigned thread_count() const { return thread_count_; }

  /// The others begin with task(index, worker) for index = 0 .. task_count-1, and the caller goes on; a crew of one
  /// does all of it at once. Tasks are taken up in the order in which they were asked for, so one may wait for those
  /// before it. `worker` is below thread_count and names the thread, for buffers of its own. Tasks must not throw.
  void start(std::uint64_t task_count, Task task);

  /// The caller (worker 0) takes its share of what was started; returns when all of it is done.
  void finish();

  /// Both.
  void run(std::uint64_t task_count, Task task);

 private:
  struct Job;
  bool do_one(unsigned worker) noexcept;  // a task that throws ends the program: nobody could say what is done
  void serve(unsigned worker);
  template <class Condition>
  void wait(std::condition_variable& change, const Condition& condition);

  unsigned thread_count_;
  std::vector<std::thread> others_;
  std::mutex mutex_;
  std::deque<std::shared_ptr<Job>> jobs_;  // those with tasks that nobody has taken up
  bool ending_ = false;
  std::atomic<bool> has_jobs_or_ends_{false};
  std::atomic<std::uint64_t> undone_tasks_{0};
  std::condition_variable jobs_came_, all_done_;
};

}  // namespace bellows
