// Stands in for libFuzzer where the compiler has none: runs every seed of the corpus folder, then random mutations of
// them (a hundred times as many with BELLOWS_LONG=1). Usage: fuzz_x [-runs=N] [-seed=S] FOLDER...
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes mutate(Bytes bytes, const Bytes& other, std::mt19937_64& random) {
  for (std::uint64_t rounds = 1 + random() % 4; rounds > 0; --rounds) {
    std::size_t at = bytes.empty() ? 0 : random() % bytes.size();
    switch (random() % 7) {
      case 0:
        if (!bytes.empty()) bytes[at] ^= static_cast<std::uint8_t>(1u << random() % 8);
        break;
      case 1:
        if (!bytes.empty()) bytes[at] = static_cast<std::uint8_t>(random());
        break;
      case 2:
        bytes.resize(at);
        break;
      case 3:
        bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), static_cast<std::uint8_t>(random()));
        break;
      case 4:  // an extreme number where a count may stand
        if (bytes.size() >= at + 8) {
          std::uint64_t extremes[] = {0, 1, ~0ull, 1ull << 63, 1ull << 32, (1ull << 32) - 1, random()};
          std::memcpy(bytes.data() + at, &extremes[random() % 7], 8);
        }
        break;
      case 5:  // the tail of another seed
        if (!other.empty()) {
          std::size_t from = random() % other.size();
          bytes.resize(at);
          bytes.insert(bytes.end(), other.begin() + static_cast<std::ptrdiff_t>(from), other.end());
        }
        break;
      case 6:
        for (std::size_t i = at; i < bytes.size() && i < at + 16; ++i) bytes[i] = 0;
        break;
    }
  }
  return bytes;
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t runs = 1000, seed = 1;
  std::vector<Bytes> seeds{Bytes{}};
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    if (word.rfind("-runs=", 0) == 0)
      runs = std::strtoull(word.c_str() + 6, nullptr, 10);
    else if (word.rfind("-seed=", 0) == 0)
      seed = std::strtoull(word.c_str() + 6, nullptr, 10);
    else if (std::filesystem::is_directory(word))
      for (const auto& entry : std::filesystem::recursive_directory_iterator(word)) {
        if (!entry.is_regular_file()) continue;
        std::ifstream file(entry.path(), std::ios::binary);
        seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
      }
  }
  for (const Bytes& bytes : seeds) LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  if (std::getenv("BELLOWS_LONG")) runs *= 100;
  std::mt19937_64 random(seed);
  for (std::uint64_t i = 0; i < runs; ++i) {
    Bytes bytes = mutate(seeds[random() % seeds.size()], seeds[random() % seeds.size()], random);
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  }
  std::printf("%zu seeds, %llu mutations, no crash\n", seeds.size() - 1, static_cast<unsigned long long>(runs));
}
