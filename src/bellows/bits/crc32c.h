#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace bellows::bits {

/// CRC-32C (Castagnoli, reflected, as in iSCSI, RFC 3720). `previous` continues an earlier piece.
std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t previous = 0);

}  // namespace bellows::bits
