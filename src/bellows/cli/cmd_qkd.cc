#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "bellows/base/count.h"
#include "bellows/base/new_files.h"
#include "bellows/bits/bit_file.h"
#include "bellows/cli/command.h"
#include "bellows/cli/pair_simulation.h"
#include "bellows/cli/qkd_plan.h"
#include "bellows/cli/terminal_text.h"
#include "bellows/ecc/reconcile.h"
#include "bellows/plan/json_reader.h"
#include "bellows/protocol/masanes_account.h"
#include "bellows/protocol/masanes_party.h"
#include "bellows/protocol/masanes_source.h"

namespace bellows::cli {
namespace {

using nlohmann::json;
using numeric::Exact;
using protocol::KeyMethod;

constexpr const char* manual =
    R"(Key distribution between two parties who trust neither their boxes nor quantum theory (Masanes et al. 2014).

  bellows qkd secret   --out-alice A.secret --out-bob B.secret [--messages 1000] [--from random.bits]
  bellows qkd simulate --settings 7 --pairs 1e8 --noise 0.005 --alice-bits a.bits --bob-bits b.bits --alice A.trials --bob B.trials
  bellows qkd alice    --listen HOST:PORT  --records A.trials --secret A.secret --key A.key
  bellows qkd bob      --connect HOST:PORT --records B.trials --secret B.secret --key B.key
  bellows qkd plan     --noise 0.005 --key-bits 1000000
  bellows qkd check    A.key.certificate.json [B.key.certificate.json]

Try it on one machine, 1.8 million pairs without noise, about 6,800 bits of key (with --raw, bit files need no header):

  for p in a b; do head -c 800000 /dev/urandom > $p.raw; done
  bellows qkd simulate --pairs 1800000 --raw --alice-bits a.raw --bob-bits b.raw --alice A.trials --bob B.trials
  bellows qkd secret --out-alice A.secret --out-bob B.secret
  bellows qkd alice --listen 127.0.0.1:4711 --records A.trials --secret A.secret --key A.key &
  bellows qkd bob --connect 127.0.0.1:4711 --records B.trials --secret B.secret --key B.key
  bellows qkd check A.key.certificate.json A.key.peer.json

check computes every number and sentence of a certificate anew from what was counted; it needs no key. alice and bob need the same --epsilon, --adversary,
--correction, settings and number of pairs, and a copy each of the shared secret: of every 256 bits one message is authenticated, once; SECRET.ledger keeps the account.
Records, --hash-seed and the bits of `secret --from` serve once, also with another secret: the account of used seeds ($XDG_STATE_HOME/bellows/seeds) knows what they hold.
If the line breaks at the very end, a session may be in doubt: the key stays sealed, and the next connection (or --settle) settles it.

--adversary no-signalling (default) bounds the adversary by no-signalling alone; quantum assumes quantum theory (the paper's
appendix) and gives a longer key. --epsilon is the total, in the paper's measure (twice the trace distance).

--correction chooses the error correction. bch corrects every pattern of so many errors, for certain; concatenated but for a
chance that is proved and paid for out of epsilon. With either the claim is proved; against a no-signalling adversary you get
the one that publishes less: bch for a few hundred errors or fewer. ldpc publishes a tenth less than concatenated, 2 % of the
key at 0.5 % noise and all of it at 2.5 %; but against a no-signalling adversary the claim then rests on a hypothesis that
nobody has proved, and the certificate says NOT CERTIFIED. Against a quantum adversary all are proved, and ldpc is what you get.
concatenated takes 23 to 45 random bits for each bit of the raw key, from --hash-seed if that is given (qkd plan counts them).

  bellows qkd plan  --noise 0.025 --correction ldpc           (then the same --correction for alice and for bob)

What is assumed stands in the certificate, docs/format-qkd.md has the formats. bellows qkd PART --help has options and exit codes of a part.
)";

constexpr const char* session_exit_codes =
    R"(Exit codes: 0 a key; 1 no key: too much noise, or the session was stopped (--json: verdict "no key" or "stopped", and with it incident: changed, replayed,
reordered, dropped, other session, peer stopped, turned away... or none where the parties do not agree; in_doubt); 2 usage; 3 bad input, silence, no peer.)";

