#pragma once

#include <cstddef>
#include <cstdint>

namespace bellows::bits {

std::uint32_t crc32c_clmul(const std::byte* bytes, std::size_t size, std::uint32_t state);

}  // namespace bellows::bits
