// Which dead-letter office a person means.
#pragma once

#include <memory>
#include <string>

#include "runtime/clock.h"
#include "runtime/dead_letters.h"
#include "runtime/environment.h"
#include "runtime/result.h"

namespace miniatura {

// `where` is "inbox" (then `inbox` is --inbox, or empty) or a broker's URL. Errors: usage; those of
// open_inbox_office() and of a broker.
Result<std::unique_ptr<DeadLetterOffice>> open_office(const std::string& where,
                                                      const std::string& inbox,
                                                      const Environment& environment,
                                                      const Clock& clock);

}  // namespace miniatura
