#pragma once

#include <cstdint>
#include <span>

#include "bellows/trials/relabel.h"

namespace bellows::trials {

// Records: one byte a trial, bits 3..0 = x y a b. The form in which trials come in and go out.

/// Records to planes; planes have words for records.size() trials, bits beyond the last become 0.
/// Requires every record < 16.
void records_to_planes(std::span<const std::uint8_t> records, std::uint64_t* x, std::uint64_t* y, std::uint64_t* a,
                       std::uint64_t* b);

/// The way back.
void planes_to_records(const std::uint64_t* x, const std::uint64_t* y, const std::uint64_t* a, const std::uint64_t* b,
                       std::span<std::uint8_t> dirty_out_records);

/// Adds the records to counts. Requires every record < 16.
void count_records(std::span<const std::uint8_t> records, RecordCounts& counts);

/// Index of the first byte that is no record (16 or above), or records.size().
std::size_t first_foreign_record(std::span<const std::uint8_t> records);

}  // namespace bellows::trials
