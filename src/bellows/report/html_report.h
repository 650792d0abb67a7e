#pragma once

#include <optional>
#include <string>

#include "bellows/base/file.h"
#include "bellows/base/progress.h"
#include "bellows/certify/locality.h"
#include "bellows/report/html_run.h"

namespace bellows::report {

struct HtmlOptions {
  /// Picture and statistical tests of the output bits: whoever sees the page then sees some of the output.
  bool show_output = false;
  /// Leaves out everything that depends on outcomes and was not priced by the plan.
  bool for_public = false;
  /// The space-time check of this run, computed from its parts.
  std::optional<certify::LocalityReport> locality = {};
};

/// One self-contained page about a run: verdict first. No file, no network, under 3 MB.
/// In:     run: from read_run(). Errors: bad_input: output.bits unreadable (with show_output); usage: show_output and
///         for_public together; cancelled.
Result<std::string> html_report(const RunView& run, const HtmlOptions& options, const Context& context);

/// Writes the page of a run that was read: report.html (0600), or report.public.html (0644) for the public, or `to`.
/// An old page is replaced, and nothing else. Returns the path.
/// Errors: usage: `to` is there and is no page of bellows; as html_report(); bad_input: the system's word.
Result<Path> write_html_report(const RunView& run, const HtmlOptions& options, const Context& context,
                               const Path& to = {});
/// Reads the folder first.
Result<Path> write_html_report(const Path& folder, const HtmlOptions& options, const Context& context,
                               const Path& to = {});

}  // namespace bellows::report
