#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bellows/base/progress.h"
#include "bellows/bits/bit_string.h"
#include "bellows/estimate/evidence.h"
#include "bellows/numeric/exact.h"
#include "bellows/report/figure.h"
#include "bellows/report/png.h"

namespace bellows::report {

/// Kulikov et al., Figure 2: the trials that a violation S takes for a million output bits, a curve for each bias, with
/// published experiments. Solid and dotted: what is proved here, of both outcomes and of one; dashed: the published
/// method. Errors: usage: a bias outside [0, 1/2), epsilon outside (0, 1); cancelled.
Result<Figure> kulikov_figure_2(const std::vector<numeric::Exact>& biases, const numeric::Exact& epsilon,
                                std::uint64_t output_bits, const Context& context);

/// Kulikov et al., Figure 4: S and S_mu by block, with averages and classical limits.
/// Errors: refused: no trials.
Result<Figure> kulikov_figure_4(const estimate::Evidence& evidence, double mu);

/// Masanes et al., Figure 2: key rate against noise, a curve for each number of settings M (equation 21 with the
/// minimum over theta, which the printed maximum must be).
Figure masanes_figure_2(const std::vector<unsigned>& settings);
/// The rate at the best gamma; 0 where there is none. For M >= 2 and noise in [0, 1].
double masanes_rate(unsigned settings, double noise);

/// Brandao et al., Figure 6: the noise delta that is tolerated at the bias epsilon, where (111) becomes an equality.
Figure brandao_figure_6();
double brandao_noise(double bias);

/// Kulikov et al., Figure 11: the picture and the picture with every bit of its pixels flipped by a bit of the pad,
/// side by side. Bits used as a pad are used up.
/// Errors: usage: fewer bits than the picture takes (24 a pixel).
Result<Picture> one_time_pad_picture(const Picture& picture, bits::BitView pad);

}  // namespace bellows::report
