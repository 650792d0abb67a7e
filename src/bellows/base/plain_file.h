#pragma once

#include "bellows/base/file.h"

namespace bellows {

/// For what is meant to be a file: opens it as File::open_for_reading(), but refuses a named pipe, at which reading
/// would wait for a writer that may never come. What the shell hands over (/dev/stdin, /dev/fd/3) may be a pipe.
/// Errors: bad_input: a named pipe; as File::open_for_reading().
Result<File> open_plain_file(const Path& path);

}  // namespace bellows
