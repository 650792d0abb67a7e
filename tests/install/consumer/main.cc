#include <bellows/base/digest.h>
#include <bellows/bits/bit_string.h>

#include <cstdio>

int main() {
  bellows::bits::BitString bits(100);
  bits.set(99, true);
  std::printf("%s\n", bellows::sha256("abc").hex().c_str());
  return bellows::bits::count_ones(bits) == 1 ? 0 : 1;
}
