#include <fmt/format.h>

#include "bellows/certify/certify.h"

namespace bellows::certify {

std::vector<std::string> assumptions_in_words(const Certificate& certificate, const Circumstances& circumstances,
                                              const std::string& method_assumption) {
  const plan::Plan& plan = certificate.plan;
  const plan::Epsilons& eps = plan.epsilons;
  const std::uint64_t events = plan.threshold_events();
  const unsigned weight = plan::smoothing_weight(plan.extractor);
  const std::string security = fmt::format("{} eps_s + eps_ext", weight);
  const std::string distance =
      "the trace distance between the output together with all settings, the seed and Eve's system, and a uniform "
      "string of "
      "that length that is independent of all these";
  std::vector<std::string> words;
  auto say = [&](std::string sentence) { words.push_back(std::move(sentence)); };

  if (events == 1)
    say(fmt::format(
        "Guarantee: Pr[the threshold is reached] times {} is at most max(eps_EA, {}) <= {}. This holds before the "
        "run; it is not a statement about a run given that it passed.",
        distance, security, eps.total.text()));
  else
    say(fmt::format(
        "Guarantee: the sum over the {} threshold events of Pr[event] times {} is at most {} + {} eps_EA <= {}. "
        "This holds before the run; it is not a statement about a run given that it passed.",
        events, distance, security, events, eps.total.text()));
  say(
      fmt::format("Failure probabilities: eps_s = {} (smoothing), eps_EA = {} (accumulation, each event), eps_ext = {} "
                  "(extraction); total {}.",
                  eps.smoothing.text(), eps.accumulation.text(), eps.extraction.text(), eps.total.text()));
  if (certificate.simulated)
    say("DEMONSTRATION: the outcomes come from a simulated device. The output is not secret and not random; only the "
        "procedure is shown.");
  if (certificate.hypothetical)
    say("HYPOTHETICAL: computed from numbers alone; no trial log was seen and nothing is certified.");

  const plan::Adversary proved = certificate.proved_against();
  say(plan::theory_in_words(proved.theory));
  say(fmt::format(
      "The source: there is classical knowledge e, known to Eve, such that in the joint string of all settings "
      "x1 y1 x2 y2 ... and then the seed, given e and all earlier bits, each bit has probability within [1/2 - "
      "mu, 1/2 + mu], mu = {}, and is independent of the device's memory, Eve's quantum system and all past "
      "outcomes, taken together. The bias is {}; frequencies are compared with it, but no "
      "measurement can confirm it.",
      plan.mu.text(), certificate.simulated ? "asserted of a simulated source" : "asserted by the source's owner"));
  if (plan.polytope == plan::Polytope::box)
    say("Of the two settings of a trial only this is used: each pair has a probability within [(1/2 - mu)^2, (1/2 + "
        "mu)^2].");
  say(plan::side_information_in_words(proved));
  if (proved != plan.adversary)
    say(fmt::format("The plan asks for less, {}: what is proved against the adversary {} covers that.",
                    plan::in_words(plan.adversary), name(proved)));
  say("The seed is drawn after the last outcome, from the same source.");
  say("During a trial neither party's device learns the other party's setting before it has answered, and nothing "
      "enters the "
      "devices from Eve during the run.");
  say(locality_in_words(circumstances.statements));
  if (circumstances.statements.locality.failed())
    say("WARNING: the space-time check failed. That no device learns the other party's setting in time then rests on "
        "shielding alone, which no program can check.");
  say("The settings are fresh: each is drawn after the previous trial's outcomes are fixed and before it is used.");
  say("All trials of the run are in the record; none was left out or selected.");
  say("The outcomes stay in the laboratory: the devices are shielded, and nothing that depends on outcomes leaves but "
      "what "
      "the certificate prices.");
  say("Nothing else is extracted from these outcomes: bits that another plan or seed takes from the same trials are "
      "certified each for itself, not together with these.");
  say("The converters that record the outcomes and the computer that runs this program are trusted.");
  say("The devices are not used again while the output must stay secret: a device with memory can leak through later "
      "runs.");
  if (plan.publish_mode == plan::PublishMode::public_mode)
    say("Public mode: log and output are published together. The output was unpredictable until then; it is not secret "
        "after.");
  else
    say("Private mode: the output and every unkeyed digest of it stay inside.");
  if (plan.origin == plan::Origin::built_in)
    say("The plan is built-in: its grid of thresholds follows from the number of trials, the bias, epsilon, the method "
        "and the extractor, not from the data. That these were fixed before the first trial is the operator's word.");
  else if (!certificate.hypothetical && !certificate.plan_digest)
    say("The plan was fixed before the first trial; the trial log does not carry its digest, so this cannot be seen "
        "from it.");
  else
    say("The plan was fixed before the first trial; the trial log's header carries its digest.");
  if (plan.relabelling != "none" && plan.relabelling != "auto")
    say(
        fmt::format("The relabelling {} was fixed before the first trial. One that is chosen after the outcomes were "
                    "seen counts as "
                    "eight thresholds (auto), and is not what this certificate states.",
                    plan.relabelling));
  if (!certificate.score.settings_consistent)
    say(fmt::format(
        "WARNING: the recorded settings are unlikely under the claimed bias: {}, {:.1f} standard deviations "
        "outside. The claim is asserted, not tested, so the verdict stands or falls with it.",
        certificate.score.settings_worst, certificate.score.settings_sigmas));
  if (!method_assumption.empty()) say(method_assumption);
  for (const std::string& note : circumstances.notes) say(note);
  for (const std::string& sentence : closing_words(circumstances.statements)) say(sentence);
  return words;
}

}  // namespace bellows::certify
