// The JSON Schema of the configuration file, for editors (handler/config.schema.json, built in).
#pragma once

#include <string_view>

namespace miniatura {

std::string_view config_schema();

}  // namespace miniatura
