#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <nlohmann/json.hpp>

#include "bellows/base/threads.h"
#include "bellows/bits/cpu.h"
#include "bellows/cli/command.h"
#include "bellows/extract/hasher.h"
#include "bellows/gf2/field_sizes.h"
#include "bellows/gf2/memory.h"
#include "bellows/gf2/product.h"

namespace bellows::cli {
namespace {

constexpr const char* manual =
    R"(Measures extraction on this machine, at the sizes of the published experiment or (--quick) a sixteenth of them:

  shift-matrix   correlation of two strings of 2,684,354,560 bits, 20,431,465 lags
  toeplitz       10^8 bits to half as many
  product        two polynomials over GF(2) of 2^30 bits
  short-seed     2,684,354,560 raw bits to 226,000,000
  short-seed-2   the same to 571,000,000
  toeplitz-2     2,684,354,560 raw bits to 226,000,000

Each runs --repeat times; the best time is shown with its processor time (all threads), and the memory taken beside the inputs. `check` is a checksum of the
result, which is made from fixed inputs: it must be the same for every kernel set and number of threads.

--kernels shows what this processor has, and which set is used. BELLOWS_KERNEL=NAME in the environment forces a set, for
every verb; a name that is unknown or not available is an error.

Examples:
  bellows bench --kernels
  bellows bench --work short-seed --threads 1
  BELLOWS_KERNEL=avx2 bellows bench --quick)";

struct Options {
  bool kernels_only = false, quick = false;
  unsigned repeat = 3;
  std::vector<std::string> work;
};

struct Work {
  const char* name;
  const char* family;  ///< empty: a product
  std::uint64_t first_bits, second_bits;
};

constexpr Work all_work[] = {{"shift-matrix", "shift-matrix", 2'684'354'560, 20'431'465},
                             {"toeplitz", "toeplitz", 100'000'000, 50'000'000},
                             {"product", "", std::uint64_t{1} << 30, std::uint64_t{1} << 30},
                             {"short-seed", "short-seed", 2'684'354'560, 226'000'000},
                             {"short-seed-2", "short-seed", 2'684'354'560, 571'000'000},
                             {"toeplitz-2", "toeplitz", 2'684'354'560, 226'000'000}};

struct Measurement {
  double seconds = 0, cpu_seconds = 0;  // of the best run
  std::uint64_t memory_bytes = 0, input_bits = 0, check = 0;
};

// Not random, only irregular: xorshift.
bits::BitString irregular_bits(std::uint64_t size_bits, std::uint64_t state) {
  bits::BitString string(size_bits);
  for (std::uint64_t i = 0; i < string.size_words(); ++i) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    string.words()[i] = state * 0x9e3779b97f4a7c15u;
  }
  string.trim();
  return string;
}

std::uint64_t checksum(bits::BitView string) {
  std::uint64_t sum = 0xcbf29ce484222325u;
  for (std::uint64_t i = 0; i < string.size_words(); ++i) sum = (sum ^ string.word(i)) * 0x100000001b3u;
  return sum;
}

// Best of some runs of `run`, which gives the result.
template <class Run>
Result<Measurement> best_of(unsigned repeat, const Run& run) {
  Measurement best;
  for (unsigned i = 0; i < std::max(1u, repeat); ++i) {
    const auto start = std::chrono::steady_clock::now();
    const std::clock_t cpu_start = std::clock();
    BELLOWS_ASSIGN(const bits::BitString result, run());
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (i == 0 || seconds < best.seconds) {
      best.seconds = seconds;
      best.cpu_seconds = static_cast<double>(std::clock() - cpu_start) / CLOCKS_PER_SEC;
    }
    best.check = checksum(result);
  }
  return best;
}

Result<Measurement> measure(const Work& work, const Options& options, Context context) {
  const std::uint64_t divisor = options.quick ? 16 : 1;
  const std::uint64_t first = work.first_bits / divisor, second = work.second_bits / divisor;
  context.progress = {};
  if (work.family[0] == 0) {
    BELLOWS_TRY(gf2::check_memory("the benchmark", (first + second) / 8));
    const bits::BitString a = irregular_bits(first, 1), b = irregular_bits(second, 2);
    BELLOWS_ASSIGN(Measurement m, best_of(options.repeat, [&] { return gf2::multiply(a, b, context); }));
    m.input_bits = first + second;
    m.memory_bytes = gf2::product_memory_bytes(first, second, context.thread_count);
    return m;
  }
  BELLOWS_ASSIGN(const extract::Family family, extract::family_from_name(work.family));
  extract::HashShape shape{.family = family, .raw_bits = first, .output_bits = second};
  // A field as the certificate would choose it: the output and a little for its losses.
  if (family == extract::Family::short_seed) shape.field_length = gf2::field_length_for(second + second / 200);
  BELLOWS_TRY(extract::check_shape(shape));
  const std::uint64_t seed_bits = extract::seed_bits_needed(shape);
  BELLOWS_TRY(gf2::check_memory("the benchmark",
                                (first + seed_bits) / 8 + extract::memory_bytes_needed(shape, context.thread_count)));
  const bits::BitString raw = irregular_bits(first, 1), seed = irregular_bits(seed_bits, 2);
  auto run = [&]() -> Result<bits::BitString> {
    BELLOWS_ASSIGN(extract::Hasher hasher, extract::Hasher::create(shape, seed, context));
    for (std::uint64_t at = 0; at < first; at += 1 << 22)  // in segments, as the planes of a log come
      BELLOWS_TRY(hasher.absorb({raw.words() + at / 64, std::min<std::uint64_t>(1 << 22, first - at)}));
    return hasher.finish();
  };
  BELLOWS_ASSIGN(Measurement m, best_of(options.repeat, run));
  m.input_bits = first + seed_bits;
  m.memory_bytes = extract::memory_bytes_needed(shape, context.thread_count);
  return m;
}

nlohmann::json show_kernels(const Console& console) {
  nlohmann::json sets = nlohmann::json::array();
  std::string line = "kernel sets  ";
  for (bits::Kernel kernel : bits::all_kernels) {
    const bool available = bits::kernel_is_available(kernel), active = kernel == bits::active_kernel();
    line += fmt::format(" {}{}", bits::kernel_name(kernel),
                        active      ? " (used)"
                        : available ? ""
                                    : " (not on this processor)");
    sets.push_back({{"name", bits::kernel_name(kernel)}, {"available", available}, {"used", active}});
  }
  console.print(line);
  return sets;
}

}  // namespace

void add_bench(CommandLine& line) {
  auto options = std::make_shared<Options>();
  CLI::App& verb = line.add_verb("bench", "the speed of this machine, and its kernel sets", manual);
  verb.add_flag("--kernels", options->kernels_only, "only show the kernel sets");
  verb.add_flag("--quick", options->quick, "a sixteenth of the size");
  verb.add_option("--repeat", options->repeat, "runs of each, the best counts")->check(CLI::Range(1, 100));
  verb.add_option("--work", options->work, "only this; may be given more than once");
  line.on_run(verb, [options](Console& console) -> Result<Verdict> {
    BELLOWS_TRY(bits::chosen_kernel().ok() ? Status() : Status(bits::chosen_kernel().error()));
    for (const std::string& name : options->work)
      if (std::none_of(std::begin(all_work), std::end(all_work), [&](const Work& work) { return name == work.name; }))
        return usage_error("there is no such work", "one of the names in `bellows bench --help`", name);
    nlohmann::json document = {{"kernels", show_kernels(console)}};
    if (!options->kernels_only) {
      const Context context = console.context();
      console.print(fmt::format("threads       {}", context.thread_count));
      console.print(fmt::format("{:<14}{:>14}{:>14}{:>11}{:>11}{:>11}{:>11}   {}", "work", "bits", "by / to bits",
                                "seconds", "of cpu", "Gbit/s in", "MiB", "check"));
      document["threads"] = context.thread_count;
      for (const Work& work : all_work) {
        if (!options->work.empty() &&
            std::find(options->work.begin(), options->work.end(), work.name) == options->work.end())
          continue;
        BELLOWS_ASSIGN(const Measurement m, measure(work, *options, context));
        const std::uint64_t divisor = options->quick ? 16 : 1;
        const double rate = static_cast<double>(m.input_bits) / m.seconds / 1e9;
        console.print(fmt::format("{:<14}{:>14}{:>14}{:>11.3f}{:>11.3f}{:>11.2f}{:>11}   {:016x}", work.name,
                                  work.first_bits / divisor, work.second_bits / divisor, m.seconds, m.cpu_seconds, rate,
                                  m.memory_bytes >> 20, m.check));
        document["work"].push_back({{"name", work.name},
                                    {"first_bits", work.first_bits / divisor},
                                    {"second_bits", work.second_bits / divisor},
                                    {"seconds", m.seconds},
                                    {"cpu_seconds", m.cpu_seconds},
                                    {"input_gbit_per_s", rate},
                                    {"memory_bytes", m.memory_bytes},
                                    {"check", fmt::format("{:016x}", m.check)}});
      }
    }
    console.result(document);
    return Verdict::done;
  });
}

}  // namespace bellows::cli