constexpr const char* demonstration = "DEMONSTRATION: simulated records";

// ---------------------------------------------------------------------------------------------- alice, bob

struct PartyOptions {
  std::string address, records, secret, key, adversary = "no-signalling", epsilon = "1e-9", correction, hash_seed;
  std::uint64_t frame_bits = ecc::usual_frame_bits;
  std::vector<std::string> random_certificates;
  double timeout_s = 60;
  bool settle = false;
};

json party_json(const protocol::PartyResult& result) {
  json document = {{"verdict", result.verdict == protocol::SessionVerdict::key      ? "key"
                               : result.verdict == protocol::SessionVerdict::no_key ? "no key"
                                                                                    : "settled"},
                   {"settled", result.settled},
                   {"lost", result.lost},
                   {"messages_left", result.messages_left},
                   {"line",
                    {{"sent_bytes", result.channel.sent_bytes},
                     {"received_bytes", result.channel.received_bytes},
                     {"authentication_bits_spent", 256 * result.channel.keys_spent},
                     {"log2_forgery_probability", result.channel.log2_forgery_probability()}}}};
  const auto& s = result.statement;
  if (!result.reason.empty()) document["reason"] = result.reason;
  for (const auto& [stage, seconds] : result.seconds) document["seconds"][stage] = seconds;
  if (s.counts.pairs > 0)
    document["counts"] = {
        {"settings", s.counts.settings},  {"pairs", s.counts.pairs},          {"tested", s.counts.tested},
        {"lost", s.counts.lost},          {"raw_bits", s.counts.raw_bits},    {"leaked_bits", s.counts.leaked_bits},
        {"sample_pairs", s.sample_pairs}, {"sample_errors", s.sample_errors}, {"most_errors", s.errors.most}};
  if (result.verdict == protocol::SessionVerdict::key) {
    document["certified"] = s.is_proved();
    document["key_bits"] = s.length.bits;
    document["certificate"] = result.certificate;
  }
  return document;
}

void print_party(Console& console, const protocol::PartyResult& result, const Path& key) {
  for (const auto& line : result.settled) console.print("earlier session " + line);
  const auto& s = result.statement;
  if (result.verdict == protocol::SessionVerdict::key && !s.is_proved()) console.print(qkd_not_certified);
  if (result.verdict == protocol::SessionVerdict::key && s.simulated) console.print(demonstration);
  if (s.counts.pairs > 0) {
    auto share = [](std::uint64_t part, std::uint64_t whole) {
      return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0.0;
    };
    console.print(fmt::format("pairs {}, tested {} with W = {:.5f} (local: at least {:.5f}), raw key {} bits",
                              s.counts.pairs, s.counts.tested, share(s.counts.lost, s.counts.tested),
                              0.5 / static_cast<double>(s.counts.settings), s.counts.raw_bits));
    console.print(
        fmt::format("errors {:.3f} % on {} sample pairs, at most {} in the raw key; published about it {} bits",
                    100 * share(s.sample_errors, s.sample_pairs), s.sample_pairs, s.errors.most, s.counts.leaked_bits));
  }
  if (result.verdict == protocol::SessionVerdict::no_key) console.print("no key: " + result.reason);
  if (result.verdict == protocol::SessionVerdict::key) {
    console.print(fmt::format("key {} bits in {}; its certificate {}, the peer's {}", s.length.bits, key.string(),
                              key.string() + ".certificate.json", key.string() + ".peer.json"));
    console.print(result.certificate["claim"].get<std::string>());
    console.print(fmt::format("corrected with {}; what is assumed stands in the certificate, and bellows qkd check prints it",
                              ecc::code_name(s.scheme.code)));
  }
  console.print(fmt::format("sent {}B, received {}B, {} more messages can be sent with this secret",
                            with_si_prefix(static_cast<double>(result.channel.sent_bytes)),
                            with_si_prefix(static_cast<double>(result.channel.received_bytes)), result.messages_left));
}

