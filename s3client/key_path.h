// A key as a path of a file system, and back. Pure, and one to one: no two keys share a path, and
// no path leads out of its bucket.
//
// Ordinary keys stay as they are: "2024/cat.jpg" is 2024/cat.jpg. What a file system cannot hold
// becomes an escape:
//
//   '%', NUL            %25, %00
//   a part "." or ".."  %2E, %2E%2E
//   an empty part       %~            ("a//b" is a/%~/b, "a/" is a/%~)
//   over 255 bytes      cut into directories that end in %+, between characters
//
// A file put there by hand whose name holds another '%' is therefore no object.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace miniatura {

// `key` is not empty. Relative, without "." and "..".
std::string path_of_key(std::string_view key);

// Nothing where path_of_key would never have made this path.
std::optional<std::string> key_of_path(std::string_view path);

// With what every key begins whose path lies in this directory: "2024/" of 2024. Of no meaning for
// a directory that no key's path has.
std::string beginning_of_keys(std::string_view directory);

}  // namespace miniatura
