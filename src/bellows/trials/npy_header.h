#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bellows/base/file.h"

namespace bellows::trials {

/// The head of a .npy file: magic "\x93NUMPY", version (two bytes), length of the text (two bytes in version 1, four in
/// 2 and 3), and a text that is a Python dictionary with the keys descr, fortran_order and shape.
struct NpyHeader {
  unsigned major_version = 1;
  std::string text = {};  ///< as it stands in the file, with its padding
  std::string descr = {};
  bool fortran_order = false;
  std::vector<std::uint64_t> shape = {};

  std::string bytes() const;
};

/// In:     text: the dictionary; offset_bytes, file: for the messages.
/// Errors: bad_input: not such a dictionary; a structured type.
Result<NpyHeader> parse_npy_text(std::string_view text, unsigned major_version, std::uint64_t offset_bytes,
                                 const Path& file);

/// Reads it from the start of an open file.
Result<NpyHeader> read_npy_header(const File& file);

/// The plainest header for an array of bytes of shape (trial_count, 4).
NpyHeader make_npy_header(std::uint64_t trial_count);

}  // namespace bellows::trials
