#pragma once

#include <string>
#include <string_view>

#include "bellows/base/result.h"

/// Against whom a bound holds: the one place for the type, its order and its words. Plans, certificates, reports and the
/// protocols of the papers all say it from here.
namespace bellows::plan {

/// What devices and Eve obey. Quantum behaviours are among those that do not signal.
enum class Theory { quantum, no_signalling };

/// What Eve may hold. Each kind is a case of those after it: classical knowledge is a quantum system that is diagonal, a
/// quantum system under its measurements is a box that does not signal.
enum class SideInformation { classical, quantum, no_signalling };

struct Adversary {
  Theory theory = Theory::quantum;
  SideInformation of_source = SideInformation::classical;
  SideInformation of_device = SideInformation::quantum;
  bool operator==(const Adversary&) const = default;
};

// Those that have a name. Classical side information on the device alone is what probability estimation is about.
inline constexpr Adversary quantum_adversary{Theory::quantum, SideInformation::classical, SideInformation::quantum};
inline constexpr Adversary no_signalling_adversary{Theory::no_signalling, SideInformation::classical,
                                                   SideInformation::no_signalling};
inline constexpr Adversary classical_adversary{Theory::quantum, SideInformation::classical, SideInformation::classical};
inline constexpr Adversary no_signalling_classical_adversary{Theory::no_signalling, SideInformation::classical,
                                                             SideInformation::classical};

/// Whether what is proved against one adversary holds against the other: the first is bound by no more theory, and may hold
/// no less
/// of source and device. A partial order: quantum devices with a quantum Eve, and no-signalling devices with a classical
/// one, do not cover each other.
constexpr bool covers(const Adversary& proved, const Adversary& asked) {
  return proved.theory >= asked.theory && proved.of_source >= asked.of_source && proved.of_device >= asked.of_device;
}

/// The strongest adversary that both cover: two steps of a proof hold together against her.
constexpr Adversary common_to(const Adversary& one, const Adversary& other) {
  auto least = [](auto a, auto b) { return a < b ? a : b; };
  return {least(one.theory, other.theory), least(one.of_source, other.of_source),
          least(one.of_device, other.of_device)};
}

/// "quantum", "no-signalling", "classical", "no-signalling-classical". Of one of these.
const char* name(const Adversary& adversary);
/// Errors: usage: no such name; the message lists them.
Result<Adversary> adversary_named(std::string_view name);

/// "an adversary who may hold ..."
const char* in_words(const Adversary& adversary);
/// "quantum theory; Eve may hold classical knowledge of the source, a quantum system of the device"
std::string what_eve_may_hold(const Adversary& adversary);
/// The two assumptions of a certificate.
const char* theory_in_words(Theory theory);
std::string side_information_in_words(const Adversary& adversary);

}  // namespace bellows::plan
