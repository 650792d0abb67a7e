#pragma once

#include <span>
#include <vector>

#include "bellows/base/file.h"

namespace bellows {

/// Whether two names lead to one file, also one that does not exist yet (`a` and `./a`, links in the folders).
bool is_one_file(const Path& one, const Path& other);

/// Before the work: that results which belong together can all be written.
/// In:     overwrite: whether files that exist may be replaced.
/// Errors: usage: two of the names are one file. bad_input: a file that exists, or whose folder does not.
Status require_new_files(std::span<const Path> files, bool overwrite = false);

/// Results that are worth something only together: what was written is removed again, unless all of it was.
class WrittenTogether {
 public:
  WrittenTogether() = default;
  WrittenTogether(const WrittenTogether&) = delete;
  WrittenTogether& operator=(const WrittenTogether&) = delete;
  ~WrittenTogether();

  /// A file that this run has made, and nobody before it.
  void add(const Path& path) { files_.push_back(path); }
  void keep() { files_.clear(); }

 private:
  std::vector<Path> files_;
};

}  // namespace bellows
