#pragma once

#include "bellows/bell/no_signalling.h"

/// The linear programs of the papers, ready to be solved, with the value that is expected.
namespace bellows::bell {

struct CatalogueCase {
  std::string title;
  NoSignallingProgram program;
  Rational expected;  ///< the bound at the program's own right-hand sides
  bool upper_only = false;  ///< what is claimed is only that the bound is at most that
};

struct CatalogueEntry {
  std::string name;
  std::string about;
};

/// majority-five, weight-seven, three-party, four-outcomes, three-outcomes, four-weighted, three-weighted, chained.
const std::vector<CatalogueEntry>& catalogue();

/// Errors: bad_input: no such entry.
/// `chained` takes its settings per party from `size` (0: 2 to 8).
Result<std::vector<CatalogueCase>> catalogue_cases(const std::string& name, int size = 0);

}  // namespace bellows::bell
