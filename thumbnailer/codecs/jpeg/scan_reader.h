// A scan's bits with what may come between two of its MCUs: more bytes, and restart markers. What
// the walks over the scans of all kinds of JPEG share.
#pragma once

#include <algorithm>
#include <limits>

#include "thumbnailer/codecs/jpeg/baseline_bits.h"
#include "thumbnailer/codecs/jpeg/baseline_huffman.h"

namespace miniatura::baseline {

// A picture has fewer MCUs than this.
constexpr int kNoRestart = std::numeric_limits<int>::max();

// What was read is wrong. It is looked at now and then: what is decoded after it is harmless.
struct Damage {
  bool no_code = false;   // bits that are no code's
  bool overflow = false;  // brightness beyond 32 bits; libjpeg refuses that
};

struct RowOf {
  int row = 0;
  int rows = 0;
};

class ScanReader {
 public:
  // `restart_interval`: in MCUs; 0: none.
  ScanReader(ByteSource& data, int restart_interval,
             std::size_t window_bytes = EntropyBytes::kWindowBytes)
      : bytes_(data, window_bytes),
        interval_(restart_interval == 0 ? kNoRestart : restart_interval) {}

  // The first bits; a reader that comes from here or is gone on with is filled. Errors: what the
  // source fails with.
  Result<BitReader> begin();

  // Reads `count` MCUs. State has a `reader`, a `damage` and what else a walk goes by, and is given
  // back. `read(state, at, most)` takes MCUs out of its reader, one, or more of the `most` that may
  // be taken at once, and says how many; it counts on kAheadBytes. `forget(state)`: there was a
  // restart. `row` is for messages. Errors: image_corrupt for damage and where bits are missing,
  // and what the source fails with.
  template <class State, class Read, class Forget>
  [[gnu::always_inline]] Result<State> read_mcus(int count, State state, RowOf row,
                                                 const Read& read, const Forget& forget) {
    for (int at = 0; at < count;) {
      if (left_ == 0 || bytes_.is_low(state.reader)) {
        TRY(next, go_on(state.reader, state.damage));
        if (next.ended) break;
        if (next.restarted) forget(state);
        state.reader = next.reader;
      }
      const int begin = at;
      const int end = begin + std::min(count - begin, left_);
      do {
        at += read(state, at, end - at);
      } while (at < end && !bytes_.is_low(state.reader));
      left_ -= at - begin;
    }
    CHECKED(check(state.reader, state.damage, row));
    return state;
  }

 private:
  struct Next {
    BitReader reader;
    bool restarted = false;
    bool ended = false;  // it is damaged, or has no more bits: check() says which
  };
  // A restart, or more bytes.
  Result<Next> go_on(BitReader reader, const Damage& damage);
  Result<void> check(const BitReader& reader, const Damage& damage, RowOf row) const;

  EntropyBytes bytes_;
  int interval_;
  int left_ = interval_;  // MCUs to the next restart
  int next_restart_ = 0;
};

// A difference of DC. A filled reader has 56 bits: a symbol takes 31 at most.
[[gnu::always_inline]] inline BitReader read_difference(BitReader reader, const DcTable& table,
                                                        int& difference, bool& no_code) {
  reader.fill();
  const DcTable::Entry entry = table.entries[reader.peek(DcTable::kBits)];
  if (entry.bits != 0) [[likely]] {
    difference = value_in(reader.bits, entry.code_bits(), entry.size());
    reader.drop(entry.bits);
  } else {
    const Symbol symbol = table.code.find(reader.peek(CodeTable::kBitsMax));
    no_code |= symbol.length == 0;
    difference = value_in(reader.bits, static_cast<unsigned>(symbol.length),
                          static_cast<unsigned>(symbol.size()));
    reader.drop(symbol.length + symbol.size());
  }
  return reader;
}

}  // namespace miniatura::baseline
