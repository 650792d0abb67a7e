#include "bellows/protocol/masanes_party.h"

#include <fmt/format.h>

#include "bellows/bits/bit_file.h"
#include "bellows/net/reception.h"
#include "bellows/protocol/masanes_delivery.h"
#include "bellows/protocol/masanes_session.h"

namespace bellows::protocol {

namespace {

// Who runs the command of a session in doubt again means to settle it.
Status check_records_are_fresh(const KeyMaterial& material, const net::Ledger& ledger) {
  Status fresh = material.account.check_records(material.records_name);
  if (fresh.ok()) return fresh;
  BELLOWS_ASSIGN(auto doubts, ledger.sessions(net::SessionState::prepared));
  Error error = fresh.error();
  if (!doubts.empty())
    error.message +=
        fmt::format("; session {} is in doubt and can be settled (--settle)", net::label_text(doubts.front().id));
  return error;
}

}  // namespace

Result<PartyResult> run_party(const PartyRequest& request, const Context& context) {
  std::optional<KeyMaterial> material;
  if (request.records != nullptr) {
    // Before anything is spent: what would end the session later.
    std::error_code ignored;
    if (std::filesystem::exists(request.key, ignored)) return bad_input("the key file exists", request.key);
    BELLOWS_TRY(check_key_place(request.key));
    BELLOWS_TRY(check_total_epsilon(request.epsilon));
    KeyCounts counts{request.records->settings, request.records->pairs, 0, 0, 0, 0};
    BELLOWS_ASSIGN([[maybe_unused]] auto length, key_length(request.method, counts, request.epsilon));
    BELLOWS_ASSIGN(auto account, UseAccount::open(request.account));
    bits::BitString name = account.name_of(*request.records);
    std::optional<bits::BitString> random;
    if (request.hash_seed) {
      BELLOWS_ASSIGN(auto file, bits::read_bit_file(*request.hash_seed));
      BELLOWS_TRY(account.check_random_bits(file.bits));
      random = std::move(file.bits);
    }
    material = KeyMaterial{std::move(account), std::move(name), std::move(random)};
  }
  BELLOWS_ASSIGN(auto ledger, net::Ledger::open(request.secret, request.role));
  if (material) BELLOWS_TRY(check_records_are_fresh(*material, ledger));
  if (request.records != nullptr)
    for (net::Role sender : {net::Role::alice, net::Role::bob})
      BELLOWS_TRY(check_keys_left(sender, ledger.keys_left(sender)));
  net::Socket socket;
  std::uint64_t tag_blocks = 0;
  if (request.role == net::Role::alice) {
    BELLOWS_ASSIGN(auto listener, net::Listener::listen(request.address));
    if (request.on_listening) request.on_listening(listener.port());
    net::Reception reception(std::move(listener), ledger, request.on_stranger);
    BELLOWS_ASSIGN(socket, reception.wait(request.connect_patience, request.patience, context.cancel));
    tag_blocks = reception.tag_blocks();
  } else {
    BELLOWS_ASSIGN(socket, net::Socket::connect(request.address, request.connect_patience, context.cancel));
  }
  Session session(request, context, std::move(material), std::move(ledger), std::move(socket), tag_blocks);
  return session.run();
}

}  // namespace bellows::protocol
