// What is to be made of a picture, and what that takes: shared by both engines.
#pragma once

#include <span>
#include <vector>

#include "thumbnailer/admission.h"
#include "thumbnailer/decode.h"
#include "thumbnailer/finish.h"
#include "thumbnailer/header.h"

namespace miniatura {

struct Tasks {
  std::vector<Task> stills;
  std::vector<Task> moving;
  std::vector<bool> moves;  // of each order: which of the two has it
};

Tasks plan_tasks(std::span<const RenderOrder> orders, const ImageHeader& header);

std::vector<Footprint> footprints(const Tasks& tasks, const ImageHeader& header);

// By how much the source may be shrunk while it is decoded, for these tasks. A decoder averages
// what stands in the file, which is not light.
Shrink shrink_for(const ImageHeader& header, std::span<const Task> tasks);

// From the largest to the smallest, as places in `tasks`.
std::vector<std::size_t> largest_first(std::span<const Task> tasks);

// The still ones and the animated ones, each in its place among the orders.
std::vector<Thumbnail> in_order(const Tasks& tasks, std::vector<Thumbnail> stills,
                                std::vector<Thumbnail> moving);

SourceFacts facts_of(const ImageHeader& header, std::uint64_t bytes);

}  // namespace miniatura
