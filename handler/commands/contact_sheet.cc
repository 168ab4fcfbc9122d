#include "handler/commands/contact_sheet.h"

#include <fmt/core.h>

#include <filesystem>

#include "s3client/uri.h"

namespace miniatura {
namespace {

// A chessboard lies behind what is transparent.
constexpr std::string_view kHead = R"(<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>miniatura: contact sheet</title><style>
:root { color-scheme: light dark }
body { margin: 2rem; font: 15px/1.45 system-ui, "DejaVu Sans", sans-serif }
main { display: grid; gap: 1.2rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 22rem), 1fr)) }
article { border: 1px solid #8886; border-radius: 10px; padding: 1rem; overflow: hidden }
h2 { margin: 0; font-size: 1rem; overflow-wrap: anywhere }
p { margin: .1rem 0 .8rem; opacity: .7 }
.error { opacity: 1; color: #b4532a; overflow-wrap: anywhere }
.prints { display: flex; flex-wrap: wrap; gap: .8rem; align-items: flex-start }
figure { margin: 0; max-width: 100% }
img { display: block; max-width: 100%; height: auto;
      background: repeating-conic-gradient(#ccc 0 25%, #fff 0 50%) 0 0 / 16px 16px }
figcaption { font-size: .8rem; opacity: .7; white-space: nowrap }
</style><main>
)";

std::string as_text(std::string_view text) {
  std::string html;
  for (const char c : text) {
    switch (c) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      default:
        html += c;
    }
  }
  return html;
}

std::string figure(const Print& print, const std::filesystem::path& directory) {
  std::error_code failed;
  auto link = std::filesystem::relative(print.path, directory, failed);
  if (failed || link.empty()) link = print.path;
  return fmt::format(
      R"(<figure><img src="{}" width="{}" height="{}" alt=""><figcaption>{}</figcaption></figure>)",
      percent_encode_path(link.string()), print.width, print.height, as_text(print.caption));
}

}  // namespace

std::string contact_sheet(std::span<const SheetRow> rows, const std::string& path) {
  const auto directory = std::filesystem::absolute(path).parent_path();
  std::string html(kHead);
  for (const SheetRow& row : rows) {
    html += fmt::format("<article><h2>{}</h2><p>{}</p>", as_text(row.title), as_text(row.facts));
    if (!row.error.empty()) html += fmt::format(R"(<p class="error">{}</p>)", as_text(row.error));
    html += R"(<div class="prints">)";
    for (const Print& print : row.prints) html += figure(print, directory);
    html += "</div></article>\n";
  }
  return html + "</main></html>\n";
}

}  // namespace miniatura
