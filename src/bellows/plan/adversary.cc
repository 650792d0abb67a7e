#include "bellows/plan/adversary.h"

#include <fmt/format.h>

// What a new theory or kind of side information means must be said wherever it is asked.
#pragma GCC diagnostic error "-Wswitch"

namespace bellows::plan {
namespace {

struct Named {
  Adversary adversary;
  const char* name;
  const char* words;
};
constexpr Named all[] = {
    {quantum_adversary, "quantum", "an adversary who may hold quantum memory correlated with the devices"},
    {no_signalling_adversary, "no-signalling", "an adversary limited only by no-signalling"},
    {classical_adversary, "classical", "an adversary with classical side information only"},
    {no_signalling_classical_adversary, "no-signalling-classical",
     "devices limited only by no-signalling and an adversary with classical side information"},
};

// Whatever steps of a proof meet, the result has a name.
constexpr bool have_common_names() {
  for (const Named& one : all)
    for (const Named& other : all) {
      bool found = false;
      for (const Named& third : all) found = found || third.adversary == common_to(one.adversary, other.adversary);
      if (!found) return false;
    }
  return true;
}
static_assert(have_common_names());

const Named& entry(const Adversary& adversary) {
  for (const Named& one : all)
    if (one.adversary == adversary) return one;
  check_failed(__FILE__, __LINE__, "entry", "an adversary without a name");
}

const char* thing_held(SideInformation held) {
  switch (held) {
    case SideInformation::classical:
      return "classical knowledge";
    case SideInformation::quantum:
      return "a quantum system";
    case SideInformation::no_signalling:
      return "any system that does not signal";
  }
  return "?";
}

const char* what_is_held(SideInformation held) {
  switch (held) {
    case SideInformation::classical:
      return "is classical";
    case SideInformation::quantum:
      return "may be quantum";
    case SideInformation::no_signalling:
      return "may be anything that does not signal";
  }
  return "?";
}

}  // namespace

const char* name(const Adversary& adversary) { return entry(adversary).name; }
const char* in_words(const Adversary& adversary) { return entry(adversary).words; }

Result<Adversary> adversary_named(std::string_view wanted) {
  std::string names;
  for (const Named& one : all) {
    if (wanted == one.name) return one.adversary;
    names += (names.empty() ? "one of: " : ", ") + std::string(one.name);
  }
  return usage_error("no such adversary", names, fmt::format("\"{}\"", wanted.substr(0, 60)));
}

std::string what_eve_may_hold(const Adversary& adversary) {
  return fmt::format("{}; Eve may hold {} of the source, {} of the device",
                     adversary.theory == Theory::quantum ? "quantum theory" : "no-signalling alone",
                     thing_held(adversary.of_source), thing_held(adversary.of_device));
}

const char* theory_in_words(Theory theory) {
  switch (theory) {
    case Theory::quantum:
      return "Quantum theory is correct and complete; Eve is bound by it.";
    case Theory::no_signalling:
      return "Devices and Eve are bound by no theory but that they do not signal to each other.";
  }
  return "?";
}

std::string side_information_in_words(const Adversary& adversary) {
  return fmt::format("What Eve holds of the source {}; what she holds of the device {}.",
                     what_is_held(adversary.of_source), what_is_held(adversary.of_device));
}

}  // namespace bellows::plan
