// The checker alone, for instrumented builds: check_file PROOF says whether the file proves its statement (0), does not (1) or is malformed (3).
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "bellows/entropy/check_proof.h"
#include "bellows/entropy/proof.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  std::ifstream file(argv[1], std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  const auto proof = bellows::entropy::parse_proof(bytes, argv[1]);
  if (!proof.ok()) {
    std::puts(proof.error().message.c_str());
    return 3;
  }
  const auto verdict = bellows::entropy::check_proof(*proof, {}, 96);
  if (!verdict.ok()) {
    std::puts(verdict.error().message.c_str());
    return 3;
  }
  std::printf("%llu cells, %llu refused\n", static_cast<unsigned long long>(verdict->cells), static_cast<unsigned long long>(verdict->cells_refused));
  return verdict->proved() ? 0 : 1;
}
