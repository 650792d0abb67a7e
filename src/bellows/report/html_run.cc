#include "bellows/report/html_run.h"

#include <fmt/format.h>

#include <cstring>

#include "bellows/base/plain_file.h"
#include "bellows/bits/bit_file_header.h"
#include "bellows/bits/bit_stream.h"
#include "bellows/certify/certify.h"
#include "bellows/estimate/gather.h"
#include "bellows/plan/published.h"
#include "bellows/trials/reader.h"

namespace bellows::report {
namespace {

bool is_there(const Path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

// An error as a sentence without the folder's own path, which the page names once.
std::string sentence(const Path& file, const Error& error) {
  std::string text = fmt::format("{}: {}", file.filename().string(), error.message);
  if (!error.expected.empty()) text += fmt::format(" (expected {}, got {})", error.expected, error.got);
  return text;
}

// What cannot be read is no problem of a run without certificate; beside one it is not what the certificate speaks of.
void cannot_read(RunView& run, const std::string& what, const Path& path, const Error& error) {
  if (run.certificate)
    run.mismatches.push_back({what, "that of the certificate", sentence(path, error)});
  else
    run.problems.push_back(sentence(path, error));
}

void is_missing(RunView& run, const std::string& file, const char* why = "") {
  run.problems.push_back(fmt::format("{} is missing{}.", file, why));
  if (run.certificate) run.missing.push_back(file);
}

void compare(RunView& run, const std::string& what, const std::string& expected, const std::string& got) {
  if (expected != got) run.mismatches.push_back({what, expected, got});
}

Status read_log(RunView& run, const Context& context, bool check_digest) {
  const Path path = run.folder / "log.trials";
  if (!is_there(path)) {
    is_missing(run, "log.trials", ": no charts can be drawn");
    return {};
  }
  auto log = trials::LogReader::open(path);
  if (!log.ok()) {
    cannot_read(run, "trial log", path, log.error());
    return {};
  }
  run.metadata = log->header().metadata;
  run.log_complete = log->is_complete();
  if (log->cut_bytes() > 0)
    run.problems.push_back(fmt::format("log.trials: the last {} bytes are a block that was cut.", log->cut_bytes()));
  // The digest is compared below, with the certificate's.
  auto evidence = estimate::gather_evidence(*log, context, estimate::LogDigest::recorded);
  if (!evidence.ok()) {
    if (evidence.error().code == ErrorCode::cancelled) return evidence.error();
    cannot_read(run, "trial log", path, evidence.error());
  } else {
    run.evidence = std::move(*evidence);
  }
  if (!run.certificate) return {};
  const certify::Certificate& certificate = *run.certificate;
  // The end is no part of the digest, and `verify` asks for it.
  if (auto complete = log->require_complete(); !complete.ok())
    cannot_read(run, "end of the log", path, complete.error());
  if (run.evidence)
    compare(run, "number of trials in the log", std::to_string(certificate.trial_count),
            std::to_string(run.evidence->trial_count()));
  if (run.evidence && certificate.score.observed)
    compare(run, "score of the log", certificate.score.observed->text(),
            certify::observed_score(certificate.plan, *run.evidence).text());
  if (run.evidence && plan::publishes(certificate.plan, plan::Publication::block_scores)) {
    const plan::ScoreGroups groups = plan::score_groups(certificate.plan.trial_count);
    BELLOWS_ASSIGN(run.published_groups, estimate::wins_of_groups(*log, *run.evidence, groups.group_trials, context));
  }
  if (certificate.plan_digest && !log->header().plan_digest.is_zero())
    compare(run, "plan that the log was taken under", certificate.plan_digest->hex(), log->header().plan_digest.hex());
  if (certificate.log_digest && check_digest) {
    BELLOWS_ASSIGN(Digest digest, log->digest(context));
    compare(run, "digest of the log", certificate.log_digest->hex(), digest.hex());
  }
  return {};
}

void read_plan_and_certificate(RunView& run) {
  const Path certificate_path = run.folder / "certificate.json", plan_path = run.folder / "plan.json";
  if (is_there(certificate_path)) {
    auto certificate = certify::read_certificate(certificate_path);
    if (certificate.ok()) {
      run.certificate = std::move(*certificate);
      run.plan = run.certificate->plan;
    } else {
      run.mismatches.push_back({"certificate.json", "a certificate", sentence(certificate_path, certificate.error())});
    }
  }
  if (!is_there(plan_path)) {
    run.problems.push_back("plan.json is missing.");
    return;
  }
  auto plan = plan::read_plan(plan_path);
  if (!plan.ok()) {
    cannot_read(run, "plan.json", plan_path, plan.error());
    return;
  }
  if (run.certificate) compare(run, "plan.json", plan::digest(run.certificate->plan).hex(), plan::digest(*plan).hex());
  if (!run.plan) run.plan = std::move(*plan);
}

void read_bit_files(RunView& run) {
  if (!run.certificate) return;
  const certify::Certificate& certificate = *run.certificate;
  const Path output_path = run.folder / "output.bits", seed_path = run.folder / "seed.bits";
  bool has_output = is_there(output_path);
  if (certificate.certified() && !has_output) {
    is_missing(run, "output.bits");
  } else if (!certificate.certified() && has_output) {
    run.mismatches.push_back({"output.bits", "no output file", "one"});
  } else if (has_output) {
    auto stream = bits::BitStream::open(output_path, bits::BitStreamFormat::bit_file);
    if (!stream.ok()) {
      cannot_read(run, "output.bits", output_path, stream.error());
    } else {
      run.output_file_bits = stream->size_bits();
      compare(run, "bits in output.bits", std::to_string(certificate.output_bits()),
              std::to_string(stream->size_bits().value_or(0)));
    }
  }
  if (!certificate.certified()) return;
  if (!is_there(seed_path)) {
    is_missing(run, "seed.bits");
    return;
  }
  auto file = open_plain_file(seed_path);
  Result<bits::BitFileHeader> header = file.ok() ? bits::read_bit_file_header(*file) : file.error();
  if (!header.ok()) {
    cannot_read(run, "seed.bits", seed_path, header.error());
    return;
  }
  if ((header->flags & bits::bit_file_has_digest) != 0 && certificate.seed_digest) {
    Digest recorded;
    std::memcpy(recorded.bytes.data(), header->digest, sizeof header->digest);
    compare(run, "digest in seed.bits", certificate.seed_digest->hex(), recorded.hex());
  }
  if (header->size_bits < certificate.extraction.seed_bits)
    run.mismatches.push_back({"bits in seed.bits", fmt::format("at least {}", certificate.extraction.seed_bits),
                              std::to_string(header->size_bits)});
}

}  // namespace

std::optional<double> RunView::mu() const { return plan ? std::optional(plan->mu.approximate()) : std::nullopt; }

RunState state_of(const RunView& run) {
  if (!run.mismatches.empty()) return RunState::mismatch;
  if (!run.certificate) return RunState::unfinished;
  if (!run.certificate->certified()) return RunState::refused;
  return run.missing.empty() && !run.certificate->hypothetical ? RunState::certified : RunState::incomplete;
}

Result<RunView> read_run(const Path& folder, const Context& context, bool check_log_digest) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored))
    return bad_input("no such run folder", folder, std::nullopt, "a folder that bellows amplify wrote",
                     is_there(folder) ? "a file" : "nothing");
  if (!is_there(folder / "log.trials") && !is_there(folder / "certificate.json") && !is_there(folder / "plan.json"))
    return bad_input("not a run folder", folder, std::nullopt, "plan.json, log.trials or certificate.json", "none");
  RunView run;
  run.folder = folder;
  read_plan_and_certificate(run);
  BELLOWS_TRY(read_log(run, context, check_log_digest));
  read_bit_files(run);
  return run;
}

}  // namespace bellows::report
