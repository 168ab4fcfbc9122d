#include "thumbnailer/codecs/jpeg/baseline_scan.h"

#include <algorithm>

#include "thumbnailer/codecs/jpeg/scan_reader.h"

namespace miniatura::baseline {
namespace {

// A block of an MCU: which tables it is read by, and where its samples go.
struct BlockPlace {
  const DcTable* dc = nullptr;
  const SkipTable* skip = nullptr;                 // at 1/8
  const CoefficientTable* coefficients = nullptr;  // at more
  const Quantisation* quantisation = nullptr;
  std::uint32_t* last_dc = nullptr;  // of its component; only 16 bits of it count, as in libjpeg
  Samples out{};
  std::size_t step = 0;  // to the same block of the next MCU
  int edge = 1;
};

// ---- Blocks. A filled reader has 56 bits: the longest symbol takes 31, an entry of a table 28.
// `no_code` becomes true at bits that are no code's.

[[gnu::always_inline]] inline BitReader read_dc(BitReader reader, const BlockPlace& place,
                                                bool& no_code) {
  int difference = 0;
  reader = read_difference(reader, *place.dc, difference, no_code);
  *place.last_dc += static_cast<std::uint32_t>(difference);
  return reader;
}

// Does an entry of a table, from place `at`, end the block within it?
inline bool ends_block(int at, int coefficients) {
  return coefficients >= kEnd && at + coefficients <= kEnd + kLastPlace;
}

[[gnu::always_inline]] inline BitReader skip_ac(BitReader reader, const SkipTable& table,
                                                bool& no_code) {
  int at = 1;
  for (;;) {
    reader.fill();
#pragma GCC unroll 2
    for (int i = 0; i < 2; ++i) {
      const SkipTable::Entry entry = table.entries[reader.peek(SkipTable::kBits)];
      if (at + entry.coefficients > kLastPlace) {
        if (ends_block(at, entry.coefficients)) {
          reader.drop(entry.bits);
          return reader;
        }
        // More symbols than the block has, or a long code: one by itself.
        reader.fill();
        const Symbol symbol = table.code.find(reader.peek(CodeTable::kBitsMax));
        no_code |= symbol.length == 0;
        reader.drop(symbol.length + symbol.size());
        at += symbol.coefficients();
        if (at > kLastPlace) return reader;
        break;
      }
      reader.drop(entry.bits);
      at += entry.coefficients;
    }
  }
}

inline void put(Block& block, int place, int value) {
  block.coefficients[kNaturalOrder[static_cast<std::size_t>(place)]] =
      static_cast<std::int16_t>(value);
}

// An entry's coefficients from place `at`. Where there is no second, it is put as 0, before the
// first, at the same place.
inline void put_entry(Block& block, int at, CoefficientTable::Entry entry, std::uint64_t bits) {
  const int count = entry.coefficients() % kEnd;
  put(block, at + count - 1, value_in(bits, entry.second_before(), entry.second_size()));
  put(block, at + entry.run(), value_in(bits, entry.first_before(), entry.first_size()));
}

// The block's coefficients but DC are put into `block`, which is all zero. `any`: are there some?
[[gnu::always_inline]] inline BitReader read_ac(BitReader reader, const CoefficientTable& table,
                                                Block& block, bool& any, bool& no_code) {
  int at = 1;
  any = true;
  for (;;) {
    reader.fill();
#pragma GCC unroll 2
    for (int i = 0; i < 2; ++i) {
      const CoefficientTable::Entry entry = table.entries[reader.peek(CoefficientTable::kBits)];
      if (at + entry.coefficients() > kLastPlace) {
        if (ends_block(at, entry.coefficients())) {
          if (entry.coefficients() != kEnd) {
            put_entry(block, at, entry, reader.bits);
          } else {
            any = at > 1;
          }
          reader.drop(entry.bits());
          return reader;
        }
        reader.fill();
        const Symbol symbol = table.code.find(reader.peek(CodeTable::kBitsMax));
        no_code |= symbol.length == 0;
        if (!symbol.is_end()) {
          put(block, at + symbol.run(),
              value_in(reader.bits, static_cast<unsigned>(symbol.length),
                       static_cast<unsigned>(symbol.size())));
        } else {
          any = at > 1;
        }
        reader.drop(symbol.length + symbol.size());
        at += symbol.coefficients();
        if (at > kLastPlace) return reader;
        break;
      }
      put_entry(block, at, entry, reader.bits);
      reader.drop(entry.bits());
      at += entry.coefficients();
    }
  }
}

// `block` is all zero, before and after.
template <int kEdge>
[[gnu::always_inline]] inline BitReader read_block(BitReader reader, const BlockPlace& place,
                                                   Block& block, bool& no_code) {
  reader = read_dc(reader, place, no_code);
  const auto dc = static_cast<std::int16_t>(*place.last_dc);
  if constexpr (kEdge == 1) {
    *place.out.first = flat_1x1(dc, *place.quantisation);
    return skip_ac(reader, *place.skip, no_code);
  } else {
    bool any = false;
    reader = read_ac(reader, *place.coefficients, block, any, no_code);
    if (any) {
      put_block<kEdge>(block, dc, *place.quantisation, place.out);
    } else {
      put_flat<kEdge>(dc, *place.quantisation, place.out);
    }
    return reader;
  }
}

// Where components differ in it.
constexpr int kOwnEdge = 0;

template <>
[[gnu::always_inline]] inline BitReader read_block<kOwnEdge>(BitReader reader,
                                                             const BlockPlace& place, Block& block,
                                                             bool& no_code) {
  if (place.edge == 1) return read_block<1>(reader, place, block, no_code);
  if (place.edge == 2) return read_block<2>(reader, place, block, no_code);
  return read_block<4>(reader, place, block, no_code);
}

// ---- The scan.

class Scan {
 public:
  Scan(const BaselineHeader& header, const Edges& edges, ByteSource& data, std::span<Plane> planes)
      : header_(header),
        edges_(edges),
        planes_(planes),
        mcus_(mcus_of(header)),
        scan_reader_(data, header.restart_interval) {
    for (std::size_t i = 0; i < planes_.size(); ++i) {
      const BaselineComponent& component = header_.components[i];
      make_tables(component, edges_[i]);
      for (int y = 0; y < component.down; ++y) {
        for (int x = 0; x < component.across; ++x) add_place(i, x, y);
      }
    }
  }

