#pragma once

// Everything in these headers is compiled once for each instruction set, inside that set's kernel file. So that no copy
// made for one processor can ever be called on another, all of it hangs on a lane type with internal linkage.
#define BELLOWS_INLINE inline __attribute__((always_inline))
#define BELLOWS_UNROLL _Pragma("GCC unroll 64")
