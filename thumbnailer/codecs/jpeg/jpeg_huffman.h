// Huffman tables for a JPEG by what stands in a part of it. Pure.
//
// A picture's own tables spare 2 % (1600 pixels wide) to 4 % (256) of its bytes, but to count all
// its symbols costs more than half the encoding. A part of it tells nearly as much; only that the
// tables must have codes for all symbols, also for those that did not occur in it.
#pragma once

#include <array>
#include <cstdint>

namespace miniatura {

// As it stands in the file: how many codes there are of each length (1 to 16; place 0 is nothing),
// and the symbols, those of the shortest codes first.
struct HuffmanTable {
  std::array<std::uint8_t, 17> counts{};
  std::array<std::uint8_t, 256> symbols{};
};

// What the symbols are: sizes of differences, or runs of zeros with the size of what follows.
enum class HuffmanKind { dc, ac };

// The table with codes for all symbols that 8 bits a sample can have, the others' about as long as
// before. Of `sampled` only the first 256 symbols count.
HuffmanTable completed(const HuffmanTable& sampled, HuffmanKind kind);

}  // namespace miniatura
