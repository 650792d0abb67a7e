// Space-time files, and tables of arrivals after a line of dashes.
#include <cmath>
#include <string_view>

#include "bellows/base/check.h"
#include "bellows/certify/locality.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bellows;
  std::string_view text(reinterpret_cast<const char*>(data), size), csv;
  if (auto cut = text.find("\n----\n"); cut != std::string_view::npos) csv = text.substr(cut + 6), text = text.substr(0, cut);
  auto report = certify::check_locality(text, "fuzz", csv, "fuzz");
  if (!report.ok()) {
    BELLOWS_CHECK(report.error().code == ErrorCode::bad_input || report.error().code == ErrorCode::usage, "bad input");
    return 0;
  }
  for (const certify::Direction& one : report->directions)
    BELLOWS_CHECK(!report->closed || one.margin_ns() > 0, "closed only with a margin");
  return 0;
}
