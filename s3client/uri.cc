#include "s3client/uri.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "runtime/text.h"

namespace miniatura {
namespace {

constexpr std::size_t kKeyBytesMax = 1024;
constexpr std::size_t kBucketBytesMax = 255;  // S3's own, of the days before 2018
constexpr std::size_t kHostLabelBytesMax = 63;
constexpr std::size_t kTagsMax = 10;
constexpr std::size_t kTagKeyCharactersMax = 128;
constexpr std::size_t kTagValueCharactersMax = 256;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_alphanumeric(char c) { return is_digit(c) || is_lower(c) || (c >= 'A' && c <= 'Z'); }
bool is_unreserved(char c) {
  return is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

std::string encode(std::string_view text, bool keep_slash) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size() + 16);
  for (const char c : text) {
    if (is_unreserved(c) || (keep_slash && c == '/')) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += kDigits[byte >> 4];
    encoded += kDigits[byte & 15];
  }
  return encoded;
}

int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_metadata_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_digit(c) || is_lower(c) || c == '-' || c == '_' || c == '.';
  });
}

std::size_t character_count(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

// The first character of `text` that no tag may hold, quoted; "" where there is none. Source:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/tagging-managing.html, which takes letters,
// digits and spaces of every script: which of those beyond ASCII are such is left to the store.
std::string wrong_character(std::string_view text) {
  constexpr std::string_view kMarks = " +-=._:/@";
  const auto* wrong = std::find_if(text.begin(), text.end(), [&](char c) {
    return static_cast<unsigned char>(c) < 0x80 && !is_alphanumeric(c) &&
           kMarks.find(c) == std::string_view::npos;
  });
  if (wrong == text.end()) return "";
  const std::string_view character(wrong, 1);
  return fmt::format(
      "\"{}\"", is_header_value(character) ? std::string(character) : percent_encode(character));
}

// What S3 would not take of them; "" where it takes all.
std::string wrong_tags(const std::map<std::string, std::string>& tags) {
  if (tags.size() > kTagsMax) {
    return fmt::format("{} tags, over the limit of {}", tags.size(), kTagsMax);
  }
  for (const auto& [key, value] : tags) {
    if (!is_utf8(key) || !is_utf8(value)) {
      return fmt::format("the tag {} is not UTF-8", percent_encode(key));
    }
    if (key.empty() || character_count(key) > kTagKeyCharactersMax) {
      return fmt::format("a tag's key has {} characters, not 1 to {}", character_count(key),
                         kTagKeyCharactersMax);
    }
    if (character_count(value) > kTagValueCharactersMax) {
      return fmt::format("the value of the tag {} has {} characters, over the limit of {}", key,
                         character_count(value), kTagValueCharactersMax);
    }
    for (const auto& [what, text] : {std::pair("", &key), std::pair(" of the value", &value)}) {
      if (const std::string wrong = wrong_character(*text); !wrong.empty()) {
        return fmt::format("the tag {}: {}{} is none of letters, digits, space and + - = . _ : / @",
                           one_line(key), wrong, what);
      }
    }
    if (lower_case(key).starts_with("aws:")) {
      return fmt::format("the tag {}: keys with aws: are AWS's own", key);
    }
  }
  return "";
}

bool fits_host_label(std::string_view bucket) {
  return bucket.size() <= kHostLabelBytesMax &&
         std::all_of(bucket.begin(), bucket.end(),
                     [](char c) { return is_digit(c) || is_lower(c) || c == '-'; });
}

}  // namespace

Result<void> check_endpoint(std::string_view variable, std::string_view url) {
  const auto wrong = [&](std::string_view what) {
    return fail(ErrorCode::config_invalid, fmt::format("{}: {}: {}", variable, url, what));
  };
  if (url.find('@') != std::string_view::npos) {
    return fail(ErrorCode::config_invalid, fmt::format("{}: holds a user name", variable));
  }
  const UrlParts parts = split_url(url);
  if (parts.scheme != "http" && parts.scheme != "https") {
    return wrong("is not an http:// or https:// URL");
  }
  if (parts.authority.empty()) return wrong("has no host");
  if (url.find_first_of("?#") != std::string_view::npos) return wrong("has a query or a fragment");
  if (std::any_of(url.begin(), url.end(), [](char c) { return c <= ' ' || c > '~'; })) {
    return wrong("holds a character that a URL cannot hold");
  }
  return {};
}

