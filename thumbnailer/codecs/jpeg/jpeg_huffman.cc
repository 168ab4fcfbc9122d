#include "thumbnailer/codecs/jpeg/jpeg_huffman.h"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace miniatura {
namespace {

constexpr std::size_t kLengthMax = 16;

struct Weighted {
  std::uint32_t weight = 0;
  std::uint8_t symbol = 0;
};

std::vector<Weighted> symbols_of(HuffmanKind kind) {
  constexpr unsigned kDcSizeMax = 11, kAcSizeMax = 10, kZeroRun = 0xF0, kRuns = 16;
  std::vector<Weighted> symbols;
  const auto add = [&](unsigned symbol) {
    symbols.push_back({1, static_cast<std::uint8_t>(symbol)});
  };
  if (kind == HuffmanKind::dc) {
    for (unsigned size = 0; size <= kDcSizeMax; ++size) add(size);
    return symbols;
  }
  add(0);  // the block's end
  add(kZeroRun);
  for (unsigned run = 0; run < kRuns; ++run) {
    for (unsigned size = 1; size <= kAcSizeMax; ++size) add(run << 4U | size);
  }
  return symbols;
}

// How often a symbol occurred, from its code's length. A symbol that did not has half the weight
// of the rarest.
std::array<std::uint32_t, 256> weights_of(const HuffmanTable& sampled) {
  std::array<std::uint32_t, 256> weights{};
  std::size_t place = 0;
  for (std::size_t length = 1; length <= kLengthMax; ++length) {
    for (unsigned i = 0; i < sampled.counts.at(length) && place < sampled.symbols.size(); ++i) {
      weights.at(sampled.symbols.at(place++)) = 2U << (kLengthMax - length);
    }
  }
  return weights;
}

// How many codes of each length Huffman's tree has for weights that ascend. Of two queues, leaves
// and joints, the lightest two stand in front.
std::vector<unsigned> lengths_of(const std::vector<std::uint32_t>& ascending) {
  const std::size_t leaves = ascending.size();
  std::vector<std::uint64_t> weights(ascending.begin(), ascending.end());
  std::vector<std::size_t> parents(2 * leaves - 1);
  std::size_t leaf = 0;
  std::size_t joint = leaves;
  const auto lightest = [&] {
    const bool leaf_is =
        leaf < leaves && (joint >= weights.size() || weights[leaf] <= weights[joint]);
    return leaf_is ? leaf++ : joint++;
  };
  while (weights.size() < parents.size()) {
    const std::size_t one = lightest();
    const std::size_t other = lightest();
    parents[one] = parents[other] = weights.size();
    weights.push_back(weights[one] + weights[other]);
  }
  std::vector<std::size_t> depths(parents.size());
  std::vector<unsigned> counts(leaves + 1);
  for (std::size_t node = parents.size() - 1; node-- > 0;) {
    depths[node] = depths[parents[node]] + 1;
    if (node < leaves) ++counts[depths[node]];
  }
  return counts;
}

// No code longer than 16 (ITU-T T.81, K.2): two of a length become one a bit shorter, and the other
// goes beside the one next shorter.
void limit_lengths(std::vector<unsigned>& counts) {
  for (std::size_t length = counts.size() - 1; length > kLengthMax; --length) {
    while (counts[length] > 0) {
      std::size_t shorter = length - 2;
      while (counts[shorter] == 0) --shorter;
      counts[length] -= 2;
      ++counts[length - 1];
      counts[shorter + 1] += 2;
      --counts[shorter];
    }
  }
}

}  // namespace

HuffmanTable completed(const HuffmanTable& sampled, HuffmanKind kind) {
  const std::array<std::uint32_t, 256> weights = weights_of(sampled);
  std::vector<Weighted> symbols = symbols_of(kind);
  for (Weighted& each : symbols) each.weight = std::max(each.weight, weights.at(each.symbol));
  std::stable_sort(symbols.begin(), symbols.end(),
                   [](const Weighted& a, const Weighted& b) { return a.weight > b.weight; });
  // One more, the lightest: the code of all ones stands for nothing.
  std::vector<std::uint32_t> ascending{1};
  for (auto each = symbols.rbegin(); each != symbols.rend(); ++each) {
    ascending.push_back(each->weight);
  }
  std::vector<unsigned> counts = lengths_of(ascending);
  counts.resize(std::max(counts.size(), kLengthMax + 1));
  limit_lengths(counts);
  std::size_t longest = kLengthMax;
  while (counts[longest] == 0) --longest;
  --counts[longest];
  HuffmanTable table;
  for (std::size_t length = 1; length <= kLengthMax; ++length) {
    table.counts.at(length) = static_cast<std::uint8_t>(counts[length]);
  }
  std::transform(symbols.begin(), symbols.end(), table.symbols.begin(),
                 [](const Weighted& each) { return each.symbol; });
  return table;
}

}  // namespace miniatura
