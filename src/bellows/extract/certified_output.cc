#include "bellows/extract/certified_output.h"

#include <fmt/format.h>

#include "bellows/extract/hasher.h"
#include "bellows/trials/raw_string.h"

namespace bellows::extract {
namespace {

Result<Family> family_of(plan::Extractor extractor) {
  switch (extractor) {
    case plan::Extractor::toeplitz:
      return Family::toeplitz;
    case plan::Extractor::circulant:
      return Family::circulant;
    case plan::Extractor::short_seed:
      return Family::short_seed;
    case plan::Extractor::shift_matrix:
      return Family::shift_matrix;
    case plan::Extractor::automatic:
      break;
  }
  return bad_input("the certificate names no extractor");
}

}  // namespace

Result<HashShape> certified_shape(const certify::Certificate& certificate) {
  if (certificate.hypothetical) return refused("the certificate is hypothetical: it stands on numbers, not on a log");
  if (!certificate.certified()) return refused("not certified: there is nothing to extract");
  const certify::Extraction& asked = certificate.extraction;
  BELLOWS_ASSIGN(Family family, family_of(asked.family));
  HashShape shape{.family = family,
                  .raw_bits = asked.raw_bits,
                  .output_bits = asked.output_bits,
                  .circulant_bits = asked.circulant_bits,
                  .field_length = asked.field_length};
  if (Status status = check_shape(shape); !status.ok()) return bad_input("certificate: " + status.error().describe());
  if (seed_bits_needed(shape) != asked.seed_bits)
    return bad_input("the certificate's seed length does not fit its extractor", {}, std::nullopt,
                     fmt::format("{} bits", seed_bits_needed(shape)), fmt::format("{}", asked.seed_bits));
  return shape;
}

Result<bits::BitString> certified_output(const certify::Certificate& certificate, const trials::LogReader& log,
                                         bits::BitView seed, const Context& context) {
  BELLOWS_ASSIGN(HashShape shape, certified_shape(certificate));
  BELLOWS_TRY(log.require_complete());
  trials::RawString raw(log);
  if (raw.size_bits() != shape.raw_bits)
    return bad_input("the log is not the certificate's", log.path(), std::nullopt,
                     fmt::format("{} raw bits", shape.raw_bits), fmt::format("{}", raw.size_bits()));
  if (seed.size_bits < certificate.extraction.seed_bits)
    return bad_input("the seed is too short", {}, std::nullopt,
                     fmt::format("{} bits", certificate.extraction.seed_bits), fmt::format("{}", seed.size_bits));
  BELLOWS_ASSIGN(Hasher hasher, Hasher::create(shape, seed, context));
  for (std::uint64_t number = 0; number < raw.piece_count(); ++number) {
    BELLOWS_ASSIGN(trials::RawPiece piece, raw.piece(number));
    BELLOWS_TRY(hasher.absorb(piece.bits));
    raw.release_before(piece.start_bit);
  }
  return hasher.finish();
}

}  // namespace bellows::extract
