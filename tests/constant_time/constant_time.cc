#include <valgrind/memcheck.h>

#include <cstdio>
#include <cstring>
#include <string>

#include "bellows/net/one_time_tag.h"

// Run under valgrind. Undefined memory stands for secrets: what depends on it may be computed, never branched on.
namespace {

using namespace bellows;

void poison(void* memory, std::size_t size) { (void)VALGRIND_MAKE_MEM_UNDEFINED(memory, size); }
// The verdict itself is public.
bool reveal(bool verdict) {
  (void)VALGRIND_MAKE_MEM_DEFINED(&verdict, sizeof verdict);
  return verdict;
}

int comparisons() {
  int wrong = 0;
  for (int differing = -1; differing < 16; differing += 5) {
    net::OneTimeKey key;
    for (std::size_t i = 0; i < key.bytes.size(); ++i) key.bytes[i] = static_cast<std::uint8_t>(7 * i + 1);
    SecretBytes message(1000, 0x5a);
    poison(key.bytes.data(), key.bytes.size());
    poison(message.data(), message.size());
    net::TagMaker maker(key), again(key);
    maker.update(std::as_bytes(std::span(message)));
    again.update(std::as_bytes(std::span(message)));
    net::Tag tag = maker.finish(), received = again.finish();
    if (differing >= 0) received[static_cast<std::size_t>(differing)] ^= 1;
    bool equal = net::tag_matches(tag, received);
    wrong += reveal(equal) != (differing < 0);
    SecretBytes copy = message;
    wrong += !reveal(equal_in_constant_time(message.data(), copy.data(), message.size()));
  }
  return wrong;
}

int ordinary() {
  volatile unsigned char a[16] = {1, 2, 3}, b[16] = {1, 2, 4};
  poison(const_cast<unsigned char*>(a), sizeof a);
  for (int i = 0; i < 16; ++i)
    if (a[i] != b[i]) return 0;
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string(argv[1]) == "ordinary") return ordinary();
  int wrong = comparisons();
  if (wrong != 0) std::printf("%d comparisons gave the wrong answer\n", wrong);
  return wrong;
}
