// A page that shows what a run made: for a browser, beside the thumbnails, which it links to.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace miniatura {

struct Print {
  std::string path;  // of the thumbnail
  int width = 0;
  int height = 0;
  std::string caption;
};

// A picture and what became of it.
struct SheetRow {
  std::string title;
  std::string facts;
  std::string error;  // empty: none
  std::vector<Print> prints;
};

// HTML that stands at `path`; whatever the texts hold, it is text there.
std::string contact_sheet(std::span<const SheetRow> rows, const std::string& path);

}  // namespace miniatura
