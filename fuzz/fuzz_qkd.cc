// Messages of the key distribution as a stranger on the line may send them: header, payload, tag. What is taken is
// written again the same; numbers of a payload that pass for an error-correction scheme or a certificate make no step
// wrong.
#include <algorithm>
#include <array>
#include <cstring>
#include <nlohmann/json.hpp>

#include "bellows/base/check.h"
#include "bellows/ecc/ldpc_code.h"
#include "bellows/ecc/reconcile.h"
#include "bellows/net/channel.h"
#include "bellows/protocol/masanes_certificate.h"
#include "bellows/protocol/masanes_message.h"
#include "bellows/protocol/masanes_records.h"

namespace {

using namespace bellows;

std::uint32_t number(const nlohmann::json& head, const char* key) {
  auto found = head.find(key);
  return found != head.end() && found->is_number_unsigned() ? static_cast<std::uint32_t>(found->get<std::uint64_t>())
                                                            : 0;
}

void try_scheme(const nlohmann::json& head, const std::vector<bits::BitString>& strings) {
  const auto budget = protocol::EpsilonBudget::of(protocol::KeyMethod::no_signalling, numeric::Exact::literal("1e-9"));
  const std::uint32_t sample = number(head, "sample_pairs"), seen = std::min(sample, number(head, "sample_errors"));
  const std::uint32_t raw_bits = number(head, "raw_bits");
  auto found =
      protocol::scheme_of(head.value("scheme", nlohmann::json()), raw_bits, budget.errors(sample, seen, raw_bits));
  if (!found.ok()) return;
  const ecc::Scheme& scheme = *found;
  BELLOWS_CHECK(scheme.leaked_bits() <= scheme.code_bits() * scheme.frames, "a scheme that passes saves something");
  if (scheme.code == ecc::Code::ldpc && scheme.code_bits() <= 1 << 20) {
    auto code = ecc::make_code(scheme.circulant, scheme.columns, scheme.rows);
    BELLOWS_CHECK(code.row_start.size() == scheme.rows + 1u, "a scheme that passes has a code");
  }
  if (scheme.raw_bits > 4096 || scheme.frames > 4) return;
  bits::BitString received(scheme.raw_bits), syndromes(scheme.leaked_bits());
  for (const auto& string : strings) {
    if (string.size_bits() == scheme.raw_bits) received = bits::BitString(string.view());
    if (string.size_bits() == scheme.leaked_bits()) syndromes = bits::BitString(string.view());
  }
  bits::BitString random(ecc::random_bits(scheme));
  for (std::uint64_t i = 0; i < random.size_words(); ++i) random.words()[i] = 0x9e3779b97f4a7c15 * (i + 1);
  random.trim();
  auto decoded = ecc::decode(scheme, random, received, syndromes);
  BELLOWS_CHECK(decoded.ok(), "a scheme that passes can be decoded");
  for (std::uint32_t frame : decoded->failed) BELLOWS_CHECK(frame < scheme.frames, "a frame that is none");
  if (decoded->failed.empty()) {
    auto again = ecc::encode(scheme, random, decoded->corrected);
    BELLOWS_CHECK(again.ok() && *again == syndromes, "what was corrected has the syndrome");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::array<std::byte, sizeof(net::MessageHeader)> header_bytes;
  if (size < header_bytes.size()) return 0;
  std::memcpy(header_bytes.data(), data, header_bytes.size());
  const std::span<const std::uint8_t> rest(data + header_bytes.size(), size - header_bytes.size());
  auto header = net::read_header(header_bytes, 1 << 20, "a message");
  if (header.ok())
    BELLOWS_CHECK(header->payload_bytes <= 1 << 20 && header->version == net::message_version, "limits are kept");
  else
    BELLOWS_CHECK(header.error().code == ErrorCode::bad_input, "a header that is refused is bad input");
  for (std::size_t strings = 0; strings < 8; ++strings) {
    auto payload = protocol::decode_payload(rest, strings);
    if (!payload.ok()) {
      BELLOWS_CHECK(payload.error().code == ErrorCode::bad_input, "a payload that is refused is bad input");
      continue;
    }
    std::vector<bits::BitView> views(payload->strings.begin(), payload->strings.end());
    auto bytes = protocol::encode_payload(payload->head, views);
    auto again = protocol::decode_payload(bytes, strings);
    BELLOWS_CHECK(again.ok() && again->head == payload->head && again->strings == payload->strings,
                  "a payload is written as it was read");
    try_scheme(payload->head, payload->strings);
    if (auto certificate = payload->head.find("certificate"); certificate != payload->head.end())
      (void)protocol::check_certificate(*certificate);
    // As planes of three settings and an outcome for each side, where lengths fit.
    if (strings == 6) {
      auto& s = payload->strings;
      bool equal = true;
      for (const auto& string : s) equal = equal && string.size_bits() == s[0].size_bits();
      if (!equal) continue;
      auto count = protocol::count_test(3, {bits::BitString(s[0].view()), bits::BitString(s[1].view())}, s[2],
                                        {bits::BitString(s[3].view()), bits::BitString(s[4].view())}, s[5]);
      if (count.ok())
        BELLOWS_CHECK(count->lost <= count->tested && count->tested <= s[0].size_bits(), "counts in range");
    }
  }
  return 0;
}
