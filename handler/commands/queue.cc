#include "handler/commands/queue.h"

#include <fmt/core.h>
#include <unistd.h>

#include "handler/capability.h"

namespace miniatura {

Result<AmqpSetting> queue_setting(const std::string& url, const Environment& environment,
                                  const std::string& command) {
  const std::string where = url.empty() ? environment.get_or("MINIATURA_QUEUE", "") : url;
  if (where.empty()) {
    return fail(ErrorCode::config_missing,
                "no queue: amqp://user:password@host/vhost, as an argument or in MINIATURA_QUEUE");
  }
  for (const char* scheme : {"sqs://", "redis://", "rediss://"}) {
    if (where.starts_with(scheme)) {
      return fail(ErrorCode::config_invalid, fmt::format("{} is not built yet: there are amqp:// "
                                                         "and amqps://",
                                                         scheme));
    }
  }
  AmqpSetting setting;
  TRY(address, parse_amqp_url(where));
  setting.address = address;
  if (address.is_tls) {
    TRY(trusted, authorities_named_by("MINIATURA_AMQP_CA", environment));
    setting.trusted = trusted;
  }
  setting.name = fmt::format("miniatura {} {}", command, ::getpid());
  return setting;
}

AmqpTopology queue_topology() {
  return amqp_topology(kCompletions, {kCapabilities.begin(), kCapabilities.end()});
}

}  // namespace miniatura