Result<Verdict> run_role(Console& console, net::Role role, const PartyOptions& options) {
  protocol::PartyRequest request;
  request.role = role;
  BELLOWS_ASSIGN(request.address, net::Address::parse(options.address));
  BELLOWS_ASSIGN(request.method, qkd_adversary(options.adversary));
  BELLOWS_ASSIGN(request.epsilon, Exact::parse(options.epsilon));
  BELLOWS_ASSIGN(request.correction, qkd_correction(options.correction));
  if (!(options.timeout_s > 0 && options.timeout_s <= 1e6))
    return usage_error("time-out out of range", "0 to 1000000 s");
  request.patience = request.connect_patience = net::Duration{static_cast<std::int64_t>(1000 * options.timeout_s)};
  request.secret = options.secret;
  request.key = options.key;
  if (options.frame_bits < ecc::least_frame_bits || options.frame_bits > ecc::usual_frame_bits)
    return usage_error("frame length out of range",
                       fmt::format("{} to {} bits", ecc::least_frame_bits, ecc::usual_frame_bits),
                       fmt::format("{}", options.frame_bits));
  request.largest_frame_bits = options.frame_bits;
  if (!options.hash_seed.empty()) request.hash_seed = options.hash_seed;
  for (const auto& path : options.random_certificates) {
    BELLOWS_ASSIGN(auto text, read_text_file(path));
    BELLOWS_ASSIGN(json certificate, plan::parse_json(text, "a certificate", path));
    BELLOWS_ASSIGN(json entry, protocol::random_bits_entry(certificate, path));
    request.random_bits_certificates.push_back(std::move(entry));
  }
  Context context = console.context();
  std::optional<protocol::PartyRecords> records;
  if (!options.settle) {
    if (options.records.empty() || options.key.empty())
      return usage_error("--records and --key are needed (or --settle)");
    BELLOWS_ASSIGN(records, protocol::read_records(options.records, context, net::role_name(role)));
    request.records = &*records;
  }
  request.on_listening = [&](std::uint16_t port) { console.note(fmt::format("listening on port {}", port)); };
  request.on_stranger = [&](const std::string& what) { console.note("turned away: " + what); };
  std::optional<protocol::Stop> stop;
  request.on_stop = [&](const protocol::Stop& how) { stop = how; };
  auto run = protocol::run_party(request, context);
  console.finish_progress();
  if (!run.ok() && run.error().code == ErrorCode::refused) {
    // Not "no key": somebody or something stopped the session, and programs must be able to tell.
    json document = {{"verdict", "stopped"}, {"error", "refused"}, {"message", run.error().message}};
    if (stop) {
      document["incident"] = net::incident_name(stop->incident);
      document["in_doubt"] = stop->in_doubt;
      if (!stop->session.empty()) document["session"] = stop->session;
    }
    console.result(document);
    console.note("bellows qkd: " + terminal_text(run.error().describe()));
    return Verdict::refused;
  }
  BELLOWS_ASSIGN(auto result, std::move(run));
  json document = party_json(result);
  if (result.verdict == protocol::SessionVerdict::key)
    document["files"] = {{"key", request.key.string()},
                         {"certificate", request.key.string() + ".certificate.json"},
                         {"peer_certificate", request.key.string() + ".peer.json"}};
  console.result(document);
  print_party(console, result, request.key);
  return result.verdict == protocol::SessionVerdict::no_key || result.lost ? Verdict::refused : Verdict::done;
}

