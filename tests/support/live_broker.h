// The RabbitMQ broker that a test was given by tests/e2e/rabbitmq.py, in MINIATURA_TEST_BROKER.
#pragma once

#include <string>

#include "runtime/amqp_connection.h"
#include "runtime/environment.h"

namespace miniatura {

// Throws where there is none.
inline AmqpSetting live_broker() {
  AmqpSetting setting;
  setting.address =
      parse_amqp_url(Environment::of_process().get_or("MINIATURA_TEST_BROKER", "")).value();
  setting.name = "a test";
  return setting;
}

// For a queue.
inline std::string fresh_name() {
  static int count = 0;
  return "test." + std::to_string(++count);
}

}  // namespace miniatura
