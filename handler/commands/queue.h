// What `work` and `publish` share: which broker, and what is expected to be there.
#pragma once

#include <string>

#include "runtime/amqp_connection.h"
#include "runtime/amqp_topology.h"
#include "runtime/environment.h"
#include "runtime/result.h"

namespace miniatura {

// Where replies of what is done go, for whoever wants to know.
inline constexpr char kCompletions[] = "processed_images";

// Of `url`, or MINIATURA_QUEUE where it is empty; MINIATURA_AMQP_CA says whom to trust over TLS.
// Errors: config_missing, config_invalid; neither repeats the URL, for it may hold a password.
Result<AmqpSetting> queue_setting(const std::string& url, const Environment& environment,
                                  const std::string& command);

AmqpTopology queue_topology();

}  // namespace miniatura
