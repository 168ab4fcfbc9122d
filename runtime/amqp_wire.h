// librabbitmq's structs into our values and back, and its replies into errors.
#pragma once

#include <amqp.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/amqp_message.h"
#include "runtime/result.h"

namespace miniatura {

std::string_view text_of(const amqp_bytes_t& bytes);
// A view: `text` outlives it.
amqp_bytes_t bytes_of(std::string_view text);

// A table for a call; the values outlive it.
class WireTable {
 public:
  explicit WireTable(const AmqpTable& values);
  amqp_table_t get();

 private:
  std::vector<amqp_table_entry_t> entries_;
};

// Booleans, whole numbers and texts; all else is left out.
AmqpTable table_of(const amqp_table_t& table);

// The message's properties, without its body.
AmqpMessage message_of(const amqp_basic_properties_t& properties);
std::optional<AmqpDeath> death_of(const amqp_basic_properties_t& properties);

// A reply code of the broker's: 404 with "NOT_FOUND - no queue 'x'".
Error broker_error(int code, std::string_view text);
// A status of the library's.
Error library_error(int status);
// Whatever a call that waits for an answer got in its place; nothing where it got its answer.
std::optional<Error> error_of(const amqp_rpc_reply_t& reply);
// A method by which the broker closes the channel or the connection; nothing for any other.
std::optional<Error> closing_error(const amqp_method_t& method);

}  // namespace miniatura
