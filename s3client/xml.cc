#include "s3client/xml.h"

#include <fmt/core.h>
#include <libxml/parser.h>
#include <libxml/tree.h>

#include <algorithm>
#include <cstddef>
#include <memory>

#include "runtime/late_library.h"

extern "C" {  // the executable's own, where it loads the library late
[[gnu::weak]] extern const char kLateXml[];
[[gnu::weak]] extern void* late_xml_slots[];
}

namespace miniatura {
namespace {

constexpr int kDepthMax = 32;  // S3's deepest answer has 6
// An element costs hundreds of bytes, its tags but four. S3's longest answer, 1,000 objects of a
// listing with 12 elements each, has 24,000 tags.
constexpr std::ptrdiff_t kTagsMax = 100'000;

std::string_view view_of(const xmlChar* text) {
  return text == nullptr ? std::string_view() : reinterpret_cast<const char*>(text);
}

// Called at the end of a DOCTYPE's name, before anything in it is read.
void refuse_doctype(void* context, const xmlChar*, const xmlChar*, const xmlChar*) {
  xmlStopParser(static_cast<xmlParserCtxtPtr>(context));
}

bool copy_element(const xmlNode& node, int depth, XmlElement& element) {
  if (depth > kDepthMax) return false;
  element.name = view_of(node.name);
  for (const xmlNode* child = node.children; child != nullptr; child = child->next) {
    switch (static_cast<int>(child->type)) {
      case XML_ELEMENT_NODE:
        if (!copy_element(*child, depth + 1, element.children.emplace_back())) return false;
        break;
      case XML_TEXT_NODE:
      case XML_CDATA_SECTION_NODE:
        element.text += view_of(child->content);
        break;
      default:  // comments, processing instructions
        break;
    }
  }
  return true;
}

}  // namespace

const XmlElement* XmlElement::child(std::string_view child_name) const {
  for (const XmlElement& element : children) {
    if (element.name == child_name) return &element;
  }
  return nullptr;
}

std::string XmlElement::text_at(std::string_view child_name) const {
  const XmlElement* found = child(child_name);
  return found == nullptr ? std::string() : found->text;
}

Result<XmlElement> parse_xml(ByteView text, std::string_view what, std::size_t bytes_max) {
  if (text.size() > bytes_max) {
    return fail(ErrorCode::network_invalid, fmt::format("{}: {} bytes of XML, over the limit of {}",
                                                        what, text.size(), bytes_max));
  }
  if (std::count(text.begin(), text.end(), '<') > kTagsMax) {
    return fail(ErrorCode::network_invalid,
                fmt::format("{}: XML of more than {} tags", what, kTagsMax));
  }
  static LateLibrary library(kLateXml, late_xml_slots);
  CHECKED(library.load());
  // The library's own state is made by whoever comes first, and two may come first.
  [[maybe_unused]] static const bool initialised = (xmlInitParser(), true);
  const std::unique_ptr<xmlParserCtxt, decltype(&xmlFreeParserCtxt)> context(xmlNewParserCtxt(),
                                                                             &xmlFreeParserCtxt);
  if (context == nullptr) return fail(ErrorCode::internal, "libxml2: out of memory");
  context->sax->internalSubset = refuse_doctype;
  const std::unique_ptr<xmlDoc, decltype(&xmlFreeDoc)> document(
      xmlCtxtReadMemory(context.get(), text.data(), static_cast<int>(text.size()), nullptr, nullptr,
                        XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING),
      &xmlFreeDoc);
  const xmlNode* root = document ? xmlDocGetRootElement(document.get()) : nullptr;
  if (root == nullptr || context->wellFormed == 0 || context->disableSAX != 0) {
    return fail(ErrorCode::network_invalid,
                fmt::format("{}: not XML as a store writes it: wrong at line {}", what,
                            context->lastError.line));
  }
  XmlElement element;
  if (!copy_element(*root, 1, element)) {
    return fail(ErrorCode::network_invalid,
                fmt::format("{}: XML nested deeper than {} levels", what, kDepthMax));
  }
  return element;
}

}  // namespace miniatura
