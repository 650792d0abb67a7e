#include "bellows/protocol/trial_stage.h"

#include <fmt/format.h>
#include <unistd.h>

#include "bellows/estimate/gather.h"
#include "bellows/estimate/origin.h"
#include "bellows/trials/import.h"
#include "bellows/trials/writer.h"

namespace bellows::protocol {
namespace {

bool is_trial_log(const AmplifyRequest& request) {
  return request.format == "trials" || (request.format.empty() && request.trials_file->extension() == ".trials");
}

Result<trials::ImportOptions> import_options(const AmplifyRequest& request) {
  trials::ImportOptions options;
  if (!request.format.empty()) {
    BELLOWS_ASSIGN(options.format, trials::foreign_format_from_name(request.format));
  }
  std::string relabelling = request.relabelling;
  if (relabelling.empty() && request.plan_file) {
    BELLOWS_ASSIGN(plan::Plan plan, plan::read_plan(*request.plan_file));
    relabelling = plan.relabelling;
  }
  options.auto_relabel = relabelling == "auto";
  if (!options.auto_relabel) {
    BELLOWS_ASSIGN(options.relabelling, trials::Relabelling::parse(relabelling));
  }
  return options;
}

}  // namespace

RecordedTrials::~RecordedTrials() {
  std::error_code ignored;
  if (!temporary_.empty()) std::filesystem::remove(temporary_, ignored);
}

Result<RecordedTrials> RecordedTrials::open(const AmplifyRequest& request, const RunFolder& folder,
                                            const Context& context) {
  RecordedTrials recorded;
  Path log = *request.trials_file;
  if (is_trial_log(request)) {
    if (!request.relabelling.empty() && request.relabelling != "none")
      return usage_error("a trial log has its relabelling from `bellows import --relabel`", "--relabel none",
                         request.relabelling);
  } else {
    BELLOWS_ASSIGN(trials::ImportOptions options, import_options(request));
    // Of a pipe that fails the log so far stays, under a name that the next run does not clear away.
    std::error_code ignored;
    const bool is_live = !std::filesystem::is_regular_file(log, ignored);
    const Path imported =
        folder.root / (is_live ? fmt::format("import.{}.trials", ::getpid()) : std::string("import.trials.tmp"));
    BELLOWS_ASSIGN([[maybe_unused]] auto report, trials::import_trials(log, imported, options, context));
    recorded.temporary_ = imported;
    log = imported;
  }
  BELLOWS_ASSIGN(recorded.log_, trials::LogReader::open(log));
  BELLOWS_TRY(recorded.log_->require_complete());
  BELLOWS_TRY(recorded.log_->require_two_party_chsh());
  BELLOWS_TRY(recorded.log_->require_trials());
  // A log of others is read in full before anything of the run is written.
  if (recorded.temporary_.empty()) BELLOWS_TRY(recorded.log_->check(context));
  return recorded;
}

bool RecordedTrials::simulated() const {
  auto simulated = log_->header().metadata.find("simulated");
  return simulated != log_->header().metadata.end() && simulated->is_boolean() && simulated->get<bool>();
}

Result<std::optional<numeric::Exact>> RecordedTrials::claimed_bias() const { return estimate::claimed_bias(*log_); }

Result<std::string> RecordedTrials::planned_relabelling(const Context& context) const {
  BELLOWS_ASSIGN(estimate::Evidence origin, estimate::gather_evidence_of_blocks(*log_, 0, 0, context));
  return origin.relabellings_tried > 1 ? std::string("auto") : origin.relabelling;
}

Status RecordedTrials::require_plan(const Digest& plan_digest) const {
  if (log_->header().plan_digest.is_zero()) return {};
  return log_->require_plan(plan_digest);
}

Status RecordedTrials::require_same_trials(const Path& other, const Context& context) const {
  BELLOWS_ASSIGN(trials::LogReader log, trials::LogReader::open(other));
  auto differ = [&](std::optional<std::uint64_t> trial) {
    Error error = refused("the folder holds a run over other records; give those, or another folder");
    error.file = other;
    error.expected = fmt::format("the {} trials of {}", log_->trial_count(), log_->path().string());
    error.got = trial ? fmt::format("another trial in the block that begins with number {}", *trial)
                      : fmt::format("{} trials", log.trial_count());
    return error;
  };
  if (log.trial_count() != log_->trial_count() || log.block_count() != log_->block_count()) return differ(std::nullopt);
  std::uint64_t first = 0;
  for (std::uint64_t i = 0; i < log.block_count(); ++i) {
    BELLOWS_TRY(context.check_cancelled());
    BELLOWS_ASSIGN(trials::BlockView ours, log_->block(i));
    BELLOWS_ASSIGN(trials::BlockView theirs, log.block(i));
    for (std::uint32_t plane = 0; plane < log_->scenario().plane_count(); ++plane) {
      const bits::BitView a = ours.plane(plane), b = theirs.plane(plane);
      if (a.size_bits != b.size_bits) return differ(first);
      for (std::uint64_t w = 0; w < a.size_words(); ++w)
        if (a.word(w) != b.word(w)) return differ(first);
    }
    first += ours.plane(0).size_bits;
    log_->release(i);
    log.release(i);
  }
  return {};
}

Status RecordedTrials::copy_to(const Path& target, const plan::Plan& plan, const Context& context) const {
  Path unfinished = target;
  unfinished += ".tmp";
  trials::LogHeader header = log_->header();
  if (header.plan_digest.is_zero() && plan.origin == plan::Origin::file)
    header.metadata[estimate::plan_added_later_key] = true;
  header.plan_digest = plan::digest(plan);
  BELLOWS_ASSIGN(trials::LogWriter writer, trials::LogWriter::create(unfinished, header));
  for (std::uint64_t i = 0; i < log_->block_count(); ++i) {
    BELLOWS_TRY(context.check_cancelled());
    BELLOWS_ASSIGN(trials::BlockView block, log_->block(i));
    std::vector<bits::BitView> planes;
    for (std::uint32_t plane = 0; plane < header.scenario.plane_count(); ++plane) planes.push_back(block.plane(plane));
    BELLOWS_TRY(writer.append_block(planes, block.start_time_ns));
    log_->release(i);
    context.report("copy", writer.trial_count(), log_->trial_count(), "trials");
  }
  BELLOWS_ASSIGN([[maybe_unused]] Digest digest, writer.finish());
  if (std::rename(unfinished.c_str(), target.c_str()) != 0) return system_error("cannot put in place", target, errno);
  return {};
}

Result<std::unique_ptr<Experiment>> requested_experiment(const AmplifyRequest& request, const plan::Plan& plan) {
  return make_experiment(
      {.preset = request.preset, .mu = plan.mu.nearest(), .source = request.source, .device = request.device});
}

Status complete_simulated_log(Experiment& experiment, const plan::Plan& plan, const RunFolder& folder,
                              const bits::StreamKey& key, const Context& context) {
  trials::LogHeader header = log_header(experiment, plan::digest(plan));
  auto require_same_experiment = [&](const trials::LogHeader& found) -> Status {
    if (found.metadata == header.metadata && found.plan_digest == header.plan_digest) return {};
    Error error = refused("the folder's log is of another experiment");
    error.file = folder.log();
    error.expected = header.metadata.dump();
    error.got = found.metadata.dump();
    return error;
  };
  if (!folder.has(folder.log())) {
    BELLOWS_ASSIGN(trials::LogWriter writer, trials::LogWriter::create(folder.log(), header));
    BELLOWS_TRY(simulate_log(experiment, key, plan.trial_count, writer, context));
    BELLOWS_ASSIGN([[maybe_unused]] Digest digest, writer.finish());
    return {};
  }
  std::optional<std::uint64_t> complete_trials;
  {
    BELLOWS_ASSIGN(trials::LogReader log, trials::LogReader::open(folder.log()));
    BELLOWS_TRY(require_same_experiment(log.header()));
    if (log.is_complete()) complete_trials = log.trial_count();
  }
  // The seed of a source from outside comes after the settings that are used up.
  if (complete_trials) return experiment.skip_trials(*complete_trials);
  BELLOWS_ASSIGN(trials::LogWriter writer, trials::LogWriter::continue_after_crash(folder.log(), context));
  BELLOWS_TRY(simulate_log(experiment, key, plan.trial_count, writer, context));
  BELLOWS_ASSIGN([[maybe_unused]] Digest digest, writer.finish());
  return {};
}

}  // namespace bellows::protocol