namespace {

const char* domain_of(const std::string& region) {
  return region.compare(0, 3, "cn-") == 0 ? "amazonaws.com.cn" : "amazonaws.com";
}

Result<std::string> region_from(const Environment& environment, const ProfileSettings& profile) {
  std::string place = "AWS_REGION";
  std::string region = environment.get_or(place, environment.get_or("AWS_DEFAULT_REGION", ""));
  if (region.empty() && !profile.region.empty()) {
    place = fmt::format("profile {}: region", profile.name);
    region = profile.region;
  }
  if (region.empty()) return "us-east-1";
  if (fits_host_label(region)) return region;
  return fail(ErrorCode::config_invalid,
              fmt::format("{}: {}: is not the name of a region", place, region));
}

// "" where nobody configured one: it is AWS's own then.
Result<std::string> configured_endpoint(const Environment& environment, const char* of_the_service,
                                        const ProfileSettings& profile,
                                        const std::string& of_the_service_in_profile) {
  if (environment.get_or("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "") == "true") return "";
  const std::string in_profile = fmt::format("profile {}: endpoint_url", profile.name);
  const std::pair<std::string, std::string> places[] = {
      {of_the_service, environment.get_or(of_the_service, "")},
      {"AWS_ENDPOINT_URL", environment.get_or("AWS_ENDPOINT_URL", "")},
      {in_profile, of_the_service_in_profile},
      {in_profile, profile.endpoint_url}};
  for (const auto& [place, configured] : places) {
    if (configured.empty()) continue;
    CHECKED(check_endpoint(place, configured));
    return configured.substr(0, configured.find_last_not_of('/') + 1);
  }
  return "";
}

// Whatever stands behind an endpoint of one's own, it need not know a host for each bucket.
Result<bool> is_path_style(const Environment& environment, const ProfileSettings& profile,
                           const std::string& configured_url) {
  constexpr const char* kVariable = "MINIATURA_S3_ADDRESSING";
  const auto variable = environment.get(kVariable);
  const std::string style = variable.value_or(profile.addressing_style);
  const auto wrong = [&](std::string_view what) {
    const std::string place =
        variable ? kVariable : fmt::format("profile {}: s3.addressing_style", profile.name);
    return fail(ErrorCode::config_invalid, fmt::format("{}: {}: {}", place, style, what));
  };
  if (style.empty() || style == "auto") return !configured_url.empty();
  if (style == "path") return true;
  if (style != "virtual") return wrong("none of path, virtual, auto");
  const std::string_view host = split_url(configured_url).authority;
  const bool is_address = host.find_first_not_of("0123456789.") == host.find(':');
  if (!host.empty() && (is_address || host.front() == '['))
    return wrong(fmt::format("no bucket is a name in {}", host));
  return false;
}

}  // namespace

std::string percent_encode(std::string_view text) { return encode(text, false); }

std::string percent_encode_path(std::string_view path) { return encode(path, true); }

std::string percent_decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
                        hex_value(text[i + 2]) >= 0;
    if (!escape) {
      decoded += text[i];
      continue;
    }
    decoded += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
    i += 2;
  }
  return decoded;
}

bool is_header_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c <= 0x7E; }) &&
         (text.empty() || (text.front() != ' ' && text.back() != ' '));
}

std::string object_name(std::string_view bucket, std::string_view key) {
  std::string name = std::string(bucket) + '/';
  for (const char c : key) {
    const bool control = (c >= 0 && c < 0x20) || c == 0x7F || c == '%';
    name += control ? percent_encode(std::string_view(&c, 1)) : std::string(1, c);
  }
  return name;
}

Result<void> check_bucket(std::string_view bucket) {
  const bool named =
      !bucket.empty() && bucket.size() <= kBucketBytesMax && is_alphanumeric(bucket.front()) &&
      std::all_of(bucket.begin(), bucket.end(),
                  [](char c) { return is_alphanumeric(c) || c == '-' || c == '.' || c == '_'; });
  if (named) return {};
  return fail(ErrorCode::store_rejected,
              fmt::format("{}: is not the name of a bucket",
                          percent_encode(bucket.substr(0, kBucketBytesMax))));
}

Result<void> check_object_id(const ObjectId& id) {
  CHECKED(check_bucket(id.bucket));
  if (id.key.empty()) {
    return fail(ErrorCode::store_invalid_key, fmt::format("{}: the key is empty", id.bucket));
  }
  if (id.key.size() > kKeyBytesMax) {
    return fail(ErrorCode::store_invalid_key,
                fmt::format("{}/{}…: the key has {} bytes, over the limit of {}", id.bucket,
                            percent_encode_path(std::string_view(id.key).substr(0, 64)),
                            id.key.size(), kKeyBytesMax));
  }
  if (!is_utf8(id.key)) {
    return fail(ErrorCode::store_invalid_key,
                fmt::format("{}/{}: the key is not UTF-8", id.bucket, percent_encode_path(id.key)));
  }
  return {};
}

