#include "bellows/protocol/four_device_files.h"

#include <gtest/gtest.h>

#include <fstream>

#include "bellows/bits/bit_file.h"
#include "bellows/testing/temp_folder.h"

namespace bellows::protocol {
namespace {

FourDeviceResult small_run() {
  FourDeviceOptions options;
  options.plan = {Exact::literal("0.01"), 300, 0, 1, Exact::literal("1e-9")};
  options.key = bits::StreamKey::from_number(3);
  return run_four_device(options).value();
}

TEST(FourDeviceFiles, VerifyWhatTheyHold) {
  const testing::TempFolder folder;
  ASSERT_TRUE(save_four_device(folder.path() / "run", small_run()).ok());
  const auto verified = verify_four_device(folder.path() / "run").value();
  EXPECT_EQ(verified.refused_because, "");
  EXPECT_EQ(verified.trials, 300U);
  EXPECT_FALSE(save_four_device(folder.path() / "run", small_run()).ok()) << "nothing is overwritten";
}

TEST(FourDeviceFiles, ForgeriesAreRefused) {
  const testing::TempFolder folder;
  const Path run = folder.path() / "run";
  ASSERT_TRUE(save_four_device(run, small_run()).ok());
  const std::string plan = read_text_file(run / "plan.json").value();
  const auto write_plan = [&](const std::string& text) { std::ofstream(run / "plan.json", std::ios::trunc) << text; };

  auto document = nlohmann::json::parse(plan);
  document["epsilon"] = "1e-12";
  write_plan(document.dump());
  EXPECT_EQ(verify_four_device(run)->refused_because, "the log was taken under another plan");
  write_plan(plan.substr(0, 50));
  EXPECT_EQ(verify_four_device(run).error().code, ErrorCode::bad_input);
  write_plan(plan);
  EXPECT_EQ(verify_four_device(run)->refused_because, "");

  auto output = bits::read_bit_file(run / "output.bits").value();
  output.bits.set(0, !output.bits[0]);
  ASSERT_TRUE(bits::write_bit_file(run / "output.bits", output.bits, bits::BitFileKind::secret, true).ok());
  EXPECT_EQ(verify_four_device(run)->refused_because, "the output is not what seed and outcomes give");
}

TEST(FourDeviceFiles, HostilePlansAreErrors) {
  const auto certificate = small_run().certificate.value();
  const nlohmann::json good = four_device_to_json(certificate);
  ASSERT_TRUE(four_device_from_json(good).ok());
  for (const auto& [key, value] : {std::pair<const char*, nlohmann::json>{"mu", "0.5"}, {"mu", 1}, {"mu", "x"}, {"trials", 0}, {"trials", -1},
                                   {"output_bits", 0}, {"epsilon", "0"}, {"extractor", "none"}, {"field_length", 1ULL << 60}, {"pieces", 1ULL << 60},
                                   {"version", 2}, {"version", (1ULL << 32) + 1}, {"version", 1.5},
                                   {"parties_read", (1ULL << 32) + 2}, {"trials", 300.5}, {"log2_e_a", "big"}}) {
    nlohmann::json bad = good;
    bad[key] = value;
    EXPECT_FALSE(four_device_from_json(bad).ok()) << key << " " << value;
  }
  EXPECT_FALSE(four_device_from_json(nlohmann::json::array()).ok());
}

}  // namespace
}  // namespace bellows::protocol
