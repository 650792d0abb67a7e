#include "bellows/protocol/experiment.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "bellows/bits/cpu.h"
#include "bellows/device/two_qubits.h"
#include "bellows/estimate/gather.h"
#include "bellows/estimate/scores.h"
#include "bellows/testing/temp_folder.h"
#include "bellows/trials/reader.h"

namespace bellows::protocol {
namespace {

constexpr std::uint64_t block_trials = trials::largest_block_trials;

Digest simulate_to(const Path& path, ExperimentChoice choice, std::uint64_t trials, unsigned threads,
                   std::uint64_t key = 1) {
  auto experiment = make_experiment(choice);
  EXPECT_TRUE(experiment.ok()) << experiment.error().describe();
  auto log = trials::LogWriter::create(path, log_header(**experiment, {}));
  EXPECT_TRUE(log.ok());
  Context context;
  context.thread_count = threads;
  Status done = simulate_log(**experiment, bits::StreamKey::from_number(key), trials, *log, context);
  EXPECT_TRUE(done.ok()) << done.error().describe();
  return *log->finish();
}

estimate::Summary summary_of(const ExperimentChoice& choice, std::uint64_t trials, std::uint64_t key = 1) {
  testing::TempFolder folder;
  simulate_to(folder.path() / "log", choice, trials, 2, key);
  auto evidence =
      estimate::gather_evidence(*trials::LogReader::open(folder.path() / "log"), {}, estimate::LogDigest::recorded);
  EXPECT_TRUE(evidence->simulated);
  EXPECT_EQ(evidence->trial_count(), trials);
  return *estimate::summarize(*evidence, (*make_experiment(choice))->claimed_mu());
}

TEST(Experiment, SameBitsWithAnyThreadsAndKernels) {
  testing::TempFolder folder;
  for (const char* preset : {"kulikov-2024", "cheat-win", "memory-last-pair", "memory-history", "memory-adaptive"}) {
    const std::uint64_t trials = preset[0] == 'k' ? 2 * block_trials + 12345 : 54321;
    std::optional<Digest> first;
    int number = 0;
    for (bits::Kernel kernel : bits::all_kernels) {
      if (!bits::kernel_is_available(kernel)) continue;
      for (unsigned threads : {1u, 3u}) {
        if (threads == 3 && kernel != bits::Kernel::avx2) continue;
        bits::force_kernel(kernel);
        Digest digest =
            simulate_to(folder.path() / (preset + std::to_string(number++)), {.preset = preset}, trials, threads);
        bits::unforce_kernel();
        EXPECT_EQ(digest, first.value_or(digest)) << preset << bits::kernel_name(kernel);
        first = digest;
      }
    }
  }
  Digest other = simulate_to(folder.path() / "other", {}, 1000, 1, 2),
         same = simulate_to(folder.path() / "same", {}, 1000, 1, 1);
  EXPECT_FALSE(other == same);
}

TEST(Experiment, ContinuesAsIfItHadNotBeenCut) {
  testing::TempFolder folder;
  const std::uint64_t trials = 3 * block_trials + 777;
  const Digest whole = simulate_to(folder.path() / "whole", {.preset = "tsirelson"}, trials, 2);
  auto experiment = make_experiment({.preset = "tsirelson"});
  const Path path = folder.path() / "cut";
  {
    auto log = trials::LogWriter::create(path, log_header(**experiment, {}));
    ASSERT_TRUE(simulate_log(**experiment, bits::StreamKey::from_number(1), 2 * block_trials, *log, {}).ok());
  }
  std::filesystem::resize_file(path, std::filesystem::file_size(path) - 1000);  // killed while it wrote a block
  auto log = trials::LogWriter::continue_after_crash(path);
  ASSERT_TRUE(log.ok()) << log.error().describe();
  EXPECT_EQ(log->block_count(), 1u);
  ASSERT_TRUE(simulate_log(**experiment, bits::StreamKey::from_number(1), trials, *log, {}).ok());
  EXPECT_EQ(*log->finish(), whole);
}

TEST(Experiment, RefusesALogThatItCannotContinue) {
  testing::TempFolder folder;
  auto experiment = make_experiment({});
  auto log = trials::LogWriter::create(folder.path() / "log", log_header(**experiment, {}));
  ASSERT_TRUE(simulate_log(**experiment, {}, 1000, *log, {}).ok());
  EXPECT_TRUE(simulate_log(**experiment, {}, 1000, *log, {}).ok());
  EXPECT_EQ(simulate_log(**experiment, {}, 2000, *log, {}).error().code, ErrorCode::refused);
  EXPECT_EQ(simulate_log(**experiment, {}, 10, *log, {}).error().code, ErrorCode::refused);
}

TEST(Experiment, PublishedScores) {
  estimate::Summary summary = summary_of({}, 4 * block_trials);
  EXPECT_NEAR(summary.scores.s->value, 2.271, 5 * summary.scores.s->standard_error);
  EXPECT_NEAR(summary.scores.s_mu->value, 0.00296, 5 * summary.scores.s_mu->standard_error + 2e-5);
  EXPECT_TRUE(summary.settings->consistent);
  EXPECT_TRUE(summary.signalling.consistent);
}

TEST(Experiment, CheatsReachTheLocalBoundAndNoMore) {
  for (double mu : {0.0075, 0.05, 0.2}) {
    for (const char* preset : {"cheat-win", "cheat-mdl", "memory-last-pair", "memory-history"}) {
      estimate::Summary summary = summary_of({.preset = preset, .mu = mu}, block_trials / 4);
      EXPECT_NEAR(summary.scores.omega.value, 1 - (0.5 - mu) * (0.5 - mu), 5 * summary.scores.omega.standard_error)
          << preset << mu;
      EXPECT_LT(summary.scores.s_mu->value, 5 * summary.scores.s_mu->standard_error) << preset;
      EXPECT_TRUE(summary.settings->consistent) << preset;
    }
    estimate::Summary mdl = summary_of({.preset = "cheat-mdl", .mu = mu}, block_trials / 4);
    EXPECT_NEAR(mdl.scores.s_mu->value, 0, 5 * mdl.scores.s_mu->standard_error);
  }
}

TEST(Experiment, SettingsFromAFile) {
  testing::TempFolder folder;
  const Path path = folder.path() / "bits";
  std::ofstream(path, std::ios::binary) << std::string(2 * 5000 / 8 + 10, '\x55');  // x = 1, y = 0 in every trial
  estimate::Summary summary =
      summary_of({.preset = "tsirelson", .mu = 0.01, .source = "file:path=" + path.string()}, 5000);
  EXPECT_FALSE(summary.settings->consistent);
  EXPECT_EQ(summary.settings->frequencies[6].count, 5000u);  // xy=10
  auto experiment = make_experiment({.source = "file:path=" + path.string()});
  auto log = trials::LogWriter::create(folder.path() / "long", log_header(**experiment, {}));
  EXPECT_EQ(simulate_log(**experiment, {}, 50000, *log, {}).error().code, ErrorCode::bad_input);
}

TEST(Experiment, SeedComesFromTheSameSource) {
  auto experiment = make_experiment({.preset = "cheat-win", .mu = 0.2});
  bits::BitString seed = *(*experiment)->draw_seed_bits(bits::StreamKey::from_number(1), 100000);
  EXPECT_NEAR(static_cast<double>(bits::count_ones(seed)) / 1e5, 0.7, 0.01);
}

TEST(Experiment, WrongChoicesAreUsageErrors) {
  EXPECT_EQ(make_experiment({.preset = "no-such"}).error().code, ErrorCode::usage);
  for (double mu : {0.5, -1.0, std::nan("")}) EXPECT_EQ(make_experiment({.mu = mu}).error().code, ErrorCode::usage);
  EXPECT_EQ(make_experiment({.source = "no-such"}).error().code, ErrorCode::usage);
  EXPECT_EQ(make_experiment({.device = "no-such"}).error().code, ErrorCode::usage);
  for (const ExperimentPreset& preset : experiment_presets())
    EXPECT_TRUE(make_experiment({.preset = preset.name}).ok());
}

}  // namespace
}  // namespace bellows::protocol
