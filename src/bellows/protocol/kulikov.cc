#include "bellows/protocol/kulikov.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "bellows/base/secret.h"
#include "bellows/bits/bit_file.h"
#include "bellows/certify/certify.h"
#include "bellows/certify/locality.h"
#include "bellows/certify/signature.h"
#include "bellows/estimate/gather.h"
#include "bellows/estimate/origin.h"
#include "bellows/extract/certified_output.h"
#include "bellows/extract/seed_check.h"
#include "bellows/protocol/seed_stage.h"
#include "bellows/protocol/trial_stage.h"
#include "bellows/trials/reader.h"

namespace bellows::protocol {
namespace {

class Stopwatch {
 public:
  double lap_s() {
    auto now = std::chrono::steady_clock::now();
    double seconds = std::chrono::duration<double>(now - last_).count();
    last_ = now;
    return seconds;
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

// A run folder that this run made, and in which nothing was written before it failed, goes away again.
class NewFolder {
 public:
  explicit NewFolder(const Path& folder) {
    std::error_code ignored;
    for (Path path = std::filesystem::absolute(folder, ignored); !path.empty() && !std::filesystem::exists(path, ignored);
         path = path.parent_path())
      made_.push_back(path);
  }
  ~NewFolder() {
    if (made_.empty()) return;
    std::error_code ignored;
    const Path lock = made_.front() / ".lock";
    for (const auto& entry : std::filesystem::directory_iterator(made_.front(), ignored))
      if (entry.path() != lock) return;
    std::filesystem::remove(lock, ignored);
    for (const Path& path : made_) ::rmdir(path.c_str());  // only where it is empty
  }

 private:
  std::vector<Path> made_;  // innermost first
};

Status make_folder(const Path& folder) {
  std::error_code error;
  bool made = std::filesystem::create_directories(folder, error);
  if (error) return bad_input("cannot make the run folder: " + error.message(), folder);
  // A run's files are private one by one; a folder of our own making is so as a whole.
  if (made) std::filesystem::permissions(folder, std::filesystem::perms::owner_all, error);
  return {};
}

// A folder that holds other things than a run of ours is left alone.
Status check_folder_is_ours(const RunFolder& folder) {
  if (folder.has(folder.plan())) return {};
  for (const Path& file : {folder.log(), folder.seed(), folder.output(), folder.raw_output(), folder.certificate(),
                           folder.public_certificate(), folder.seed_origin(), folder.locality(), folder.pulses()})
    if (folder.has(file))
      return bad_input(
          "file exists already and is left as it is: the folder holds no plan, so it is not a run that could go on",
          file);
  return {};
}

// What a killed run was writing when it died; files of other names are somebody else's. The folder is locked, so nobody
// is writing now.
void remove_unfinished_files(const RunFolder& folder) {
  std::vector<std::string> ours{"import.trials.", "report.html."};
  for (const Path& file :
       {folder.plan(), folder.log(), folder.seed(), folder.output(), folder.raw_output(), folder.certificate(),
        folder.public_certificate(), folder.simulation_key(), folder.seed_origin(), folder.locality(),
        folder.pulses()})
    ours.push_back(file.filename().string() + ".");
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder.root, ignored)) {
    std::string name = entry.path().filename().string();
    bool is_ours =
        std::any_of(ours.begin(), ours.end(), [&](const std::string& start) { return name.starts_with(start); });
    if (is_ours && name.ends_with(".tmp")) std::filesystem::remove(entry.path(), ignored);
  }
}

// The plan stands in the folder before the first trial; a folder with another one is left alone.
Status fix_plan(const plan::Plan& requested, const RunFolder& folder, bool& was_continued) {
  if (!folder.has(folder.plan())) return plan::write_plan(requested, folder.plan(), false);
  BELLOWS_ASSIGN(plan::Plan stored, plan::read_plan(folder.plan()));
  if (plan::digest(stored) != plan::digest(requested)) {
    Error error = refused("the folder holds a run under another plan; give the options of that run, or another folder");
    error.file = folder.plan();
    error.expected = plan::digest(requested).hex();
    error.got = plan::digest(stored).hex();
    return error;
  }
  was_continued = true;
  return {};
}

// The space-time check is made before the first trial, and its files are kept beside the plan.
Status fix_space_time(const AmplifyRequest& request, const RunFolder& folder) {
  if (!request.locality_file) return {};
  BELLOWS_ASSIGN(const certify::LocalityCheck check,
                 certify::check_locality_files(*request.locality_file, request.pulses_file.value_or(Path())));
  auto keep = [&](const Path& file, const std::string& text, bool wanted) -> Status {
    std::string stored;
    const bool there = folder.has(file);
    if (there) {
      BELLOWS_ASSIGN(stored, read_text_file(file));
    }
    if (there == wanted && stored == text) return {};
    if (there || folder.has(folder.certificate())) {
      Error error = refused("the folder holds a run with another space-time check, or with none");
      error.file = file;
      return error;
    }
    return write_text_file(file, text, private_file_mode, false);
  };
  // The smaller file last: the check is there once it is.
  BELLOWS_TRY(keep(folder.pulses(), check.csv, request.pulses_file.has_value()));
  return keep(folder.locality(), check.toml, true);
}

Result<certify::LocalityStatement> fixed_space_time(const RunFolder& folder) {
  if (!folder.has(folder.locality())) return certify::LocalityStatement{};
  BELLOWS_ASSIGN(const certify::LocalityCheck check,
                 certify::check_locality_files(folder.locality(),
                                               folder.has(folder.pulses()) ? folder.pulses() : Path()));
  return check.statement;
}

Status write_raw_output(const bits::BitString& output, const RunFolder& folder) {
  BELLOWS_ASSIGN(AtomicFile file, AtomicFile::create(folder.raw_output(), private_file_mode, true));
  BELLOWS_TRY(file.write(output.bytes()));
  return file.commit();
}

Status write_output(const bits::BitString& output, const RunFolder& folder, bool raw) {
  if (raw) BELLOWS_TRY(write_raw_output(output, folder));
  // An output without certificate is what a crash between the two left: it is made again, bit for bit.
  return bits::write_bit_file(folder.output(), output, bits::BitFileKind::secret, true);
}

Status write_certificates(const certify::Certificate& certificate, const RunFolder& folder,
                          const std::optional<Path>& signing_key) {
  BELLOWS_TRY(certify::write_public(certificate, folder.public_certificate(), true));
  if (signing_key) BELLOWS_TRY(certify::sign_file(folder.public_certificate(), *signing_key, true));
  Path last = folder.certificate();
  BELLOWS_TRY(certify::write_private(certificate, last, true));
  if (signing_key) BELLOWS_TRY(certify::sign_file(last, *signing_key, true));
  return {};
}

// The output is made again from log and seed, where these are still there: a file of the same length is not yet the
// output. --raw-out of a run that was finished without it is made up for.
Status check_finished_output(const certify::Certificate& certificate, const AmplifyRequest& request,
                             const RunFolder& folder, const Context& context) {
  BELLOWS_ASSIGN(bits::BitFile output, bits::read_bit_file(folder.output()));
  if (folder.has(folder.log()) && folder.has(folder.seed())) {
    BELLOWS_ASSIGN(trials::LogReader log, trials::LogReader::open(folder.log()));
    BELLOWS_TRY(log.require_complete());
    BELLOWS_ASSIGN(bits::BitFile seed, bits::read_bit_file(folder.seed()));
    BELLOWS_ASSIGN(bits::BitString again, extract::certified_output(certificate, log, seed.bits, context));
    if (!equal_in_constant_time(again.bytes().data(), output.bits.bytes().data(), again.bytes().size()))
      return bad_input(
          "the run was finished, but its output is not the one that follows from log and seed; 'bellows verify' says more",
          folder.output());
  }
  if (!request.raw_output || folder.has(folder.raw_output())) return {};
  return write_raw_output(output.bits, folder);
}

Result<AmplifyOutcome> finished_run(const AmplifyRequest& request, const RunFolder& folder, const Digest& plan_digest,
                                    const Context& context) {
  AmplifyOutcome outcome{.certificate = {}, .was_finished = true};
  BELLOWS_ASSIGN(outcome.certificate, certify::read_certificate(folder.certificate()));
  if (outcome.certificate.plan_digest != plan_digest)
    return bad_input("the folder's certificate is not that of its plan", folder.certificate(), std::nullopt,
                     plan_digest.hex());
  if (outcome.certificate.certified() && !folder.has(folder.output()))
    return bad_input("the run was finished, but its output is gone", folder.output());
  if (outcome.certificate.certified()) {
    BELLOWS_ASSIGN(bits::BitFile output, bits::read_bit_file(folder.output()));
    if (output.bits.size_bits() != outcome.certificate.output_bits())
      return bad_input("the run was finished, but its output is of another length", folder.output(), 16,
                       fmt::format("{} bits", outcome.certificate.output_bits()),
                       fmt::format("{}", output.bits.size_bits()));
  }
  BELLOWS_TRY(require_same_seed(request, outcome.certificate.plan, folder));
  if (!request.notes.empty() &&
      certify::statements_from_words(outcome.certificate.assumptions).of_operator != request.notes)
    return refused(
        "the run is finished, and its certificate does not state these notes; give the same ones, none, or another folder");
  if (outcome.certificate.certified()) BELLOWS_TRY(check_finished_output(outcome.certificate, request, folder, context));
  if (request.strict && outcome.certificate.certified()) {
    if (!outcome.certificate.score.settings_consistent)
      return refused("strict: the finished run's settings are unlikely under the claimed bias: " +
                     outcome.certificate.score.settings_worst + "; its files stay as they are");
    if (certify::names_stale_settings(outcome.certificate.assumptions))
      return refused("strict: the finished run's settings are not fresh for every trial; its files stay as they are");
  }
  // A crash may have come between a certificate and its signature; or it is signed now. Both forms, or verify takes one for taken away.
  if (request.signing_key)
    for (const Path& form : {folder.public_certificate(), folder.certificate()})
      if (folder.has(form) && !folder.has(certify::signature_path(form)))
        BELLOWS_TRY(certify::sign_file(form, *request.signing_key, true));
  return outcome;
}

// What the certificate must say beside its theorem's assumptions, for this run.
Result<certify::Circumstances> circumstances_of(const AmplifyRequest& request, const RunFolder& folder,
                                                certify::SeedOrigin origin, const trials::LogReader& log,
                                                const Context& context) {
  certify::Circumstances circumstances;
  circumstances.strict = request.strict;
  BELLOWS_ASSIGN(circumstances.notes, estimate::origin_notes(log, context));
  BELLOWS_ASSIGN(certify::LocalityStatement locality, fixed_space_time(folder));
  circumstances.statements = {origin, std::move(locality), request.notes};
  return circumstances;
}

}  // namespace

Result<AmplifyOutcome> amplify(const AmplifyRequest& request, const Context& context) {
  RunFolder folder{request.folder};
  std::optional<FolderLock> lock;  // outlives new_folder: it cleans up while the folder is still locked
  const NewFolder new_folder(folder.root);
  BELLOWS_TRY(make_folder(folder.root));
  BELLOWS_ASSIGN(lock, FolderLock::acquire(folder.root));
  BELLOWS_TRY(check_folder_is_ours(folder));
  // What would be found missing after the last trial is looked for before the first.
  if (request.seed_file || request.trials_file) BELLOWS_TRY(extract::check_seed_ledger());
  if (request.signing_key) BELLOWS_TRY(certify::check_signing_key(*request.signing_key));
  if (request.locality_file && request.strict) {
    BELLOWS_ASSIGN(const certify::LocalityCheck check,
                   certify::check_locality_files(*request.locality_file, request.pulses_file.value_or(Path())));
    if (check.statement.failed())
      return refused(std::string(certify::strict_locality_refusal) + ": " + check.report.in_words());
  }
  remove_unfinished_files(folder);
  AmplifyOutcome outcome;
  Stopwatch watch;

  std::optional<RecordedTrials> recorded;
  if (request.trials_file) {
    BELLOWS_ASSIGN(recorded, RecordedTrials::open(request, folder, context));
  }
  BELLOWS_ASSIGN(plan::Plan plan, requested_plan(request, recorded ? &*recorded : nullptr, context));
  Digest plan_digest = plan::digest(plan);
  std::unique_ptr<Experiment> experiment;
  if (recorded) {
    BELLOWS_TRY(recorded->require_plan(plan_digest));
  } else {
    BELLOWS_ASSIGN(experiment, requested_experiment(request, plan));
  }
  BELLOWS_TRY(fix_plan(plan, folder, outcome.was_continued));
  BELLOWS_TRY(fix_space_time(request, folder));
  bits::StreamKey key;
  if (experiment) {
    BELLOWS_ASSIGN(key, fixed_simulation_key(request, folder));
  }
  if (recorded && folder.has(folder.log())) BELLOWS_TRY(recorded->require_same_trials(folder.log(), context));
  if (folder.has(folder.certificate())) return finished_run(request, folder, plan_digest, context);

  if (experiment) {
    BELLOWS_TRY(complete_simulated_log(*experiment, plan, folder, key, context));
  } else if (!folder.has(folder.log())) {
    BELLOWS_TRY(recorded->copy_to(folder.log(), plan, context));
  }
  recorded.reset();
  outcome.trials_s = watch.lap_s();

  BELLOWS_ASSIGN(trials::LogReader log, trials::LogReader::open(folder.log()));
  BELLOWS_TRY(log.require_complete());
  BELLOWS_TRY(log.require_plan(plan_digest));
  BELLOWS_TRY(log.require_trials());
  BELLOWS_ASSIGN(estimate::Evidence evidence, estimate::gather_evidence(log, context));
  outcome.counts = evidence.totals();
  outcome.estimate_s = watch.lap_s();

  // The last outcome lies behind us: only now is the seed drawn.
  BELLOWS_ASSIGN(Seed seed, fixed_seed(request, plan, folder, experiment.get(), key, log));
  BELLOWS_ASSIGN(certify::Circumstances circumstances, circumstances_of(request, folder, seed.origin, log, context));
  BELLOWS_ASSIGN(outcome.certificate, certify::certify(plan, evidence, circumstances));
  certify::Certificate& certificate = outcome.certificate;
  certificate.seed_digest = bits::payload_digest(seed.bits);
  outcome.certify_s = watch.lap_s();

  if (certificate.certified()) {
    // A simulated seed follows from a key and is no randomness; it is not entered.
    if (seed.origin != certify::SeedOrigin::simulated_source) {
      const bits::BitView used = seed.bits.view().first(certificate.extraction.seed_bits);
      BELLOWS_ASSIGN(const extract::SeedUse use, extract::enter_seed_use(used, plan_digest, log));
      outcome.extracted_before = use.with_another_seed;
    }
    BELLOWS_ASSIGN(bits::BitString output, extract::certified_output(certificate, log, seed.bits, context));
    BELLOWS_TRY(write_output(output, folder, request.raw_output));
  }
  outcome.extract_s = watch.lap_s();
  BELLOWS_TRY(write_certificates(certificate, folder, request.signing_key));
  return outcome;
}

}  // namespace bellows::protocol
