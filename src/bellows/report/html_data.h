#pragma once

#include <nlohmann/json.hpp>

#include "bellows/estimate/group_wins.h"
#include "bellows/estimate/scores.h"
#include "bellows/report/html_run.h"

namespace bellows::report {

/// A page holds at most so many points of a chart; longer logs have neighbouring blocks added up.
inline constexpr std::size_t most_points = 2000;

/// Neighbouring blocks added up until at most most_points are left; keeps the index and time of the first of each.
std::vector<estimate::BlockCounts> thin_out(const std::vector<estimate::BlockCounts>& blocks);

/// The classical limit of the win share, 1 - mu_min.
double classical_win_limit(double mu);

/// What the script of the page draws series from: `blocks` (a table) and `series` (which column, which lines).
nlohmann::json block_series(const estimate::Evidence& evidence, std::optional<double> mu,
                            const certify::Certificate* certificate);

/// The same for a page that shows the numbers of wins by group and nothing else (plan/published.h): one row a group.
nlohmann::json group_series(const std::vector<estimate::GroupWins>& groups, std::optional<double> mu,
                            const certify::Certificate& certificate);

/// Steps from raw bits to output bits, each with from, to, bits, why; the first and last are no losses. In: compared:
/// false where the run is not all there, and the certificate only says so.
nlohmann::json waterfall(const certify::Certificate& certificate, bool compared = true);

/// Setting frequencies against the range that the claimed bias allows; settings are no secret.
nlohmann::json setting_ranges(const estimate::SettingCheck& check);

}  // namespace bellows::report
