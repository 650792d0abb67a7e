#include "bellows/protocol/experiment.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "bellows/base/threads.h"
#include "bellows/device/device.h"
#include "bellows/numeric/ranges.h"
#include "bellows/source/source.h"

namespace bellows::protocol {
namespace {

class PairExperiment : public Experiment {
 public:
  PairExperiment(std::string preset, std::unique_ptr<source::Source> source, std::unique_ptr<device::Device> device,
                 std::optional<bell::HiddenChoice> hidden)
      : preset_(std::move(preset)),
        source_(std::move(source)),
        device_(std::move(device)),
        hidden_(std::move(hidden)) {}

  trials::Scenario scenario() const override { return trials::Scenario::two_party_chsh(); }
  double claimed_mu() const override { return source_->claimed_mu(); }
  nlohmann::json describe() const override {
    return {{"preset", preset_}, {"source", source_->describe()}, {"device", device_->describe()}};
  }
  bool is_reproducible() const override { return source_->is_simulated(); }
  Status skip_trials(std::uint64_t count) override { return source_->skip_settings(count); }

  Status simulate_block(const bits::StreamKey& key, std::uint64_t block_index, trials::BlockBuffer& block) override {
    bits::ChunkDrawer drawer(key);
    source::SourceMemory source_memory;
    device::DeviceMemory device_memory;
    bell::HiddenPlanes hidden;
    std::uint64_t *x = block.setting(0), *y = block.setting(1), *a = block.outcome(0), *b = block.outcome(1);
    for (std::uint64_t from = 0, chunk = 0; from < block.trial_count(); from += bits::chunk_trials, ++chunk) {
      drawer.start(block_index, static_cast<std::uint16_t>(chunk),
                   std::min(bits::chunk_trials, block.trial_count() - from));
      if (hidden_) hidden_->draw(drawer, hidden);
      const std::uint64_t w = from / 64;
      BELLOWS_TRY(source_->draw_settings(drawer, hidden, source_memory, x + w, y + w));
      device_->draw_outcomes(drawer, hidden, x + w, y + w, device_memory, a + w, b + w);
    }
    return {};
  }

  Result<bits::BitString> draw_seed_bits(const bits::StreamKey& key, std::uint64_t count_bits) override {
    return source_->draw_seed(key, count_bits);
  }

 private:
  std::string preset_;
  std::unique_ptr<source::Source> source_;
  std::unique_ptr<device::Device> device_;
  std::optional<bell::HiddenChoice> hidden_;
};

}  // namespace

Result<std::unique_ptr<Experiment>> make_pair_experiment(const ExperimentChoice& choice,
                                                         const std::string& default_source,
                                                         const std::string& default_device, double default_mu) {
  const double mu = choice.mu.value_or(default_mu);
  BELLOWS_TRY(numeric::check_bias(mu));
  BELLOWS_ASSIGN(std::unique_ptr<device::Device> device,
                 device::make_device(choice.device.empty() ? default_device : choice.device, mu));
  source::DeviceKnowledge knowledge;
  std::optional<bell::HiddenChoice> hidden;
  knowledge.strategy = device->strategy();
  if (knowledge.strategy != nullptr) {
    BELLOWS_ASSIGN(hidden, bell::HiddenChoice::make(*knowledge.strategy));
  }
  if (device->behaviour()) knowledge.win_by_pair = device::win_by_pair(*device->behaviour());
  knowledge.avoids_last_pair = device->loses_on_last_pair();
  knowledge.avoids_marked_pair = device->loses_on_marked_pair();
  BELLOWS_ASSIGN(std::unique_ptr<source::Source> source,
                 source::make_source(choice.source.empty() ? default_source : choice.source, mu, knowledge));
  return std::unique_ptr<Experiment>(
      new PairExperiment(choice.preset, std::move(source), std::move(device), std::move(hidden)));
}

Result<std::unique_ptr<Experiment>> make_experiment(const ExperimentChoice& choice) {
  std::string names;
  for (const ExperimentPreset& preset : experiment_presets()) {
    if (choice.preset == preset.name) return preset.make(choice);
    names += (names.empty() ? "" : ", ") + std::string(preset.name);
  }
  return usage_error("no such preset", names, choice.preset);
}

trials::LogHeader log_header(const Experiment& experiment, const Digest& plan_digest) {
  trials::LogHeader header;
  header.scenario = experiment.scenario();
  header.plan_digest = plan_digest;
  header.metadata = {{"simulated", true}, {"experiment", experiment.describe()}};
  return header;
}

Status simulate_log(Experiment& experiment, const bits::StreamKey& key, std::uint64_t trial_count,
                    trials::LogWriter& log, const Context& context) {
  constexpr std::uint64_t block_trials = trials::largest_block_trials;
  // Also where no trial is missing: the seed comes after the settings.
  if (!experiment.is_reproducible()) BELLOWS_TRY(experiment.skip_trials(log.trial_count()));
  if (log.trial_count() > trial_count || log.trial_count() != log.block_count() * block_trials) {
    if (log.trial_count() == trial_count) return {};
    return refused(
        fmt::format("the log {} is not one that this simulation can continue: it holds {} trials in {} blocks",
                    log.path().string(), log.trial_count(), log.block_count()));
  }
  const unsigned threads = experiment.is_reproducible() ? std::max(1u, context.thread_count) : 1;
  std::vector<trials::BlockBuffer> buffers;
  std::vector<Status> statuses(threads);
  for (unsigned i = 0; i < threads; ++i)
    buffers.emplace_back(experiment.scenario(), std::min(block_trials, std::max<std::uint64_t>(trial_count, 1)));
  while (log.trial_count() < trial_count) {
    BELLOWS_TRY(context.check_cancelled());
    context.report("simulating", log.trial_count(), trial_count, "trials");
    const std::uint64_t first_block = log.block_count();
    const std::uint64_t batch =
        std::min<std::uint64_t>(threads, divide_up(trial_count - log.trial_count(), block_trials));
    parallel_for(batch, threads, [&](std::uint64_t i, unsigned) {
      const std::uint64_t index = first_block + i, first_trial = index * block_trials;
      buffers[i].start(std::min(block_trials, trial_count - first_trial));
      statuses[i] = experiment.simulate_block(key, index, buffers[i]);
      if (statuses[i].ok()) buffers[i].seal(index, first_trial, 0);
    });
    for (std::uint64_t i = 0; i < batch; ++i) {
      BELLOWS_TRY(statuses[i]);
      BELLOWS_TRY(log.append(buffers[i]));
    }
  }
  context.report("simulating", trial_count, trial_count, "trials");
  return {};
}

}  // namespace bellows::protocol
