#include "runtime/amqp_wire.h"

#include <fmt/core.h>

namespace miniatura {
namespace {

std::optional<std::int64_t> integer_of(const amqp_field_value_t& value) {
  switch (value.kind) {
    case AMQP_FIELD_KIND_I8:
      return value.value.i8;
    case AMQP_FIELD_KIND_U8:
      return value.value.u8;
    case AMQP_FIELD_KIND_I16:
      return value.value.i16;
    case AMQP_FIELD_KIND_U16:
      return value.value.u16;
    case AMQP_FIELD_KIND_I32:
      return value.value.i32;
    case AMQP_FIELD_KIND_U32:
      return value.value.u32;
    case AMQP_FIELD_KIND_I64:
      return value.value.i64;
    case AMQP_FIELD_KIND_U64:
    case AMQP_FIELD_KIND_TIMESTAMP:
      return static_cast<std::int64_t>(value.value.u64);
    default:
      return std::nullopt;
  }
}

std::optional<AmqpValue> value_of(const amqp_field_value_t& value) {
  if (value.kind == AMQP_FIELD_KIND_BOOLEAN) return AmqpValue(value.value.boolean != 0);
  if (value.kind == AMQP_FIELD_KIND_UTF8 || value.kind == AMQP_FIELD_KIND_BYTES) {
    return AmqpValue(std::string(text_of(value.value.bytes)));
  }
  if (const auto integer = integer_of(value)) return AmqpValue(*integer);
  return std::nullopt;
}

// Nothing for a year that no clock of ours can say.
std::optional<Clock::Time> time_of(std::int64_t seconds) {
  constexpr std::int64_t kSecondsMax = 7'258'118'400;  // 2200
  if (seconds <= 0 || seconds > kSecondsMax) return std::nullopt;
  return Clock::Time(std::chrono::seconds(seconds));
}

const amqp_field_value_t* field(const amqp_table_t& table, std::string_view name) {
  for (int i = 0; i < table.num_entries; ++i) {
    if (text_of(table.entries[i].key) == name) return &table.entries[i].value;
  }
  return nullptr;
}

std::string text_field(const amqp_table_t& table, std::string_view name) {
  const amqp_field_value_t* const found = field(table, name);
  if (found == nullptr || found->kind != AMQP_FIELD_KIND_UTF8) return "";
  return std::string(text_of(found->value.bytes));
}

ErrorCode code_of(int reply_code) {
  switch (reply_code) {
    case AMQP_ACCESS_REFUSED:
    case AMQP_NOT_ALLOWED:  // a vhost that is not there, or not for us
      return ErrorCode::queue_denied;
    case AMQP_RESOURCE_LOCKED:
    case AMQP_PRECONDITION_FAILED:
      return ErrorCode::queue_conflict;
    case AMQP_NOT_FOUND:
    case AMQP_CONTENT_TOO_LARGE:
    case AMQP_NOT_IMPLEMENTED:
    case AMQP_COMMAND_INVALID:
      return ErrorCode::queue_rejected;
    default:  // a broker that stops, one out of resources, …
      return ErrorCode::queue_unavailable;
  }
}

}  // namespace

std::string_view text_of(const amqp_bytes_t& bytes) {
  return {static_cast<const char*>(bytes.bytes), bytes.len};
}

amqp_bytes_t bytes_of(std::string_view text) {
  amqp_bytes_t bytes;
  bytes.len = text.size();
  bytes.bytes = const_cast<char*>(text.data());  // the library writes to none that it is given
  return bytes;
}

WireTable::WireTable(const AmqpTable& values) {
  for (const auto& [name, value] : values) {
    amqp_table_entry_t entry{};
    entry.key = bytes_of(name);
    if (const auto* flag = std::get_if<bool>(&value)) {
      entry.value.kind = AMQP_FIELD_KIND_BOOLEAN;
      entry.value.value.boolean = *flag ? 1 : 0;
    } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
      entry.value.kind = AMQP_FIELD_KIND_I64;
      entry.value.value.i64 = *integer;
    } else {
      entry.value.kind = AMQP_FIELD_KIND_UTF8;
      entry.value.value.bytes = bytes_of(std::get<std::string>(value));
    }
    entries_.push_back(entry);
  }
}

