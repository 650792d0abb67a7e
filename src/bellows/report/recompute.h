#pragma once

#include "bellows/base/progress.h"
#include "bellows/certify/certificate.h"
#include "bellows/estimate/evidence.h"
#include "bellows/trials/reader.h"

namespace bellows::report {

/// The certificate that follows from a plan and a log. What the given one says on somebody's word
/// (certify/statements.h) is taken over, no program can check it; that it is unchanged, its digest shows. What the log
/// itself shows must be said. In:     given: a certificate that claims to be of this log. Out:    the certificate anew,
/// with given's seed digest; equal to `given` iff that is what it says it is. Errors: as certify::certify(); bad_input:
/// a block that cannot be read; cancelled.
Result<certify::Certificate> recompute_certificate(const certify::Certificate& given, const plan::Plan& plan,
                                                   const estimate::Evidence& evidence, const trials::LogReader& log,
                                                   const Context& context);

/// The first top key in which the two differ, or nothing.
std::optional<std::string> first_difference(const certify::Certificate& given, const certify::Certificate& recomputed);

}  // namespace bellows::report
