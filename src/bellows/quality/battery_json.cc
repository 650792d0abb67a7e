#include <cmath>
#include <nlohmann/json.hpp>

#include "bellows/quality/battery.h"

namespace bellows::quality {

nlohmann::json battery_json(const BatteryReport& report) {
  using nlohmann::json;
  json rows = json::array();
  for (const BatteryRow& row : report.rows) {
    json entry = {{"test", nist_name(row.test)},
                  {"index", row.index},
                  {"status", row_status_name(row.status)},
                  {"bins", row.bins},
                  {"valid_sequences", row.valid_sequences},
                  {"passed_sequences", row.passed_sequences},
                  {"passes_needed", row.passes_needed}};
    if (!row.variant.empty()) entry["variant"] = row.variant;
    if (!row.invalid_reason.empty()) entry["invalid_reason"] = row.invalid_reason;
    if (row.uniformity) entry["uniformity"] = *row.uniformity;
    if (row.smallest_p_value) entry["smallest_p_value"] = *row.smallest_p_value;
    json values = json::array();
    for (double p : row.p_values) values.push_back(std::isnan(p) ? json(nullptr) : json(p));
    if (!values.empty()) entry["p_values"] = std::move(values);
    rows.push_back(std::move(entry));
  }
  const NistParameters& p = report.parameters;
  return {{"suite", "NIST SP 800-22 rev. 1a"},
          {"verdict", row_status_name(report.verdict)},
          {"bits", report.size_bits},
          {"sequence_bits", report.sequence_bits},
          {"sequences", report.sequences},
          {"unused_bits", report.unused_bits},
          {"significance", report.significance},
          {"rows_passed", report.rows_with(RowStatus::passed)},
          {"rows_failed", report.rows_with(RowStatus::failed)},
          {"rows_invalid", report.rows_with(RowStatus::invalid)},
          {"rows_expected_to_fail_by_chance", report.expected_failed_rows},
          {"parameters",
           {{"block_frequency_block_bits", p.block_frequency_block_bits},
            {"non_overlapping_template_bits", p.non_overlapping_template_bits},
            {"overlapping_template_bits", p.overlapping_template_bits},
            {"approximate_entropy_bits", p.approximate_entropy_bits},
            {"serial_bits", p.serial_bits},
            {"linear_complexity_block_bits", p.linear_complexity_block_bits},
            {"ignore_minimum_length", p.ignore_minimum_length}}},
          {"note", no_proof_of_origin},
          {"rows", std::move(rows)}};
}

}  // namespace bellows::quality