Result<void> check_put(const PutRequest& request) {
  CHECKED(check_object_id({request.bucket, request.key, {}}));
  const auto wrong = [&](std::string_view what) {
    return fail(ErrorCode::store_rejected,
                fmt::format("{}: {}", object_name(request.bucket, request.key), what));
  };
  if (request.content_type.empty() || !is_header_value(request.content_type)) {
    return wrong("the content type is not printable ASCII");
  }
  const auto* matches = std::get_if<IfMatches>(&request.condition);
  if (matches != nullptr && (matches->etag.empty() || !is_header_value(matches->etag))) {
    return wrong("the etag to match is not printable ASCII");
  }
  for (const auto& [name, value] : request.metadata) {
    if (!is_metadata_name(name)) {
      return wrong("a metadata name is not of a-z, 0-9, '-', '_' and '.'");
    }
    if (!is_header_value(value)) {
      return wrong(fmt::format("the metadata {} is not printable ASCII", name));
    }
  }
  if (!is_header_value(request.cache_control)) {
    return wrong("the cache control is not printable ASCII");
  }
  if (!is_header_value(request.storage_class)) {
    return wrong("the storage class is not printable ASCII");
  }
  if (const std::string what = wrong_tags(request.tags); !what.empty()) return wrong(what);
  return {};
}

Result<S3Uri> parse_s3_uri(std::string_view text) {
  constexpr std::string_view kScheme = "s3://";
  if (text.substr(0, kScheme.size()) != kScheme) {
    return fail(ErrorCode::usage, fmt::format("{}: is not an s3:// URL", text));
  }
  const std::string_view rest = text.substr(kScheme.size());
  const std::size_t slash = rest.find('/');
  const std::string_view bucket = rest.substr(0, slash);
  if (const auto checked = check_bucket(bucket); !checked) {
    return fail(ErrorCode::usage, fmt::format("{}: {}", text, checked.error().message));
  }
  const std::string_view key =
      slash == std::string_view::npos ? std::string_view() : rest.substr(slash + 1);
  return S3Uri{std::string(bucket), std::string(key)};
}

Result<S3Endpoint> endpoint_from(const Environment& environment, const ProfileSettings& profile) {
  TRY(region, region_from(environment, profile));
  TRY(url,
      configured_endpoint(environment, "AWS_ENDPOINT_URL_S3", profile, profile.endpoint_url_s3));
  TRY(path_style, is_path_style(environment, profile, url));
  if (!url.empty()) return S3Endpoint{url, path_style, region};
  return in_region({"", path_style, "", true}, region);
}

Result<std::string> sts_endpoint_from(const Environment& environment,
                                      const ProfileSettings& profile, const std::string& region) {
  TRY(url,
      configured_endpoint(environment, "AWS_ENDPOINT_URL_STS", profile, profile.endpoint_url_sts));
  if (!url.empty()) return std::move(url);
  return fmt::format("https://sts.{}.{}", region, domain_of(region));
}

S3Endpoint in_region(const S3Endpoint& endpoint, const std::string& region) {
  S3Endpoint there = endpoint;
  there.region = region;
  if (endpoint.is_aws) {
    there.url = fmt::format("https://s3.{}.{}", region, domain_of(region));
  }
  return there;
}

bool is_region(std::string_view text) { return !text.empty() && fits_host_label(text); }

std::string object_url(const S3Endpoint& endpoint, const ObjectId& id) {
  std::string url;
  if (endpoint.path_style || !fits_host_label(id.bucket)) {
    url = fmt::format("{}/{}", endpoint.url, percent_encode(id.bucket));
    if (!id.key.empty()) url += '/';
  } else {
    const std::size_t host = endpoint.url.find("://") + 3;
    url = endpoint.url.substr(0, host) + id.bucket + '.' + endpoint.url.substr(host) + '/';
  }
  url += percent_encode_path(id.key);
  if (!id.version.empty()) url += "?versionId=" + percent_encode(id.version);
  return url;
}

UrlParts split_url(std::string_view url) {
  UrlParts parts;
  const std::size_t colon = url.find("://");
  if (colon == std::string_view::npos) return parts;
  parts.scheme = url.substr(0, colon);
  url.remove_prefix(colon + 3);
  url = url.substr(0, url.find('#'));
  const std::size_t question = url.find('?');
  if (question != std::string_view::npos) parts.query = url.substr(question + 1);
  url = url.substr(0, question);
  const std::size_t slash = url.find('/');
  parts.authority = url.substr(0, slash);
  parts.path = slash == std::string_view::npos ? "/" : url.substr(slash);
  return parts;
}

std::string host_header(const UrlParts& url) {
  const std::string_view implied = url.scheme == "https" ? ":443" : ":80";
  std::string_view host = url.authority;
  if (host.size() > implied.size() && host.substr(host.size() - implied.size()) == implied) {
    host.remove_suffix(implied.size());
  }
  return std::string(host);
}

}  // namespace miniatura
