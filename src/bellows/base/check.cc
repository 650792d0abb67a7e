#include "bellows/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace bellows {

void check_failed(const char* file, int line, const char* condition, const char* why) {
  std::fprintf(stderr, "bellows: internal check failed: %s (%s) at %s:%d\n", why, condition, file, line);
  std::abort();
}

}  // namespace bellows
