#include "bellows/report/png.h"

#include <fmt/format.h>
#include <png.h>

#include <csetjmp>
#include <cstring>

#include "bellows/base/checked.h"

namespace bellows::report {
namespace {

void append(png_structp png, png_bytep bytes, png_size_t size) {
  static_cast<std::string*>(png_get_io_ptr(png))->append(reinterpret_cast<const char*>(bytes), size);
}
void flush_nothing(png_structp) {}
void be_silent(png_structp, png_const_charp) {}
[[noreturn]] void fail(png_structp png, png_const_charp) { png_longjmp(png, 1); }

// Rows come from row(i). libpng jumps on errors: nothing with a destructor may live in this frame.
bool encode(std::string& out, std::uint32_t width, std::uint32_t height, int depth, int colour, int level,
            const std::uint8_t* (*row)(void* from, std::uint32_t i), void* from) {
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, fail, be_silent);
  if (png == nullptr) return false;
  png_infop info = png_create_info_struct(png);
  if (info == nullptr || setjmp(png_jmpbuf(png)) != 0) {
    png_destroy_write_struct(&png, &info);
    return false;
  }
  png_set_write_fn(png, &out, append, flush_nothing);
  png_set_user_limits(png, 0x7fffffff, 0x7fffffff);
  png_set_compression_level(png, level);
  png_set_IHDR(png, info, width, height, depth, colour, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  if (depth == 1) png_set_packswap(png);  // our bits are least significant first
  for (std::uint32_t i = 0; i < height; ++i) png_write_row(png, row(from, i));
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return true;
}

}  // namespace

Result<std::string> encode_png_bits(bits::BitView bits, std::uint64_t width) {
  if (width == 0 || width > 0x7fffffff || bits.size_bits == 0)
    return usage_error("no picture of this size", "a width of at least 1 and some bits",
                       fmt::format("width {}, {} bits", width, bits.size_bits));
  std::uint64_t height = divide_up(bits.size_bits, width);
  if (height > 0x7fffffff) return usage_error("the picture has too many rows", "at most 2^31", std::to_string(height));
  struct Rows {
    bits::BitView bits;
    std::uint64_t width;
    SecretWords words;
  } rows{bits, width, SecretWords(bits::words_for(width) + 1)};
  auto row = [](void* from, std::uint32_t i) -> const std::uint8_t* {
    Rows& self = *static_cast<Rows*>(from);
    for (std::uint64_t done = 0; done < self.width; done += 64)
      self.words[done / 64] = self.bits.word_at_bit(i * self.width + done);
    if (self.width % 64 != 0) self.words[self.width / 64] &= bits::low_mask(self.width % 64);
    return reinterpret_cast<const std::uint8_t*>(self.words.data());
  };
  std::string out;
  if (!encode(out, static_cast<std::uint32_t>(width), static_cast<std::uint32_t>(height), 1, PNG_COLOR_TYPE_GRAY, 1,
              row, &rows))
    return internal_error("the picture could not be encoded");
  return out;
}

Result<std::string> encode_png(const Picture& picture) {
  std::uint64_t stride = std::uint64_t{picture.width} * picture.channels;
  if (picture.width == 0 || picture.height == 0 || picture.bytes.size() != stride * picture.height)
    return internal_error("a picture whose size does not fit its bytes");
  auto row = [](void* from, std::uint32_t i) {
    const Picture& self = *static_cast<const Picture*>(from);
    return self.bytes.data() + std::uint64_t{i} * self.width * self.channels;
  };
  std::string out;
  if (!encode(out, picture.width, picture.height, 8,
              picture.channels == 4 ? PNG_COLOR_TYPE_RGB_ALPHA : PNG_COLOR_TYPE_RGB, 6, row,
              const_cast<Picture*>(&picture)))
    return internal_error("the picture could not be encoded");
  return out;
}

Result<Picture> read_png(const Path& path) {
  BELLOWS_ASSIGN(std::string text, read_text_file(path, std::uint64_t{1} << 30));
  png_image image;
  std::memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  if (png_image_begin_read_from_memory(&image, text.data(), text.size()) == 0)
    return bad_input("not a PNG picture", path, std::nullopt, "a PNG file", image.message);
  if (std::uint64_t{image.width} * image.height > std::uint64_t{1} << 28) {
    png_image_free(&image);
    return bad_input("the picture is too large", path, std::nullopt, "at most 2^28 pixels",
                     fmt::format("{} x {}", image.width, image.height));
  }
  image.format = PNG_FORMAT_RGB;
  Picture picture{image.width, image.height, 3, std::vector<std::uint8_t>(PNG_IMAGE_SIZE(image))};
  png_color white{255, 255, 255};
  if (png_image_finish_read(&image, &white, picture.bytes.data(), 0, nullptr) == 0)
    return bad_input("damaged PNG picture", path, std::nullopt, "a PNG file", image.message);
  return picture;
}

}  // namespace bellows::report
