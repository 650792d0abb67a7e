#pragma once

#include <optional>

#include "bellows/bits/bit_stream.h"
#include "bellows/source/source.h"

namespace bellows::source {

/// Bits from outside this program, in order, each once: a file (`.bits`, or raw bytes, least significant bit first), or
/// a pipe ("-": standard input, raw bytes). Errors: usage: mu; bad_input: unreadable.
Result<std::unique_ptr<Source>> file_source(const Path& path, bits::BitStreamFormat format, double mu);
/// The system's random generator (getrandom). Errors: usage: mu.
Result<std::unique_ptr<Source>> system_source(double mu);

/// A seed from the system's generator.
Result<bits::BitString> draw_system_bits(std::uint64_t count_bits);

/// `.bits` if the file begins with that format's magic, else raw.
Result<bits::BitStreamFormat> guess_format(const Path& path);

}  // namespace bellows::source
