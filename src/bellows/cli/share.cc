#include "bellows/cli/share.h"

#include <fmt/format.h>

#include "bellows/numeric/exact.h"

namespace bellows::cli {

CLI::Option* add_share(CLI::App& verb, const std::string& name, double& share, const std::string& help) {
  return verb.add_option(name, share, help)->transform([name](const std::string& text) {
    auto value = numeric::Exact::parse(text);
    if (!value.ok()) throw CLI::ValidationError(name, "not a share, such as 0.02, 2% or 1/50: " + text);
    return fmt::format("{}", value->nearest());
  });
}

Status check_share(const std::string& what, double share, bool may_be_one) {
  if (share >= 0 && (share < 1 || (may_be_one && share == 1))) return {};
  std::string expected = may_be_one ? "0 to 1" : "0 to 1, less than 1";
  if (share > 1 && share <= 100) expected += fmt::format("; {:g} per cent is written {:g}%", share, share);
  return usage_error(what + " is out of range", expected, fmt::format("{:g}", share));
}

}  // namespace bellows::cli
