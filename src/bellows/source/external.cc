#include "bellows/source/external.h"

#include <fmt/format.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "bellows/base/spec.h"
#include "bellows/source/simulated.h"

namespace bellows::source {
namespace {

/// Even bits of a word, packed into its lower half.
std::uint64_t even_bits(std::uint64_t word) {
  word &= 0x5555555555555555u;
  word = (word | word >> 1) & 0x3333333333333333u;
  word = (word | word >> 2) & 0x0f0f0f0f0f0f0f0fu;
  word = (word | word >> 4) & 0x00ff00ff00ff00ffu;
  word = (word | word >> 8) & 0x0000ffff0000ffffu;
  return (word | word >> 16) & 0x00000000ffffffffu;
}

class ExternalSource : public Source {
 public:
  using Source::Source;
  bool is_simulated() const override { return false; }
  Status skip_settings(std::uint64_t) override { return {}; }  // a pipe and the system give new bits

  Status draw_settings(bits::ChunkDrawer& drawer, const bell::HiddenPlanes&, SourceMemory&, std::uint64_t* x,
                       std::uint64_t* y) override {
    const std::uint64_t trials = drawer.trial_count();
    bits::BitString pairs(2 * trials);
    BELLOWS_TRY(read(pairs.words(), 2 * trials, "settings"));
    auto pair_word = [&](std::uint64_t i) { return i < pairs.size_words() ? pairs.words()[i] : 0; };
    for (std::uint64_t w = 0; w < bits::words_for(trials); ++w) {
      const std::uint64_t low = pair_word(2 * w), high = pair_word(2 * w + 1);
      x[w] = even_bits(low) | even_bits(high) << 32;
      y[w] = even_bits(low >> 1) | even_bits(high >> 1) << 32;
    }
    return {};
  }

  Result<bits::BitString> draw_seed(const bits::StreamKey&, std::uint64_t count_bits) override {
    bits::BitString seed(count_bits);
    BELLOWS_TRY(read(seed.words(), count_bits, "the seed"));
    return seed;
  }

 protected:
  virtual Status read(std::uint64_t* words, std::uint64_t count_bits, const char* what) = 0;
};

class FileSource : public ExternalSource {
 public:
  FileSource(std::string path, double mu, bits::BitStream stream)
      : ExternalSource(path == "-" ? "pipe" : "file", mu), path_(std::move(path)), stream_(std::move(stream)) {}

  nlohmann::json describe() const override {
    nlohmann::json description = Source::describe();
    description["path"] = path_;
    return description;
  }

  Status skip_settings(std::uint64_t trial_count) override {
    if (path_ == "-") return {};
    bits::BitString dropped(std::uint64_t{1} << 20);
    for (std::uint64_t left = 2 * trial_count; left != 0;) {
      const std::uint64_t piece = std::min(left, dropped.size_bits());
      BELLOWS_TRY(read(dropped.words(), piece, "the settings of earlier trials"));
      left -= piece;
    }
    return {};
  }

 protected:
  Status read(std::uint64_t* words, std::uint64_t count_bits, const char* what) override {
    BELLOWS_ASSIGN(std::uint64_t got, stream_.read(words, count_bits));
    if (got == count_bits) return {};
    return bad_input(fmt::format("the source ended while it gave {}", what), path_, stream_.position_bits() / 8,
                     fmt::format("{} bits more", count_bits), fmt::format("{}", got));
  }

 private:
  std::string path_;
  bits::BitStream stream_;
};

class SystemSource : public ExternalSource {
 public:
  explicit SystemSource(double mu) : ExternalSource("system", mu) {}

