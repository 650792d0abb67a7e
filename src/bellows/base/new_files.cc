#include "bellows/base/new_files.h"

namespace bellows {

bool is_one_file(const Path& one, const Path& other) {
  std::error_code ignored;
  if (std::filesystem::equivalent(one, other, ignored)) return true;
  auto plain = [](const Path& path) {
    std::error_code error;
    const Path known = std::filesystem::weakly_canonical(std::filesystem::absolute(path, error), error);
    return error ? path.lexically_normal() : known;
  };
  return plain(one) == plain(other);
}

Status require_new_files(std::span<const Path> files, bool overwrite) {
  for (std::size_t i = 0; i < files.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (is_one_file(files[i], files[j]))
        return usage_error("two results would go to one file", "two names", files[i].string());
  for (const Path& file : files) {
    std::error_code ignored;
    if (!overwrite && std::filesystem::exists(std::filesystem::symlink_status(file, ignored)))
      return bad_input("file exists already and is left as it is", file);
    const Path folder = file.has_parent_path() ? file.parent_path() : Path(".");
    if (!std::filesystem::is_directory(folder, ignored)) return bad_input("no such folder", folder);
  }
  return {};
}

WrittenTogether::~WrittenTogether() {
  std::error_code ignored;
  for (const Path& file : files_) std::filesystem::remove(file, ignored);
}

}  // namespace bellows
