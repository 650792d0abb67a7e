#include "bellows/protocol/masanes_session.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <cstring>

#include "bellows/base/json_number.h"
#include "bellows/base/json_words.h"
#include "bellows/bits/bit_file.h"
#include "bellows/extract/hasher.h"
#include "bellows/protocol/masanes_delivery.h"
#include "bellows/protocol/masanes_json.h"

namespace bellows::protocol {
namespace {

using net::SessionState;
using nlohmann::json;

constexpr std::uint64_t fewest_raw_bits = 64;
constexpr std::uint64_t comparison_point_bits = 128;

std::vector<bits::BitView> views(const std::vector<bits::BitString>& strings) {
  return {strings.begin(), strings.end()};
}

bits::BitString both(const bits::BitString& a, const bits::BitString& b, std::uint64_t flip_a, std::uint64_t flip_b) {
  bits::BitString out(a.size_bits());
  for (std::uint64_t i = 0; i < out.size_words(); ++i)
    out.words()[i] = (a.words()[i] ^ flip_a) & (b.words()[i] ^ flip_b);
  out.trim();
  return out;
}

constexpr std::uint64_t flip = ~std::uint64_t{0};

}  // namespace

Session::Session(const PartyRequest& request, const Context& context, std::optional<KeyMaterial> material,
                 net::Ledger ledger, net::Socket socket, std::uint64_t tag_blocks)
    : request_(request),
      context_(context),
      material_(std::move(material)),
      ledger_(std::move(ledger)),
      channel_(std::move(socket), ledger_, request.patience, context.cancel) {
  channel_.add_tag_blocks(tag_blocks);
}

Status Session::send(std::uint16_t type, const json& head, const std::vector<bits::BitView>& strings,
                     std::span<const std::byte> hidden) {
  SecretBytes payload = encode_payload(head, strings);
  return channel_.send(type, std::as_bytes(std::span(payload)), hidden);
}

Result<Payload> Session::receive(std::uint16_t type, std::size_t string_count, std::uint64_t limit_bytes,
                                 std::span<const std::byte> hidden) {
  BELLOWS_ASSIGN(auto bytes, channel_.receive(type, limit_bytes, hidden));
  return decode_payload(bytes, string_count);
}

void Session::lap(const char* stage) {
  auto now = Clock::now();
  result_.seconds.emplace_back(stage, std::chrono::duration<double>(now - lap_start_).count());
  lap_start_ = now;
}

Result<PartyResult> Session::run() {
  Status status;
  try {
    status = steps();
  } catch (const json::exception& problem) {  // a field of a message has another type than it must have
    status = bad_input(fmt::format("a message does not hold what it must: {}", in_words(problem)));
  }
  result_.channel = channel_.counts();
  result_.messages_left = ledger_.keys_left(request_.role);
  if (status.ok()) return std::move(result_);
  Error error = status.error();
  const bool peer_stopped = channel_.incident() == net::Incident::peer_stopped;
  if (request_.on_stop)
    request_.on_stop({channel_.incident(), session_ != net::Label{} ? net::label_text(session_) : "", in_doubt_});
  if (in_doubt_) {
    error.message += fmt::format("; session {} is in doubt: the key stays sealed until the next connection settles it",
                                 net::label_text(session_));
    return error;
  }
  if (!peer_stopped) channel_.send_abort(error.message);
  if (session_ != net::Label{}) (void)ledger_.put_session({session_, SessionState::aborted, error.message});
  return error;
}

Status Session::steps() {
  BELLOWS_TRY(clear_remains(ledger_));
  BELLOWS_TRY(greet());
  lap("greeting");
  if (request_.records == nullptr) return {};
  BELLOWS_TRY(ledger_.put_session({session_, SessionState::open, ""}));
  BELLOWS_TRY(announce());
  BELLOWS_TRY(estimate());
  lap("announcement and estimation");
  BELLOWS_TRY(is_alice() ? correct_as_alice() : correct_as_bob());
  lap("error correction");
  if (result_.verdict == SessionVerdict::no_key) return {};
  BELLOWS_TRY(amplify());
  lap("privacy amplification");
  BELLOWS_TRY(hand_over());
  lap("handing over");
  return {};
}

Status Session::announce() {
  const PartyRecords& records = *request_.records;
  const std::uint64_t plane_limit = divide_up(records.pairs, 8) + 4096;
  bits::BitString mine = test_choice(records), theirs;
  auto learn_choice = [&]() -> Status {
    BELLOWS_ASSIGN(auto payload, receive(message_choices, 1, plane_limit));
    theirs = std::move(payload.strings[0]);
    if (theirs.size_bits() != records.pairs) return bad_input("the peer's choices have another length");
    return {};
  };
  if (is_alice()) {
    BELLOWS_TRY(send(message_choices, json::object(), {mine}));
    BELLOWS_TRY(learn_choice());
  } else {
    BELLOWS_TRY(learn_choice());
    BELLOWS_TRY(send(message_choices, json::object(), {mine}));
  }

  // What both know now: test pairs, and pairs that are test for alice and raw for bob. Of these, the ones with alice's
  // setting 0 are of the raw key's kind, and no box can tell: the error sample.
  const bits::BitString& alice_choice = is_alice() ? mine : theirs;
  const bits::BitString& bob_choice = is_alice() ? theirs : mine;
  bits::BitString tested = both(alice_choice, bob_choice, 0, 0), half_raw = both(alice_choice, bob_choice, 0, flip);
  auto planes = static_cast<std::size_t>(setting_bit_count(records.settings));
  std::vector<bits::BitString> own;
  for (const auto& plane : records.setting_bits) own.push_back(compress(plane, tested));
  own.push_back(compress(records.outcomes, tested));
  const std::uint64_t tested_count = own[0].size_bits(), half_raw_count = bits::count_ones(half_raw);

  std::vector<bits::BitString> peer;
  auto learn_test = [&](std::size_t extra) -> Status {
    BELLOWS_ASSIGN(auto payload, receive(message_test, planes + 1 + extra, (planes + 3) * plane_limit));
    for (std::size_t i = 0; i <= planes; ++i)
      if (payload.strings[i].size_bits() != tested_count)
        return bad_input("the peer announced another number of test pairs");
    peer = std::move(payload.strings);
    return {};
  };
  bits::BitString alice_sample, bob_sample;
  if (is_alice()) {
    bits::BitString zero = compress(where_setting_is(records.setting_bits, 1), half_raw);
    alice_sample = compress(compress(records.outcomes, half_raw), zero);
    auto strings = views(own);
    strings.push_back(zero);
    strings.push_back(alice_sample);
    BELLOWS_TRY(send(message_test, json::object(), strings));
    BELLOWS_TRY(learn_test(1));
    bob_sample = std::move(peer[planes + 1]);
  } else {
    BELLOWS_TRY(learn_test(2));
    const bits::BitString& zero = peer[planes + 1];
    if (zero.size_bits() != half_raw_count) return bad_input("the peer announced another number of sample pairs");
    alice_sample = std::move(peer[planes + 2]);
    bob_sample = compress(compress(records.outcomes, half_raw), zero);
    auto strings = views(own);
    strings.push_back(bob_sample);
    BELLOWS_TRY(send(message_test, json::object(), strings));
  }
  if (alice_sample.size_bits() != bob_sample.size_bits())
    return bad_input("the peer announced another number of sample pairs");

  KeyStatement& statement = result_.statement;
  statement.sample_pairs = alice_sample.size_bits();
  for (std::uint64_t i = 0; i < alice_sample.size_words(); ++i)
    statement.sample_errors +=
        static_cast<std::uint64_t>(__builtin_popcountll(alice_sample.words()[i] ^ bob_sample.words()[i]));
  auto settings_of = [&](std::vector<bits::BitString>& strings) {
    return std::vector<bits::BitString>(std::make_move_iterator(strings.begin()),
                                        std::make_move_iterator(strings.begin() + static_cast<std::ptrdiff_t>(planes)));
  };
  bits::BitString own_outcomes = std::move(own[planes]), peer_outcomes = std::move(peer[planes]);
  auto own_settings = settings_of(own), peer_settings = settings_of(peer);
  auto count = is_alice() ? count_test(records.settings, own_settings, own_outcomes, peer_settings, peer_outcomes)
                          : count_test(records.settings, peer_settings, peer_outcomes, own_settings, own_outcomes);
  if (!count.ok()) return count.error();
  raw_ = compress(records.outcomes, both(alice_choice, bob_choice, flip, flip));
  statement.counts = {records.settings, records.pairs, count->tested, count->lost, raw_.size_bits(), 0};
  return {};
}

Status Session::estimate() {
  KeyStatement& statement = result_.statement;
  statement.session = net::label_text(session_);
  statement.secret_id = net::label_text(ledger_.secret_id());
  statement.method = request_.method;
  statement.epsilon = EpsilonBudget::of(request_.method, request_.epsilon);
  statement.simulated = request_.records->simulated;
  statement.party = request_.role;
  for (net::Role party : {net::Role::alice, net::Role::bob})
    for (json entry : party == request_.role ? request_.random_bits_certificates : peer_random_bits_) {
      entry["party"] = net::role_name(party);
      statement.simulated = statement.simulated || entry.at("simulated").get<bool>();
      statement.random_bits_certificates.push_back(std::move(entry));
    }
  statement.errors =
      statement.epsilon.errors(statement.sample_pairs, statement.sample_errors, statement.counts.raw_bits);
  return {};
}

Status Session::find_length() {
  KeyStatement& s = result_.statement;
  s.counts.leaked_bits = leaked_bits(s);
  BELLOWS_ASSIGN(s.length, key_length(s.method, s.counts, s.epsilon.privacy));
  return {};
}

Status Session::end_without_key(const std::string& reason) {
  result_.verdict = SessionVerdict::no_key;
  result_.reason = reason;
  return ledger_.put_session({session_, SessionState::no_key, reason});
}

net::Tag Session::verification_tag(const bits::BitString& raw) const {
  net::TagMaker maker(verification_key_);
  maker.update(raw.bytes());
  return maker.finish();
}

// From here on the raw key is used: the records make no second key, with this secret or any other.
Status Session::claim_records() {
  BELLOWS_TRY(ledger_.claim_records(request_.records->digest, session_));
  return material_->account.claim_records(material_->records_name, session_);
}

Error Session::too_few_random_bits(std::uint64_t needed) const {
  return bad_input("too few random bits for hash seed, error correction and comparison", request_.hash_seed->string(),
                   std::nullopt, fmt::format("{} bits", needed), fmt::format("{}", material_->random->size_bits()));
}

Result<bits::BitString> Session::draw_random(std::uint64_t count_bits) {
  bits::BitString drawn(count_bits);
  if (count_bits == 0) return drawn;
  if (!request_.hash_seed) {
    randombytes_buf(drawn.words(), 8 * drawn.size_words());
    drawn.trim();
    return drawn;
  }
  const bits::BitString& random = *material_->random;
  BELLOWS_TRY(material_->account.claim_random_bits(random, session_));
  if (random.size_bits() - random_used_ < count_bits) return too_few_random_bits(random_used_ + count_bits);
  for (std::uint64_t i = 0; i < drawn.size_words(); ++i)
    drawn.words()[i] = random.view().word_at_bit(random_used_ + 64 * i);
  drawn.trim();
  random_used_ += count_bits;
  return drawn;
}

// What the code that nobody has proved would leave, where the proved one leaves nothing.
std::string Session::with_the_other_code() const {
  KeyStatement other = result_.statement;
  if (other.method != KeyMethod::no_signalling || request_.correction == ecc::Code::ldpc) return "";
  auto scheme = plan_scheme({ecc::Code::ldpc}, other.counts.raw_bits, other.errors);
  if (!scheme.ok()) return "";
  other.scheme = *scheme;
  other.counts.leaked_bits = leaked_bits(other);
  auto length = key_length(other.method, other.counts, other.epsilon.privacy);
  if (!length.ok() || length->bits == 0) return "";
  return fmt::format(" (--correction ldpc would leave a key of {} bits that is not certified)", length->bits);
}

Status Session::correct_as_alice() {
  KeyStatement& s = result_.statement;
  auto no_key = [&](const std::string& reason) -> Status {
    BELLOWS_TRY(send(message_correction, {{"key", false}, {"reason", reason}}, {bits::BitView{}, bits::BitView{}}));
    return end_without_key(reason);
  };
  if (s.counts.raw_bits < fewest_raw_bits)
    return no_key(fmt::format("the raw key has {} bits only", s.counts.raw_bits));
  auto scheme = plan_scheme(request_.codes(), s.counts.raw_bits, s.errors, request_.largest_frame_bits);
  if (!scheme.ok()) {
    if (scheme.error().code == ErrorCode::refused) return no_key(scheme.error().message + with_the_other_code());
    return scheme.error();
  }
  s.scheme = *scheme;
  BELLOWS_TRY(find_length());
  if (s.length.bits == 0)
    return no_key(fmt::format("the violation does not suffice: the bound is {:.0f} bits{}", s.length.bound_bits,
                              with_the_other_code()));

  if (material_->random) {
    // While the records can still serve another session.
    const std::uint64_t needed =
        comparison_point_bits + ecc::random_bits(s.scheme) +
        extract::seed_bits_needed({extract::Family::toeplitz, s.counts.raw_bits, s.length.bits});
    if (material_->random->size_bits() < needed) return too_few_random_bits(needed);
  }
  BELLOWS_TRY(claim_records());
  BELLOWS_ASSIGN(code_random_, draw_random(ecc::random_bits(s.scheme)));
  BELLOWS_ASSIGN(auto point, draw_random(comparison_point_bits));
  std::memcpy(verification_key_.bytes.data(), point.words(), 16);
  BELLOWS_ASSIGN(auto syndromes, ecc::encode(s.scheme, code_random_, raw_, context_));
  json head = {{"key", true},
               {"scheme", scheme_json(s.scheme)},
               {"hash_point", hex(std::span(verification_key_.bytes).first(16))},
               {"hash", hex(verification_tag(raw_))}};
  BELLOWS_TRY(send(message_correction, head, {syndromes, code_random_}));
  for (;;) {
    BELLOWS_ASSIGN(auto verdict, receive(message_verdict, 0, small_message_bytes));
    if (verdict.head.value("equal", json()) == true) return {};
    auto failed = verdict.head.value("failed", json::array());
    if (s.method == KeyMethod::no_signalling || s.revealed_frames > 0 || !failed.is_array() || failed.empty())
      return end_without_key("error correction failed");
    std::vector<std::uint32_t> frames;
    for (const auto& frame : failed) {
      const auto index = whole_number<std::uint32_t>(frame);
      if (!index || *index >= s.scheme.frames) return bad_input("the peer names a frame that is none");
      frames.push_back(*index);
    }
    std::sort(frames.begin(), frames.end());
    frames.erase(std::unique(frames.begin(), frames.end()), frames.end());
    BELLOWS_TRY(reveal_as_alice(frames));
    if (result_.verdict == SessionVerdict::no_key) return {};
  }
}

Status Session::reveal_as_alice(const std::vector<std::uint32_t>& frames) {
  KeyStatement& s = result_.statement;
  s.revealed_frames = frames.size();
  BELLOWS_TRY(find_length());
  if (s.length.bits == 0) {
    BELLOWS_TRY(send(message_reveal, {{"key", false}}, {bits::BitView{}}));
    return end_without_key("too many frames could not be corrected");
  }
  BELLOWS_ASSIGN(auto revealed, ecc::reveal_frames(s.scheme, code_random_, raw_, frames));
  return send(message_reveal, {{"key", true}}, {revealed});
}

Status Session::correct_as_bob() {
  KeyStatement& s = result_.statement;
  const auto codes = request_.codes();
  const bool may_deal = std::find(codes.begin(), codes.end(), ecc::Code::concatenated) != codes.end();
  // A deal takes up to 50 random bits for each bit of the raw key.
  BELLOWS_ASSIGN(
      auto message,
      receive(message_correction, 2, (may_deal ? 7 * s.counts.raw_bits : s.counts.raw_bits / 4) + small_message_bytes));
  if (message.head.value("key", json()) != true) return end_without_key(text_of(message.head, "reason"));
  BELLOWS_ASSIGN(s.scheme, scheme_of(message.head.value("scheme", json()), s.counts.raw_bits, s.errors));
  if (std::find(codes.begin(), codes.end(), s.scheme.code) == codes.end())
    return refused("the peer uses another code than was agreed");
  code_random_ = std::move(message.strings[1]);
  BELLOWS_ASSIGN(auto point, from_hex<16>(message.head.value("hash_point", json())));
  BELLOWS_ASSIGN(auto hash, from_hex<16>(message.head.value("hash", json())));
  std::copy(point.begin(), point.end(), verification_key_.bytes.begin());
  BELLOWS_TRY(find_length());
  if (s.length.bits == 0) return refused("the peer goes on although the counts give no key");
  BELLOWS_TRY(claim_records());
  BELLOWS_ASSIGN(auto decoded, ecc::decode(s.scheme, code_random_, raw_, message.strings[0], context_));
  if (!decoded.failed.empty() && s.method == KeyMethod::quantum) {
    BELLOWS_TRY(reveal_as_bob(decoded));
    if (result_.verdict == SessionVerdict::no_key) return {};
  }
  bool equal = net::tag_matches(verification_tag(decoded.corrected), hash);
  BELLOWS_TRY(send(message_verdict, {{"equal", equal}}));
  if (!equal) return end_without_key("error correction failed");
  raw_ = std::move(decoded.corrected);
  return {};
}

Status Session::reveal_as_bob(ecc::Decoded& decoded) {
  KeyStatement& s = result_.statement;
  BELLOWS_TRY(send(message_verdict, {{"equal", false}, {"failed", decoded.failed}}));
  BELLOWS_ASSIGN(auto message, receive(message_reveal, 1, s.counts.raw_bits / 8 + small_message_bytes));
  s.revealed_frames = decoded.failed.size();
  BELLOWS_TRY(find_length());
  if (message.head.value("key", json()) != true) return end_without_key("too many frames could not be corrected");
  return ecc::insert_frames(s.scheme, code_random_, message.strings[0], decoded.failed, decoded.corrected);
}

Status Session::amplify() {
  KeyStatement& s = result_.statement;
  extract::HashShape shape{extract::Family::toeplitz, s.counts.raw_bits, s.length.bits};
  bits::BitString seed;
  if (is_alice()) {
    s.hash_seed_origin = request_.hash_seed ? "file" : "operating system";
    BELLOWS_ASSIGN(seed, draw_random(extract::seed_bits_needed(shape)));
    BELLOWS_TRY(send(message_amplify, {{"key_bits", s.length.bits}, {"seed_origin", s.hash_seed_origin}}, {seed}));
  } else {
    BELLOWS_ASSIGN(auto message, receive(message_amplify, 1, s.counts.raw_bits / 4 + small_message_bytes));
    BELLOWS_ASSIGN(auto key_bits, number(message.head, "key_bits"));
    if (key_bits != s.length.bits)
      return refused(
          fmt::format("the parties do not agree on the key's length: {} bits here, {} there", s.length.bits, key_bits));
    s.hash_seed_origin = text_of(message.head, "seed_origin") == "file" ? "file" : "operating system";
    seed = std::move(message.strings[0]);
    if (seed.size_bits() != extract::seed_bits_needed(shape)) return bad_input("the hash seed has another length");
  }
  auto transcript = channel_.transcript();
  s.transcript_alice = transcript.from_alice.hex();
  s.transcript_bob = transcript.from_bob.hex();
  BELLOWS_ASSIGN(key_, extract::hash(shape, raw_, seed, context_));
  raw_ = bits::BitString();
  return {};
}

// Bob seals, tells; alice seals, tells; bob delivers, tells; alice delivers. The tags cover the key itself, so each
// side knows that the other holds the same.
Status Session::hand_over() {
  KeyStatement& s = result_.statement;
  json certificate = to_json(s), peer_certificate;
  auto check_peer = [&](const Payload& message) -> Status {
    peer_certificate = message.head.value("certificate", json());
    BELLOWS_TRY(check_certificate(peer_certificate));
    return compare_certificates(certificate, peer_certificate);
  };
  json head = {{"certificate", certificate}};
  if (is_alice()) {
    BELLOWS_ASSIGN(auto prepared, receive(message_prepared, 0, small_message_bytes, key_.bytes()));
    BELLOWS_TRY(check_peer(prepared));
    BELLOWS_TRY(seal_key(ledger_, session_, request_.key, key_, certificate, peer_certificate));
    in_doubt_ = true;
    BELLOWS_TRY(send(message_commit, head, {}, key_.bytes()));
    BELLOWS_ASSIGN([[maybe_unused]] auto done, receive(message_done, 0, small_message_bytes));
    BELLOWS_TRY(deliver_key(ledger_, session_));
  } else {
    BELLOWS_TRY(seal_key(ledger_, session_, request_.key, key_, certificate, nullptr));
    in_doubt_ = true;
    BELLOWS_TRY(send(message_prepared, head, {}, key_.bytes()));
    auto commit = receive(message_commit, 0, small_message_bytes, key_.bytes());
    if (!commit.ok()) {
      if (channel_.incident() == net::Incident::peer_stopped) {  // genuine: alice has not sealed
        in_doubt_ = false;
        BELLOWS_TRY(drop_key(ledger_, session_, commit.error().message));
      }
      return commit.error();
    }
    BELLOWS_TRY(check_peer(*commit));
    BELLOWS_TRY(note_peer_certificate(ledger_, session_, peer_certificate));
    BELLOWS_TRY(deliver_key(ledger_, session_));
    in_doubt_ = false;
    // Alice may miss this; she then settles at the next connection. The key is good on this side.
    (void)send(message_done, json::object());
  }
  in_doubt_ = false;
  result_.verdict = SessionVerdict::key;
  result_.certificate = std::move(certificate);
  return {};
}

}  // namespace bellows::protocol
