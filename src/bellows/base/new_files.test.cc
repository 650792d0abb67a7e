#include "bellows/base/new_files.h"

#include <gtest/gtest.h>

#include "bellows/testing/temp_folder.h"

namespace bellows {
namespace {

TEST(NewFiles, TwoNamesOfOneFile) {
  testing::TempFolder folder;
  const Path a = folder.path() / "a", other = folder.path() / "b";
  EXPECT_TRUE(is_one_file(a, folder.path() / "." / "a"));
  EXPECT_TRUE(is_one_file("a", "./a"));
  EXPECT_FALSE(is_one_file(a, other));
  EXPECT_TRUE(write_text_file(a, "text", public_file_mode, false).ok());
  std::filesystem::create_symlink(a, other);
  EXPECT_TRUE(is_one_file(a, other));
  const Path links = folder.path() / "links";
  std::filesystem::create_directory_symlink(folder.path(), links);
  EXPECT_TRUE(is_one_file(folder.path() / "new", links / "new"));
}

TEST(NewFiles, AreAskedForBeforeTheWork) {
  testing::TempFolder folder;
  const Path a = folder.path() / "a", b = folder.path() / "b";
  auto code = [](std::initializer_list<Path> files, bool overwrite = false) {
    const Status status = require_new_files(std::span(files.begin(), files.size()), overwrite);
    return status.ok() ? std::nullopt : std::optional(status.error().code);
  };
  EXPECT_FALSE(code({a, b}));
  EXPECT_EQ(code({a, a}), ErrorCode::usage);
  EXPECT_EQ(code({a, a}, true), ErrorCode::usage);
  EXPECT_EQ(code({a, folder.path() / "no" / "b"}), ErrorCode::bad_input);
  EXPECT_TRUE(write_text_file(b, "text", public_file_mode, false).ok());
  EXPECT_EQ(code({a, b}), ErrorCode::bad_input);
  EXPECT_FALSE(code({a, b}, true));
  std::filesystem::create_symlink(folder.path() / "nowhere", a);
  EXPECT_EQ(code({a}), ErrorCode::bad_input) << "a link to nothing is a name that is taken";
}

TEST(NewFiles, GoAgainUnlessAllWereWritten) {
  testing::TempFolder folder;
  const Path a = folder.path() / "a", b = folder.path() / "b";
  for (const bool kept : {false, true}) {
    WrittenTogether written;
    for (const Path& path : {a, b}) {
      ASSERT_TRUE(write_text_file(path, "text", public_file_mode, false).ok());
      written.add(path);
    }
    if (kept) written.keep();
  }
  EXPECT_TRUE(std::filesystem::exists(a) && std::filesystem::exists(b));
}

}  // namespace
}  // namespace bellows
