#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "bellows/base/result.h"

namespace bellows::gf2 {

/// Memory that a program may still take: the smaller of the system's MemAvailable and what the control group leaves.
std::uint64_t available_memory_bytes();

/// Errors: bad_input: the machine has less than `needed_bytes` left; says both numbers.
Status check_memory(std::string_view what, std::uint64_t needed_bytes);

/// Zeroed memory in large pages, aligned to them, wiped when it is given back. Pages come when they are first touched.
class Buffer {
 public:
  static constexpr std::size_t page_bytes = std::size_t{2} << 20;

  Buffer() = default;
  explicit Buffer(std::size_t size_bytes);
  Buffer(Buffer&& other) noexcept
      : bytes_(std::exchange(other.bytes_, nullptr)), size_(std::exchange(other.size_, 0)), wiped_(other.wiped_) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(size_, other.size_);
    std::swap(wiped_, other.wiped_);
    return *this;
  }
  ~Buffer();

  /// Says that the owner has just wiped all of it, so that this need not be done once more at the end, unless it is
  /// asked for again in between.
  void set_wiped() { wiped_ = true; }

  std::uint8_t* data() {
    if (wiped_) wiped_ = false;
    return bytes_;
  }
  const std::uint8_t* data() const { return bytes_; }
  std::size_t size_bytes() const { return size_; }

 private:
  std::uint8_t* bytes_ = nullptr;
  std::size_t size_ = 0;
  bool wiped_ = false;
};

}  // namespace bellows::gf2
