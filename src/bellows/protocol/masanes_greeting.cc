#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>

#include "bellows/net/reception.h"
#include "bellows/protocol/masanes_delivery.h"
#include "bellows/protocol/masanes_json.h"
#include "bellows/protocol/masanes_session.h"

// How a session begins: both hellos, what they agree on, and what becomes of keys that an earlier session left in
// doubt.
namespace bellows::protocol {
namespace {

using net::SessionState;
using nlohmann::json;

constexpr std::size_t most_doubts = 100;  // in one hello; more wait for the next connection

}  // namespace

Status check_keys_left(net::Role sender, std::uint64_t keys_left) {
  if (keys_left >= session_keys) return {};
  return refused(
      fmt::format("the shared secret is nearly used up: {} keys are left for messages from {}, and a session takes {}, "
                  "with what settling it may take",
                  keys_left, net::role_name(sender), session_keys));
}

json Session::hello(const std::string& nonce) const {
  json mine = {{"format", 2},
               {"protocol", "masanes"},
               {"role", net::role_name(request_.role)},
               {"nonce", nonce},
               {"secret", net::label_text(ledger_.secret_id())},
               {"keys", ledger_.keys_per_direction()},
               {"keys_left", ledger_.keys_left(request_.role)},
               {"task", request_.records != nullptr ? "key" : "settle"},
               {"in_doubt", json::array()}};
  if (request_.records != nullptr) {
    mine["settings"] = request_.records->settings;
    mine["pairs"] = request_.records->pairs;
    mine["adversary"] = key_method_name(request_.method);
    mine["epsilon"] = request_.epsilon.text();
    mine["correction"] = code_names(request_.codes());
    mine["simulated"] = request_.records->simulated;
    mine["random_bits"] = request_.random_bits_certificates;
  }
  return mine;
}

Status Session::learn_hello(const json& mine, json& theirs) {
  BELLOWS_ASSIGN(auto message, receive(message_hello, 0, is_alice() ? net::hello_limit_bytes : small_message_bytes));
  theirs = std::move(message.head);
  if (theirs.value("format", 0) != 2)
    return refused(fmt::format("the peer speaks another version of the protocol: 2 here, {} there",
                               theirs.value("format", json()).dump()));
  for (const char* key :
       {"protocol", "secret", "keys", "task", "settings", "pairs", "adversary", "epsilon", "correction", "simulated"}) {
    json here = mine.value(key, json()), there = theirs.value(key, json());
    if (here != there)
      return refused(
          fmt::format("the parties do not agree on '{}': {} here, {} there", key, here.dump(), there.dump()));
  }
  if (text_of(theirs, "role") != net::role_name(net::other(request_.role)))
    return refused("both parties have the same role");
  BELLOWS_ASSIGN(auto left, number(theirs, "keys_left"));
  if (request_.records == nullptr) return {};
  BELLOWS_TRY(check_keys_left(net::other(request_.role), left));
  for (const json& entry : theirs.value("random_bits", json::array())) {
    BELLOWS_TRY(check_random_bits_entry(entry));
    peer_random_bits_.push_back(entry);
  }
  return {};
}

// Bob speaks first: alice spends no key on whoever calls. Her hello answers his, by his nonce, and says what becomes of
// the sessions that he is in doubt about; his `settle` says the same of hers.
Status Session::greet() {
  std::array<std::uint8_t, 16> nonce;
  randombytes_buf(nonce.data(), nonce.size());
  json mine = hello(hex(nonce)), theirs;
  BELLOWS_ASSIGN(auto doubts, ledger_.sessions(SessionState::prepared));
  for (const auto& entry : doubts)
    if (mine["in_doubt"].size() < most_doubts) mine["in_doubt"].push_back(net::label_text(entry.id));
  if (is_alice()) {
    BELLOWS_TRY(learn_hello(mine, theirs));
    mine["answer_to"] = theirs.value("nonce", json());
    BELLOWS_ASSIGN(mine["answers"], answers_to(theirs.value("in_doubt", json::array())));
    BELLOWS_TRY(send(message_hello, mine));
  } else {
    BELLOWS_TRY(send(message_hello, mine));
    BELLOWS_TRY(learn_hello(mine, theirs));
    if (text_of(theirs, "answer_to") != hex(nonce))
      return refused("the hello of alice answers another one than this: delayed or replayed");
  }
  BELLOWS_ASSIGN(auto peer_nonce, from_hex<16>(theirs.value("nonce", json())));
  Sha256 hash;
  hash.update("bellows qkd session");
  hash.update(std::as_bytes(std::span(is_alice() ? nonce : peer_nonce)));
  hash.update(std::as_bytes(std::span(is_alice() ? peer_nonce : nonce)));
  Digest digest = hash.finish();
  std::copy_n(digest.bytes.begin(), session_.size(), session_.begin());
  channel_.set_session(session_);

  if (is_alice()) {
    BELLOWS_ASSIGN(auto settle, receive(message_settle, 0, small_message_bytes));
    return settle_as_alice(settle.head.value("states", json::object()));
  }
  BELLOWS_TRY(settle_as_bob(theirs.value("answers", json::object())));
  json states = json::object();
  for (const auto& id : theirs.value("in_doubt", json::array())) {
    BELLOWS_ASSIGN(auto label, from_hex<16>(id));
    BELLOWS_ASSIGN(auto entry, ledger_.session(label));
    states[id.get<std::string>()] = entry ? net::session_state_name(entry->state) : "unknown";
  }
  return send(message_settle, {{"states", states}});
}

// Alice sealed her key only after bob had sealed his; bob delivers only after alice sealed. So: what alice holds
// sealed, both deliver; what bob holds sealed and alice does not have, both drop.
Result<json> Session::answers_to(const json& in_doubt) const {
  json answers = json::object();
  for (const auto& id : in_doubt) {
    BELLOWS_ASSIGN(auto label, from_hex<16>(id));
    BELLOWS_ASSIGN(auto entry, ledger_.session(label));
    bool have = entry && (entry->state == SessionState::delivered ||
                          (entry->state == SessionState::prepared && key_is_there(ledger_, label)));
    json answer = {{"deliver", have}};
    if (have) {
      BELLOWS_ASSIGN(answer["certificate"], certificate_of(ledger_, label));  // what bob missed with `commit`
    }
    answers[id.get<std::string>()] = std::move(answer);
  }
  return answers;
}

Status Session::resolve(const net::Label& id, bool deliver, const char* why_not) {
  auto note = [&](const std::string& what) { result_.settled.push_back(net::label_text(id) + ": " + what); };
  BELLOWS_ASSIGN(Path key, key_path_of(ledger_, id));
  if (!key_is_there(ledger_, id)) {
    result_.lost = true;
    note(fmt::format("lost: neither the sealed key nor {} is there", key.string()));
    return ledger_.put_session({id, SessionState::aborted, "lost: the sealed key was not there any more"});
  }
  if (deliver) {
    BELLOWS_TRY(deliver_key(ledger_, id));
    note(fmt::format("delivered, {}", key.string()));
    return {};
  }
  BELLOWS_TRY(drop_key(ledger_, id, why_not));
  note(fmt::format("dropped: {}", why_not));
  return {};
}

Status Session::settle_as_bob(const json& answers) {
  BELLOWS_ASSIGN(auto doubts, ledger_.sessions(SessionState::prepared));
  for (const auto& entry : doubts) {
    auto answer = answers.find(net::label_text(entry.id));
    if (answer == answers.end()) continue;
    const bool deliver = answer->at("deliver").get<bool>();
    if (auto theirs = answer->value("certificate", json()); deliver && theirs.is_object()) {
      BELLOWS_ASSIGN(auto mine, certificate_of(ledger_, entry.id));
      BELLOWS_TRY(check_certificate(theirs));
      BELLOWS_TRY(compare_certificates(mine, theirs));
      BELLOWS_TRY(note_peer_certificate(ledger_, entry.id, theirs));
    }
    BELLOWS_TRY(resolve(entry.id, deliver, "the peer did not seal its key, or lost it"));
  }
  return {};
}

Status Session::settle_as_alice(const json& states) {
  BELLOWS_ASSIGN(auto doubts, ledger_.sessions(SessionState::prepared));
  for (const auto& entry : doubts) {
    const std::string id = net::label_text(entry.id), state = text_of(states, id.c_str());
    const bool delivered = state == net::session_state_name(SessionState::delivered);
    if (delivered || state == net::session_state_name(SessionState::aborted))
      BELLOWS_TRY(resolve(entry.id, delivered, "the peer lost its key"));
    else
      result_.settled.push_back(fmt::format("{}: still in doubt: for the peer it is '{}'", id, state));
  }
  return {};
}

}  // namespace bellows::protocol
