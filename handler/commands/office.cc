#include "handler/commands/office.h"

#include <fmt/core.h>

#include "handler/commands/queue.h"
#include "handler/config.h"
#include "runtime/amqp_office.h"
#include "runtime/inbox.h"

namespace miniatura {

Result<std::unique_ptr<DeadLetterOffice>> open_office(const std::string& where,
                                                      const std::string& inbox,
                                                      const Environment& environment,
                                                      const Clock& clock) {
  if (where == "inbox") {
    TRY(path, inbox_setting(environment, inbox));
    return open_inbox_office(path, clock);
  }
  if (where.starts_with("amqp")) {
    TRY(broker, queue_setting(where, environment, "dead"));
    return open_amqp_office(broker, queue_topology());
  }
  return fail(ErrorCode::usage,
              fmt::format("dead letters lie in \"inbox\" or at amqp://…, not in \"{}\"", where));
}

}  // namespace miniatura