amqp_table_t WireTable::get() { return {static_cast<int>(entries_.size()), entries_.data()}; }

AmqpTable table_of(const amqp_table_t& table) {
  AmqpTable values;
  for (int i = 0; i < table.num_entries; ++i) {
    auto value = value_of(table.entries[i].value);
    if (value) values.emplace(text_of(table.entries[i].key), *std::move(value));
  }
  return values;
}

AmqpMessage message_of(const amqp_basic_properties_t& properties) {
  AmqpMessage message;
  const auto has = [&](amqp_flags_t flag) { return (properties._flags & flag) != 0; };
  if (has(AMQP_BASIC_HEADERS_FLAG)) message.headers = table_of(properties.headers);
  if (has(AMQP_BASIC_CONTENT_TYPE_FLAG)) message.content_type = text_of(properties.content_type);
  if (has(AMQP_BASIC_MESSAGE_ID_FLAG)) message.message_id = text_of(properties.message_id);
  if (has(AMQP_BASIC_TIMESTAMP_FLAG)) {
    message.timestamp = time_of(static_cast<std::int64_t>(properties.timestamp));
  }
  return message;
}

// The newest death comes first.
std::optional<AmqpDeath> death_of(const amqp_basic_properties_t& properties) {
  if ((properties._flags & AMQP_BASIC_HEADERS_FLAG) == 0) return std::nullopt;
  const amqp_field_value_t* const deaths = field(properties.headers, "x-death");
  if (deaths == nullptr || deaths->kind != AMQP_FIELD_KIND_ARRAY) return std::nullopt;
  if (deaths->value.array.num_entries < 1) return std::nullopt;
  const amqp_field_value_t& newest = deaths->value.array.entries[0];
  if (newest.kind != AMQP_FIELD_KIND_TABLE) return std::nullopt;
  const amqp_table_t& table = newest.value.table;
  AmqpDeath death{text_field(table, "queue"), text_field(table, "reason"), std::nullopt};
  const amqp_field_value_t* const time = field(table, "time");
  const auto seconds = time == nullptr ? std::nullopt : integer_of(*time);
  if (seconds) death.time = time_of(*seconds);
  return death;
}

Error broker_error(int code, std::string_view text) {
  return {code_of(code), fmt::format("{} ({})", text, code), 0, {}, {}, {}};
}

Error library_error(int status) {
  const bool is_untrusted = status == AMQP_STATUS_SSL_HOSTNAME_VERIFY_FAILED ||
                            status == AMQP_STATUS_SSL_PEER_VERIFY_FAILED;
  return {is_untrusted ? ErrorCode::network_untrusted : ErrorCode::queue_unavailable,
          amqp_error_string2(status),
          0,
          {},
          {},
          {}};
}

std::optional<Error> closing_error(const amqp_method_t& method) {
  if (method.id == AMQP_CHANNEL_CLOSE_METHOD) {
    const auto* close = static_cast<const amqp_channel_close_t*>(method.decoded);
    return broker_error(close->reply_code, text_of(close->reply_text));
  }
  if (method.id == AMQP_CONNECTION_CLOSE_METHOD) {
    const auto* close = static_cast<const amqp_connection_close_t*>(method.decoded);
    return broker_error(close->reply_code, text_of(close->reply_text));
  }
  return std::nullopt;
}

std::optional<Error> error_of(const amqp_rpc_reply_t& reply) {
  switch (reply.reply_type) {
    case AMQP_RESPONSE_NORMAL:
      return std::nullopt;
    case AMQP_RESPONSE_LIBRARY_EXCEPTION:
      return library_error(reply.library_error);
    case AMQP_RESPONSE_SERVER_EXCEPTION:
      if (auto error = closing_error(reply.reply)) return error;
      break;
    case AMQP_RESPONSE_NONE:
      break;
  }
  return Error{ErrorCode::queue_unavailable, "an answer that makes no sense", 0, {}, {}, {}};
}

}  // namespace miniatura
