#include "bellows/gf2/product.h"

#include "bellows/gf2/small_product.h"

namespace bellows::gf2 {

Result<bits::BitString> multiply(bits::BitView a, bits::BitView b, const Context& context) {
  BELLOWS_TRY(context.check_cancelled());
  if (a.size_bits == 0 || b.size_bits == 0) return bits::BitString();
  const bits::BitString clean_a(a), clean_b(b);  // views may carry bits beyond their end
  SecretWords words(a.size_words() + b.size_words());
  multiply_karatsuba(words.data(), clean_a.words(), clean_a.size_words(), clean_b.words(), clean_b.size_words());
  return bits::BitString(bits::BitView{words.data(), a.size_bits + b.size_bits - 1});
}

}  // namespace bellows::gf2