void add_role(CommandLine& line, CLI::App& parent, net::Role role) {
  auto options = std::make_shared<PartyOptions>();
  bool alice = role == net::Role::alice;
  CLI::App& verb =
      *parent.add_subcommand(net::role_name(role), alice ? "the party that listens" : "the party that connects");
  verb.add_option(alice ? "--listen" : "--connect", options->address, "HOST:PORT")->required();
  verb.add_option("--records", options->records, "this party's log");
  verb.add_option("--secret", options->secret, "this party's copy of the shared secret")->required();
  verb.add_option("--key", options->key, "where the key goes (must not exist)");
  verb.add_option("--adversary", options->adversary, "no-signalling or quantum")->capture_default_str();
  verb.add_option("--epsilon", options->epsilon, "total, in the paper's measure")->capture_default_str();
  verb.add_option("--correction", options->correction, qkd_correction_help);
  verb.add_option("--timeout", options->timeout_s, "seconds of silence")->capture_default_str();
  if (alice) {
    verb.add_option("--hash-seed", options->hash_seed, "uniform bits for the hash (.bits); else the system's");
    verb.add_option("--frame-bits", options->frame_bits,
                    "longest frame of ldpc; a shorter one costs less if it must be revealed (quantum)")
        ->capture_default_str();
  }
  verb.add_option("--random-certificate", options->random_certificates,
                  "certificate (of amplify) of this party's random bits behind choices and settings");
  verb.add_flag("--settle", options->settle, "only settle what an earlier session left in doubt");
  line.on_run(verb, [role, options](Console& console) { return run_role(console, role, *options); });
}

// ---------------------------------------------------------------------------------------------- secret, simulate,
// check

struct SecretOptions {
  std::string alice, bob, from;
  std::string messages = "1000";
};

void add_secret(CommandLine& line, CLI::App& parent) {
  auto options = std::make_shared<SecretOptions>();
  CLI::App& verb = *parent.add_subcommand("secret", "makes the two copies of a shared secret");
  verb.add_option("--out-alice", options->alice, "alice's copy")->required();
  verb.add_option("--out-bob", options->bob, "bob's copy")->required();
  verb.add_option("--messages", options->messages, "messages each way that it serves (512 bits each)")
      ->capture_default_str();
  verb.add_option("--from", options->from, "uniform bits (.bits), used once; else the system's generator");
  line.on_run(verb, [options](Console& console) -> Result<Verdict> {
    BELLOWS_ASSIGN(auto messages, parse_count(options->messages));
    if (messages == 0 || messages > 10'000'000)
      return usage_error("number of messages out of range", "1 to 10 million", options->messages);
    // Found out now, and not after the random bits were used up.
    const Path copies[] = {options->alice, options->bob};
    BELLOWS_TRY(require_new_files(copies));
    SecretBytes bytes(16 + 64 * messages);
    if (options->from.empty()) {
      randombytes_buf(bytes.data(), bytes.size());
    } else {
      BELLOWS_ASSIGN(auto file, bits::read_bit_file(options->from));
      if (file.bits.size_bits() < 8 * bytes.size())
        return bad_input("too few random bits", options->from, std::nullopt, fmt::format("{}", 8 * bytes.size()),
                         fmt::format("{}", file.bits.size_bits()));
      // Twice the same bits would be two secrets with the same one-time keys.
      BELLOWS_ASSIGN(auto account, protocol::UseAccount::open({}));
      net::Label use;
      randombytes_buf(use.data(), use.size());
      BELLOWS_TRY(account.claim_random_bits(file.bits, use));
      auto from = file.bits.bytes();
      std::transform(from.begin(), from.begin() + static_cast<std::ptrdiff_t>(bytes.size()), bytes.begin(),
                     [](std::byte b) { return static_cast<std::uint8_t>(b); });
    }
    BELLOWS_TRY(net::write_secret_pair(options->alice, options->bob, std::as_bytes(std::span(bytes))));
    console.result({{"messages_each_way", messages}, {"bits", 8 * bytes.size()}});
    console.print(
        fmt::format("{} and {}: {} bits, good for {} messages each way (a session takes 6 of alice and 7 of bob)",
                    options->alice, options->bob, 8 * bytes.size(), messages));
    if (messages < protocol::session_keys)
      console.note(
          fmt::format("too short for a session: that takes {} messages each way, with what settling it may take",
                      protocol::session_keys));
    return Verdict::done;
  });
}

void add_simulate(CommandLine& line, CLI::App& parent) {
  auto options = std::make_shared<PairOptions>();
  CLI::App& verb = *parent.add_subcommand("simulate", "records of both parties from simulated boxes");
  verb.add_option("--pairs", options->pairs, "N")->capture_default_str();
  add_pair_options(verb, *options);
  verb.add_option("--device-seed", options->device_seed, "of the boxes' own randomness")->capture_default_str();
  verb.add_option("--alice", options->alice, "alice's log")->required();
  verb.add_option("--bob", options->bob, "bob's log")->required();
  line.on_run(verb, [options](Console& console) { return simulate_pairs_and_report(*options, console); });
}

