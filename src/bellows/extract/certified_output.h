#pragma once

#include "bellows/base/progress.h"
#include "bellows/bits/bit_string.h"
#include "bellows/certify/certificate.h"
#include "bellows/extract/shape.h"
#include "bellows/trials/reader.h"

namespace bellows::extract {

/// The hash that a certificate asks for.
/// Errors: refused: the certificate's verdict is not_certified, or it is hypothetical.
///         bad_input: its lengths contradict each other (see check_shape).
Result<HashShape> certified_shape(const certify::Certificate& certificate);

/// The certified output of a log: the only way from raw string to output. The length comes from the certificate; no
/// caller can choose one.
/// In:     log: the one that the certificate names by its digest, complete; checked here by its number of trials, by
///         digest where the caller certified or verified it.
///         seed: drawn after the last outcome; its first extraction.seed_bits bits are used.
/// Out:    certificate.output_bits() bits, the same with every kernel and thread count.
/// Errors: as certified_shape(); bad_input: seed too short, log of another length, too little memory; cancelled.
/// Claim:  what the certificate says, under its assumptions; among them that the seed is what it must be.
/// Cost:   streams the log once; memory as Hasher.
Result<bits::BitString> certified_output(const certify::Certificate& certificate, const trials::LogReader& log,
                                         bits::BitView seed, const Context& context = {});

}  // namespace bellows::extract
