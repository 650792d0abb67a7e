#pragma once

#include <string>

#include "bellows/certify/design.h"
#include "bellows/cli/command.h"

namespace bellows::cli {

/// A table or chart of what `plan` finds, along one of the numbers that it is given.
struct CurveOptions {
  std::string vary;  ///< "trials=1e6:1e12"
  std::string csv, svg;
  unsigned points = 200;
  bool overwrite = false;
};

/// design: lacks what is looked for and what is varied. Points at which nothing suffices stay empty.
/// Errors: usage: not NAME=FROM:TO, or what certify::solve() refuses at every point.
Result<Verdict> show_curve(Console& console, const CurveOptions& options, const certify::Design& design);

}  // namespace bellows::cli