void add_check(CommandLine& line, CLI::App& parent) {
  auto paths = std::make_shared<std::vector<std::string>>();
  CLI::App& verb =
      *parent.add_subcommand("check", "recomputes a certificate's key length; two of them must say the same");
  verb.add_option("CERTIFICATE", *paths, "one or two key certificates")->required()->expected(1, 2);
  line.on_run(verb, [paths](Console& console) -> Result<Verdict> {
    std::vector<json> documents;
    for (const auto& path : *paths) {
      BELLOWS_ASSIGN(auto text, read_text_file(path));
      BELLOWS_ASSIGN(json document, plan::parse_json(text, "a key certificate", path));
      documents.push_back(std::move(document));
      if (Status status = protocol::check_certificate(documents.back()); !status.ok()) {
        Error error = status.error();
        if (error.file.empty()) error.file = path;
        return error;
      }
    }
    if (documents.size() == 2) BELLOWS_TRY(protocol::compare_certificates(documents[0], documents[1]));
    const json& document = documents[0];
    const bool certified = document["verdict"] == "certified", simulated = document["simulated"];
    console.result({{"key_bits", document["key_bits"]},
                    {"session", document["session"]},
                    {"certified", certified},
                    {"simulated", simulated},
                    {"adversary", document["adversary"]},
                    {"epsilon", document["epsilon"]["total"]},
                    {"claim", document["claim"]},
                    {"assumptions", document["assumptions"]},
                    {"checked", documents.size()}});
    if (!certified) console.print(qkd_not_certified);
    if (simulated) console.print(demonstration);
    console.print(fmt::format("{} bits of key, epsilon {}, against a {} adversary", document["key_bits"].get<std::uint64_t>(),
                              document["epsilon"]["total"].get<std::string>(), document["adversary"].get<std::string>()));
    console.print(document["claim"].get<std::string>());
    for (const json& assumption : document["assumptions"]) console.print("assumes: " + assumption.get<std::string>());
    console.print(fmt::format("the counts give the {} bits that are claimed{}; nothing is signed: that this was counted is "
                              "the word of whoever hands it over",
                              documents[0]["key_bits"].get<std::uint64_t>(),
                              documents.size() == 2 ? "; both certificates say the same" : ""));
    return Verdict::done;
  });
}

}  // namespace

void add_qkd(CommandLine& line) {
  CLI::App& verb =
      line.add_verb("qkd", "key distribution between two parties who trust neither boxes nor quantum theory", manual);
  verb.require_subcommand(1);
  add_role(line, verb, net::Role::alice);
  add_role(line, verb, net::Role::bob);
  add_secret(line, verb);
  add_simulate(line, verb);
  add_qkd_plan(line, verb);
  add_check(line, verb);
  const std::map<std::string, const char*> exit_codes{
      {"alice", session_exit_codes},
      {"bob", session_exit_codes},
      {"plan", "Exit codes: 0 done; 1 no key can be had; 2 usage."},
      {"secret", "Exit codes: 0 done; 1 the bits of --from were used already; 2 usage; 3 bad input, or a file that exists."},
      {"simulate", "Exit codes: 0 done; 2 usage; 3 bad input (too few random bits), or a file that exists; neither log is left then."},
      {"check", "Exit codes: 0 the certificates say what the counts give (NOT CERTIFIED and DEMONSTRATION, where they apply, are the first lines and\n"
                "change no exit code); 1 they do not, or not the same, or both are one party's; 2 usage; 3 bad input: no key certificate."}};
  for (CLI::App* part : verb.get_subcommands({})) {
    part->fallthrough();  // --json and the like may stand anywhere
    part->footer(std::string(exit_codes.at(part->get_name())) +
                 "\n--json, --quiet and --threads serve here too; bellows qkd --help is the manual of all parts.");
  }
}

}  // namespace bellows::cli
