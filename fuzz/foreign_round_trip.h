#pragma once

#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "bellows/trials/foreign.h"
#include "bellows/trials/records.h"
#include "memory_file.h"

/// Reads records in pieces of awkward size; what the source calls exact must be given back byte for byte.
inline void foreign_round_trip(bellows::trials::ForeignFormat format, const std::uint8_t* data, std::size_t size) {
  using namespace bellows;
  MemoryFile file(data, size);
  auto source = trials::open_record_source(file.path(), format);
  if (!source.ok()) return;
  std::vector<std::uint8_t> records;
  std::array<std::uint8_t, 37> piece{};
  for (std::size_t got = 1; got != 0;) {
    auto read = (*source)->read(piece);
    if (!read.ok()) {
      BELLOWS_CHECK(read.error().code == ErrorCode::bad_input && read.error().offset_bytes.has_value(),
                    "bad bytes are bad input, and the place is named");
      BELLOWS_CHECK(*read.error().offset_bytes <= size, "the place is in the file");
      return;
    }
    got = *read;
    records.insert(records.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(got));
  }
  BELLOWS_CHECK(trials::first_foreign_record(records) == records.size(), "records are below 16");
  if (records.empty() || !(*source)->is_exact()) return;
  auto formatter = trials::make_record_formatter(format, (*source)->dialect(), records.size());
  BELLOWS_CHECK(formatter.ok(), "a dialect that was read can be written");
  std::string out = (*formatter)->head();
  if ((*formatter)->is_by_column()) {
    for (unsigned column = 0; column < 4; ++column) (*formatter)->add_column(records, column, out);
  } else {
    (*formatter)->add(records, out);
  }
  BELLOWS_CHECK(out.size() == size && std::memcmp(out.data(), data, size) == 0, "exact means byte for byte");
}
