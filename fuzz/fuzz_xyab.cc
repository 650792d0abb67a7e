#include "foreign_round_trip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  foreign_round_trip(bellows::trials::ForeignFormat::xyab_u8, data, size);
  return 0;
}