  template <int kEdge>
  Result<void> run() {
    TRY(reader, scan_reader_.begin());
    for (row_ = 0; row_ < mcus_.height; ++row_) {
      begin_row();
      TRY(next, read_row<kEdge>(reader));
      reader = next;
    }
    return {};
  }

 private:
  template <class Table>
  using Tables = std::array<std::unique_ptr<const Table>, 4>;

  template <class Table>
  static const Table* made(Tables<Table>& tables, std::size_t number, const CodeTable& code) {
    if (!tables[number]) tables[number] = std::make_unique<const Table>(code);
    return tables[number].get();
  }

  void make_tables(const BaselineComponent& component, int edge) {
    const CodeTable& ac = *header_.ac_codes[component.ac_code];
    made(dc_tables_, component.dc_code, *header_.dc_codes[component.dc_code]);
    if (edge == 1) {
      made(skip_tables_, component.ac_code, ac);
    } else {
      made(coefficient_tables_, component.ac_code, ac);
    }
  }

  void add_place(std::size_t i, int x, int y) {
    const BaselineComponent& component = header_.components[i];
    BlockPlace& place = places_[places_used_];
    place.dc = dc_tables_[component.dc_code].get();
    place.skip = skip_tables_[component.ac_code].get();
    place.coefficients = coefficient_tables_[component.ac_code].get();
    place.quantisation = &component.quantisation;
    place.last_dc = &last_dc_[i];
    place.out.stride = planes_[i].stride_bytes();
    place.edge = edges_[i];
    place.step = static_cast<std::size_t>(component.across) * static_cast<std::size_t>(place.edge);
    origins_[places_used_++] = {i, x, y};
  }

  void begin_row() {
    for (std::size_t i = 0; i < places_used_; ++i) {
      const Origin& origin = origins_[i];
      const int y = row_ * header_.components[origin.component].down + origin.y;
      const int edge = edges_[origin.component];
      const int x = origin.x * edge;
      places_[i].out.first = planes_[origin.component].row(y * edge) + x;
    }
  }

  struct State {
    BitReader reader;
    Damage damage{};
  };

  template <int kEdge>
  Result<BitReader> read_row(BitReader reader) {
    Block block;
    const auto read = [this, &block](State& state, int, int) {
      for (std::size_t i = 0; i < places_used_; ++i) {
        state.reader = read_block<kEdge>(state.reader, places_[i], block, state.damage.no_code);
        places_[i].out.first += places_[i].step;
      }
      return 1;
    };
    const auto forget = [this](State&) { last_dc_ = {}; };
    TRY(state,
        scan_reader_.read_mcus(mcus_.width, State{reader}, {row_, mcus_.height}, read, forget));
    return state.reader;
  }

  // Which component a place is of, and which of its blocks in the MCU.
  struct Origin {
    std::size_t component;
    int x, y;
  };

  const BaselineHeader& header_;
  Edges edges_;
  std::span<Plane> planes_;
  Size mcus_;
  ScanReader scan_reader_;
  Tables<DcTable> dc_tables_;
  Tables<SkipTable> skip_tables_;
  Tables<CoefficientTable> coefficient_tables_;
  std::array<BlockPlace, 10> places_{};
  std::array<Origin, 10> origins_{};
  std::size_t places_used_ = 0;
  std::array<std::uint32_t, 3> last_dc_{};
  int row_ = 0;
};

}  // namespace

Size mcus_of(const BaselineHeader& header) {
  const int across = 8 * header.across_max();
  const int down = 8 * header.down_max();
  return {(header.size.width + across - 1) / across, (header.size.height + down - 1) / down};
}

Result<void> read_scan(const BaselineHeader& header, const Edges& edges, ByteSource& data,
                       std::span<Plane> planes) {
  Scan scan(header, edges, data, planes);
  const bool alike = edges[1] == edges[0] && edges[2] == edges[0];
  if (!alike) return scan.run<kOwnEdge>();
  if (edges[0] == 1) return scan.run<1>();
  if (edges[0] == 2) return scan.run<2>();
  return scan.run<4>();
}

}  // namespace miniatura::baseline
