#pragma once

#include <chrono>
#include <string>

#include "bellows/net/channel.h"
#include "bellows/protocol/masanes_account.h"
#include "bellows/protocol/masanes_message.h"
#include "bellows/protocol/masanes_party.h"

namespace bellows::protocol {

inline constexpr std::uint64_t small_message_bytes = std::uint64_t{1} << 20;

/// What serves one key only, and the account of it.
struct KeyMaterial {
  UseAccount account;
  bits::BitString records_name;
  std::optional<bits::BitString> random;  ///< what the hash seed file holds
};

/// Errors: refused: fewer than session_keys.
Status check_keys_left(net::Role sender, std::uint64_t keys_left);

/// One session as it runs: what both roles share. Only run_party() uses it.
class Session {
 public:
  /// In: material: present iff the request has records.
  Session(const PartyRequest& request, const Context& context, std::optional<KeyMaterial> material, net::Ledger ledger,
          net::Socket socket, std::uint64_t tag_blocks);

  /// All of it; on an error the peer is told, unless the session is in doubt by then.
  Result<PartyResult> run();

 private:
  using Clock = std::chrono::steady_clock;
  bool is_alice() const { return request_.role == net::Role::alice; }
  Status send(std::uint16_t type, const nlohmann::json& head, const std::vector<bits::BitView>& strings = {},
              std::span<const std::byte> hidden = {});
  Result<Payload> receive(std::uint16_t type, std::size_t string_count, std::uint64_t limit_bytes,
                          std::span<const std::byte> hidden = {});
  void lap(const char* stage);

  Status steps();
  // masanes_greeting.cc
  nlohmann::json hello(const std::string& nonce) const;
  Status learn_hello(const nlohmann::json& mine, nlohmann::json& theirs);
  Status greet();
  Result<nlohmann::json> answers_to(const nlohmann::json& in_doubt) const;
  Status settle_as_bob(const nlohmann::json& answers);
  Status settle_as_alice(const nlohmann::json& states);
  Status resolve(const net::Label& id, bool deliver, const char* why_not);
  // masanes_session.cc
  Status announce();
  Status estimate();
  std::string with_the_other_code() const;
  Status correct_as_alice();
  Status correct_as_bob();
  Status reveal_as_alice(const std::vector<std::uint32_t>& frames);
  Status reveal_as_bob(ecc::Decoded& decoded);
  Status amplify();
  Status hand_over();
  Status end_without_key(const std::string& reason);
  Status find_length();
  net::Tag verification_tag(const bits::BitString& raw) const;
  Status claim_records();
  Error too_few_random_bits(std::uint64_t needed) const;
  Result<bits::BitString> draw_random(std::uint64_t count_bits);

  const PartyRequest& request_;
  const Context& context_;
  std::optional<KeyMaterial> material_;
  net::Ledger ledger_;
  net::Channel channel_;
  net::Label session_{};
  PartyResult result_;
  bool in_doubt_ = false;
  Clock::time_point lap_start_ = Clock::now();

  std::vector<nlohmann::json> peer_random_bits_;  // entries of the certificates that the peer names
  bits::BitString raw_;                           // this party's raw key; bob's after correction
  bits::BitString code_random_;                   // random bits of the error correction, public by then
  net::OneTimeKey verification_key_;              // public; second half zero
  bits::BitString key_;
  std::uint64_t random_used_ = 0;
};

}  // namespace bellows::protocol
