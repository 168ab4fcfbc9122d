#include "thumbnailer/codecs/jpeg/ac_scan.h"

#include <algorithm>
#include <bit>

namespace miniatura::baseline {
namespace {

struct Band {
  const AcTable& table;
  int first;
  int last;
  std::uint64_t mask;  // of its places
};

// A scan's state, copied to where it may be kept in registers.
struct Walk {
  BitReader reader;  // between symbols it has AcTable::kBits
  int to_end = 0;
  Damage damage{};
};

std::uint64_t bit_of(int place) { return std::uint64_t{1} << static_cast<unsigned>(place); }

// `place` may lie beyond the block; like libjpeg we then put the value last.
[[gnu::always_inline]] inline void put(Block& block, std::uint64_t& known, int place,
                                       std::int16_t value) {
  block.coefficients[kNaturalOrder[static_cast<std::size_t>(place)]] = value;
  known |= bit_of(std::min(place, kLastPlace));
}

// The symbol that a table does not have, in a reader that is filled. The run is AcTable::kEnd where
// the band ends, for this block and so many more as to_end says then.
struct LongSymbol {
  Walk walk;
  AcTable::Entry entry;
};
LongSymbol read_long(Walk walk, const AcTable& table, bool refines) {
  BitReader& reader = walk.reader;
  const Symbol symbol = table.code.find(reader.peek(CodeTable::kBitsMax));
  walk.damage.no_code |= symbol.length == 0 || (refines && symbol.size() > 1);
  const int size = symbol.is_end() ? symbol.run()
                   : refines       ? std::min(symbol.size(), 1)
                                   : symbol.size();
  const auto length = static_cast<unsigned>(symbol.length);
  AcTable::Entry entry{0, AcTable::kEnd, 0};
  if (symbol.is_end()) {
    const std::uint64_t more = reader.bits << length >> 1U >> (63 - size);
    walk.to_end = (1 << size) + static_cast<int>(more);
  } else {
    const int value = value_in(reader.bits, length, static_cast<unsigned>(size));
    entry.run = static_cast<std::uint8_t>(symbol.run());
    entry.value =
        static_cast<std::int16_t>(static_cast<unsigned>(value) << static_cast<unsigned>(table.low));
  }
  reader.drop(symbol.length + size);
  return {walk, entry};
}

// The next symbol, taken out. The look needs but kBits bits, and the reader is filled behind it:
// so it has not to wait for memory.
[[gnu::always_inline]] inline AcTable::Entry read_symbol(Walk& walk, const AcTable& table,
                                                         bool refines) {
  const AcTable::Entry entry = table.entries[walk.reader.peek(AcTable::kBits)];
  walk.reader.fill();
  if (entry.run >= AcTable::kEnd) {
    if (entry.run == AcTable::kLong) [[unlikely]] {
      const LongSymbol read = read_long(walk, table, refines);
      walk = read.walk;
      return read.entry;
    }
    walk.to_end = 1;
  }
  walk.reader.drop(entry.bits);
  return entry;
}

// ---- Blocks. Both read the first of the rest, or pass as many as have nothing more, and say how
// many.

[[gnu::always_inline]] inline int read_first(Walk& walk, const Band& band, BlockRun rest) {
  for (int at = band.first; walk.to_end == 0 && at <= band.last; ++at) {
    const AcTable::Entry entry = read_symbol(walk, band.table, false);
    if (entry.run == AcTable::kEnd) break;
    at += entry.run;
    if (entry.value != 0) put(*rest.blocks, *rest.known, at, entry.value);
  }
  const int ended = std::min(walk.to_end, rest.count);
  walk.to_end -= ended;
  return std::max(ended, 1);
}

// One bit more of what is known. libjpeg leaves a coefficient as it is that has this bit already,
// which no sound file brings about.
[[gnu::always_inline]] inline void correct(Walk& walk, Block& block, int place, unsigned low) {
  if (walk.reader.count <= AcTable::kBits) [[unlikely]]
    walk.reader.fill();
  std::int16_t& coefficient = block.coefficients[kNaturalOrder[static_cast<std::size_t>(place)]];
  const int value = coefficient;
  const int more = static_cast<int>(walk.reader.bits >> 63U << low) & ~value;
  coefficient = static_cast<std::int16_t>(value < 0 ? value - more : value + more);
  walk.reader.drop(1);
}

[[gnu::always_inline]] inline int refine(Walk& walk, const Band& band, BlockRun rest) {
  int ended = 0;
  while (ended < std::min(walk.to_end, rest.count) && (rest.known[ended] & band.mask) == 0) ++ended;
  walk.to_end -= ended;
  if (ended > 0) return ended;

  Block& block = *rest.blocks;
  std::uint64_t& known = *rest.known;
  std::uint64_t ahead = known & band.mask;  // and was not passed yet
  const auto low = static_cast<unsigned>(band.table.low);
  if (walk.to_end == 0) {
    for (int at = band.first; at <= band.last; ++at) {
      const AcTable::Entry entry = read_symbol(walk, band.table, true);
      if (entry.run == AcTable::kEnd) break;
      int run = entry.run;
      while (ahead != 0) {
        const int next = std::countr_zero(ahead);
        if (next - at > run) break;
        run -= next - at;
        at = next + 1;
        ahead &= ahead - 1;
        correct(walk, block, next, low);
      }
      // A run may lead beyond the band; like libjpeg we then put the value right behind it, or
      // last.
      at = std::min(at + run, band.last + 1);
      if (entry.value != 0) put(block, known, at, entry.value);
    }
  }
  if (walk.to_end > 0) {
    for (; ahead != 0; ahead &= ahead - 1) correct(walk, block, std::countr_zero(ahead), low);
    --walk.to_end;
  }
  return 1;
}

}  // namespace

AcScan::AcScan(const BaselineHeader& header, const ScanHeader& scan, ByteSource& data,
               std::size_t window_bytes)
    : table_(*header.ac_codes[header.components[scan.places[0]].ac_code], scan.low, scan.high != 0),
      first_(scan.first),
      last_(scan.last),
      refines_(scan.high != 0),
      scan_reader_(data, header.restart_interval, window_bytes) {}

Result<void> AcScan::read(BlockRun run, RowOf row) {
  if (!begun_) {
    TRY(reader, scan_reader_.begin());
    reader_ = reader;
    begun_ = true;
  }
  return refines_ ? read_blocks<false>(run, row) : read_blocks<true>(run, row);
}

template <bool kFirst>
Result<void> AcScan::read_blocks(BlockRun run, RowOf row) {
  const std::uint64_t mask = (~std::uint64_t{0} << static_cast<unsigned>(first_)) &
                             (~std::uint64_t{0} >> static_cast<unsigned>(kLastPlace - last_));
  const Band band{table_, first_, last_, mask};
  const auto read = [&](Walk& walk, int at, int most) {
    const BlockRun rest{run.blocks + at, run.known + at, most};
    return kFirst ? read_first(walk, band, rest) : refine(walk, band, rest);
  };
  const auto forget = [](Walk& walk) { walk.to_end = 0; };
  TRY(walk, scan_reader_.read_mcus(run.count, Walk{reader_, to_end_}, row, read, forget));
  reader_ = walk.reader;
  to_end_ = walk.to_end;
  return {};
}

}  // namespace miniatura::baseline
