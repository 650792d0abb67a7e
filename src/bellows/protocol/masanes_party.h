#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "bellows/net/channel.h"
#include "bellows/protocol/masanes_certificate.h"
#include "bellows/protocol/masanes_records.h"

namespace bellows::protocol {

/// How a session stopped, for machines; the error has the words.
struct Stop {
  net::Incident incident = net::Incident::none;  ///< none: nothing on the line; the parties or their files disagree
  std::string session;                           ///< empty: it had no name yet
  bool in_doubt = false;
};

/// What one party brings to a session.
struct PartyRequest {
  net::Role role = net::Role::alice;  ///< alice listens, bob connects
  net::Address address;
  Path secret;                            ///< its own copy of the shared secret; SECRET.ledger lies beside it
  const PartyRecords* records = nullptr;  ///< nothing: only settle what an earlier session left in doubt
  Path key;                               ///< where the key goes; its certificates go beside it
  KeyMethod method = KeyMethod::no_signalling;
  numeric::Exact epsilon = numeric::Exact::literal("1e-9");  ///< total
  net::Duration patience{60'000};                            ///< for silence of the peer
  net::Duration connect_patience{60'000};
  std::optional<Path>
      hash_seed;  ///< alice: uniform bits for hash seed, error correction and hash comparison; nothing: the system's
  std::optional<ecc::Code> correction;  ///< both parties the same; nothing: usual_codes(method)
  std::vector<ecc::Code> codes() const { return correction ? std::vector{*correction} : usual_codes(method); }
  /// Alice: the longest frame of the error correction (ldpc). Long ones publish least; against a quantum adversary a frame
  /// that cannot be corrected is revealed, and a short one costs less then.
  std::uint64_t largest_frame_bits = ecc::usual_frame_bits;
  std::vector<nlohmann::json> random_bits_certificates;  ///< entries of this party's (random_bits_entry())
  Path account;  ///< of used records and random bits (masanes_account.h); empty: the user's
  std::function<void(std::uint16_t port)> on_listening = {};
  /// Alice: somebody came who showed no genuine message; she listens on.
  std::function<void(const std::string& what)> on_stranger = {};
  /// Before run_party() returns an error of a session that had begun.
  std::function<void(const Stop& stop)> on_stop = {};
};

/// Keys that a side must have left to begin a session: 9 messages at most (an abort among them), and 11 for settling a
/// session that breaks at its end, several times if need be. A key that is in doubt is not stranded.
inline constexpr std::uint64_t session_keys = 20;

enum class SessionVerdict {
  key,      ///< both parties have it
  no_key,   ///< the protocol's abort, agreed by both: a normal result
  settled,  ///< no new session was asked for
};

struct PartyResult {
  SessionVerdict verdict = SessionVerdict::settled;
  std::string reason;  ///< why there is no key
  KeyStatement statement;
  nlohmann::json certificate;
  net::ChannelCounts channel;
  std::uint64_t messages_left = 0;                      ///< that this party can still send with the secret
  std::vector<std::string> settled;                     ///< earlier sessions and what became of them
  bool lost = false;                                    ///< of one of them the sealed key was gone
  std::vector<std::pair<std::string, double>> seconds;  ///< by stage
};

/// One party's side of a session, from the connection to the key on disk.
/// Errors: refused: the peer or the line did something that it must not (the message says what), the parties do not
/// agree, records
///         or secret are used up; bad_input: files, silence, no peer. Nothing is delivered then; if the error came so
///         late that the other side may have delivered, the session is in doubt and is settled at the next connection.
/// Cost:   N = 10^8: seconds; memory about 4 N/8 bytes times the number of planes that are held and announced.
Result<PartyResult> run_party(const PartyRequest& request, const Context& context = {});

}  // namespace bellows::protocol
