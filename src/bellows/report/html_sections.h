#pragma once

#include <string>

#include "bellows/certify/locality.h"
#include "bellows/estimate/scores.h"
#include "bellows/quality/battery.h"
#include "bellows/report/html_report.h"

namespace bellows::report {

/// What a page may show of the outcomes: all of it, or what the plan priced. A public page of a run that is not as its
/// certificate says shows nothing of them: its log may be another, with more in it than was paid for.
struct Shown {
  bool everything = true;
  bool score = true;         ///< the observed score
  bool totals = true;        ///< sixteen counts: S, S_mu, no-signalling
  bool block_scores = true;  ///< win share by group of trials; RunView::published_groups
  bool log_digest = true;
};
Shown what_is_shown(const RunView& run, bool for_public);

// Parts of the page, each whole HTML; empty where there is nothing to tell.
std::string page_head(const std::string& title, const std::string& kicker, bool may_fetch);
std::string verdict_section(const RunView& run, const Shown& shown);
std::string facts_section(const RunView& run, const std::optional<estimate::Summary>& summary, const Shown& shown);
std::string series_section(const RunView& run, const Shown& shown);
std::string waterfall_section(const RunView& run);
std::string settings_section(const RunView& run, const std::optional<estimate::Summary>& summary);
std::string signalling_section(const std::optional<estimate::Summary>& summary, const Shown& shown);
std::string locality_section(const RunView& run, const std::optional<certify::LocalityReport>& checked,
                             const Shown& shown);
std::string assumptions_section(const RunView& run);
std::string digests_section(const RunView& run, const Shown& shown);
std::string output_section(const std::string& png, std::uint64_t shown_bits, std::uint64_t output_bits,
                           const quality::BatteryReport& tests);
std::string page_end(const std::string& data_json, const std::string& extra_script, const std::string& origin);

/// One chart of the page: where the script draws series `name`.
std::string series_figure(const std::string& name, const std::string& title, const std::string& caption);

}  // namespace bellows::report
