#include "bellows/base/crew.h"

#include <algorithm>
#include <chrono>

namespace bellows {

struct Crew::Job {
  std::uint64_t task_count;
  Task task;
  std::uint64_t taken = 0;
};

Crew::Crew(unsigned thread_count) : thread_count_(std::max(1u, thread_count)) {}

Crew::~Crew() {
  finish();
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
    has_jobs_or_ends_ = true;
  }
  jobs_came_.notify_all();
  for (auto& thread : others_) thread.join();
}

void Crew::start(std::uint64_t task_count, Task task) {
  if (task_count == 0) return;
  if (thread_count_ == 1) {
    for (std::uint64_t i = 0; i < task_count; ++i) task(i, 0);
    return;
  }
  while (others_.size() + 1 < thread_count_)
    others_.emplace_back(&Crew::serve, this, static_cast<unsigned>(others_.size() + 1));
  auto job = std::make_shared<Job>(Job{task_count, std::move(task)});
  {
    const std::scoped_lock lock(mutex_);
    jobs_.push_back(std::move(job));  // before it is counted: what cannot be stored must not be waited for
    undone_tasks_ += task_count;
    has_jobs_or_ends_ = true;
  }
  jobs_came_.notify_all();
}

void Crew::finish() {
  while (do_one(0)) {
  }
  wait(all_done_, [&] { return undone_tasks_ == 0; });
}

void Crew::run(std::uint64_t task_count, Task task) {
  start(task_count, std::move(task));
  finish();
}

bool Crew::do_one(unsigned worker) noexcept {
  std::shared_ptr<Job> job;
  std::uint64_t index;
  {
    const std::scoped_lock lock(mutex_);
    if (jobs_.empty()) return false;
    job = jobs_.front();
    index = job->taken++;
    if (job->taken == job->task_count) jobs_.pop_front();
    has_jobs_or_ends_ = ending_ || !jobs_.empty();
  }
  job->task(index, worker);
  job.reset();  // what a task holds may go as soon as all are done
  if (--undone_tasks_ == 0) {
    { const std::scoped_lock lock(mutex_); }  // whoever has just looked is asleep now, and hears it
    all_done_.notify_one();
  }
  return true;
}

void Crew::serve(unsigned worker) {
  for (;;) {
    wait(jobs_came_, [&] { return has_jobs_or_ends_.load(); });
    if (!do_one(worker)) {
      const std::scoped_lock lock(mutex_);
      if (ending_) return;
    }
  }
}

// Most waits are shorter than falling asleep and being woken.
template <class Condition>
void Crew::wait(std::condition_variable& change, const Condition& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(50);
  while (std::chrono::steady_clock::now() < end)
    if (condition()) return;
  std::unique_lock lock(mutex_);
  change.wait(lock, condition);
}

}  // namespace bellows