 protected:
  Status read(std::uint64_t* words, std::uint64_t count_bits, const char*) override {
    const std::uint64_t size_words = bits::words_for(count_bits);
    BELLOWS_TRY(bits::fill_from_system(std::as_writable_bytes(std::span(words, size_words))));
    if (count_bits % 64 != 0) words[size_words - 1] &= bits::low_mask(count_bits % 64);
    return {};
  }
};

}  // namespace

Result<std::unique_ptr<Source>> file_source(const Path& path, bits::BitStreamFormat format, double mu) {
  BELLOWS_TRY(check_bias(mu));
  BELLOWS_ASSIGN(bits::BitStream stream, bits::BitStream::open(path, format));
  return std::unique_ptr<Source>(new FileSource(path.string(), mu, std::move(stream)));
}

Result<std::unique_ptr<Source>> system_source(double mu) {
  BELLOWS_TRY(check_bias(mu));
  return std::unique_ptr<Source>(new SystemSource(mu));
}

Result<bits::BitString> draw_system_bits(std::uint64_t count_bits) {
  bits::BitString drawn(count_bits);
  BELLOWS_TRY(bits::fill_from_system(std::as_writable_bytes(std::span(drawn.words(), drawn.size_words()))));
  if (count_bits != 0) drawn.trim();
  return drawn;
}

Result<bits::BitStreamFormat> guess_format(const Path& path) {
  if (path == "-") return bits::BitStreamFormat::raw;
  BELLOWS_ASSIGN(File file, File::open_for_reading(path));
  BELLOWS_ASSIGN(std::uint64_t size_bytes, file.size_bytes());
  if (size_bytes == 0) return bits::BitStreamFormat::raw;  // a pipe must not be touched
  std::byte magic[8];
  BELLOWS_ASSIGN(std::size_t got, file.read_some(magic));
  return got == 8 && std::memcmp(magic, "BELLBITS", 8) == 0 ? bits::BitStreamFormat::bit_file
                                                            : bits::BitStreamFormat::raw;
}

const char* source_help() {
  return R"(  honest           drifts by up to mu/2 over some 10^6 trials; y leans by up to mu/2 to or from what x was
  uniform          probability one half, whatever is claimed
  edge             every bit is 1 with probability 1/2 + mu
  remembering      every bit leans by mu to the bit before
  history          chooses each bit at an end of its range from all settings of the block so far
  scheming         knows the device, and helps it as far as mu allows
  file:path=FILE   a .bits file, or raw bytes (least significant bit first; order=msb for the other way)
  pipe             raw bytes from standard input
  system           the system's random generator)";
}

Result<std::unique_ptr<Source>> make_source(const std::string& text, double mu, const DeviceKnowledge& device) {
  BELLOWS_ASSIGN(Spec spec, Spec::parse(text));
  const std::string path = spec.name() == "file" ? spec.word("path", "") : "-";
  const std::string order = spec.name() == "file" || spec.name() == "pipe" ? spec.word("order", "lsb") : "lsb";
  BELLOWS_TRY(spec.finish());
  if (order != "lsb" && order != "msb") return usage_error("wrong order of bits in bytes", "lsb or msb", order);
  if (spec.name() == "honest") return honest_source(mu);
  if (spec.name() == "uniform") return uniform_source(mu);
  if (spec.name() == "edge") return edge_source(mu);
  if (spec.name() == "remembering") return remembering_source(mu);
  if (spec.name() == "history") return history_source(mu);
  if (spec.name() == "scheming") return scheming_source(mu, device);
  if (spec.name() == "system") return system_source(mu);
  if (spec.name() == "file" || spec.name() == "pipe") {
    if (path.empty()) return usage_error("the source needs a file", "file:path=FILE", text);
    BELLOWS_ASSIGN(bits::BitStreamFormat format, guess_format(path));
    if (order == "msb" && format == bits::BitStreamFormat::raw) format = bits::BitStreamFormat::raw_msb_first;
    return file_source(path, format, mu);
  }
  return usage_error("no such source", "honest, uniform, edge, remembering, history, scheming, file, pipe or system",
                     spec.name());
}

}  // namespace bellows::source
