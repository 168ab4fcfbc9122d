// miniatura publish FILE…: feeds a queue with event files.
#include <errno.h>
#include <fmt/core.h>
#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstring>
#include <memory>

#include "handler/commands/command.h"
#include "handler/commands/queue.h"
#include "handler/deliveries.h"
#include "handler/envelope.h"
#include "handler/reply.h"
#include "runtime/amqp_headers.h"
#include "runtime/amqp_publisher.h"

namespace miniatura {
namespace {

constexpr std::uint64_t kFileBytesMax = std::uint64_t{256} << 20;
constexpr std::size_t kMessageBytesMax = std::size_t{1} << 20;  // what `work` takes
constexpr int kGlanceMs = 5'000;
constexpr const char* kStandardInput = "standard input";

struct PublishOptions {
  std::vector<std::string> files;
  std::string to;
  bool dry_run = false;
  bool json = false;
};

// What cannot be worked on is refused here, where somebody reads why.
Result<std::size_t> events_in(ByteView payload) {
  if (payload.size() > kMessageBytesMax) {
    return fail(ErrorCode::event_too_large,
                fmt::format("{} bytes, over the limit of {} of a message", payload.size(),
                            kMessageBytesMax));
  }
  TRY(delivery, parse_delivery(payload));
  std::size_t events = 0;
  for (const EventItem& item : delivery.items) events += item.records.size();
  return events;
}

// Takes files and standard input to the broker, delivery by delivery. A bad one is told and passed
// over; a broker that fails ends it.
class Sender {
 public:
  // No publisher: a dry run.
  Sender(AmqpPublisher* publisher, bool json) : publisher_(publisher), json_(json) {}

  Result<void> send(const std::string& file) {
    if (file == "-") return send_standard_input();
    const auto text = read_file(file, kFileBytesMax, ErrorCode::event_too_large);
    if (!text) {
      refuse(text.error());
      return {};
    }
    for (const FileDelivery& delivery : split_deliveries(*text, file)) {
      CHECKED(send(delivery.payload, delivery.id));
    }
    return {};
  }

  int exit_code() const { return exit_code_; }
  std::uint64_t refused() const { return refused_; }

 private:
  Result<void> send(ByteView payload, const std::string& id) {
    const auto events = events_in(payload);
    if (!events) {
      refuse(events.error(), id);
      return {};
    }
    if (publisher_ != nullptr) return publisher_->publish(new_work(Bytes(payload), clock_.now()));
    print_json({{"delivery", id},
                {"bytes", payload.size()},
                {"events", *events},
                {"exchange", kAmqpExchange},
                {"routing_key", kAmqpWorkQueue}});
    return {};
  }

  Result<void> send(const std::vector<StreamDelivery>& deliveries) {
    for (const StreamDelivery& delivery : deliveries) {
      if (delivery.payload) {
        CHECKED(send(*delivery.payload, delivery.id));
      } else {
        refuse(delivery.payload.error(), delivery.id);
      }
    }
    return {};
  }

  // It may never end: each line goes out when it is there.
  Result<void> send_standard_input() {
    DeliveryStream stream(kStandardInput);
    std::array<char, 65536> buffer{};
    for (;;) {
      if (publisher_ != nullptr) CHECKED(publisher_->rest());
      pollfd input{STDIN_FILENO, POLLIN, 0};
      if (::poll(&input, 1, kGlanceMs) <= 0) continue;
      const ssize_t got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
      if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (got < 0) {
        return fail(ErrorCode::file_unreadable,
                    fmt::format("{}: {}", kStandardInput, std::strerror(errno)));
      }
      if (got == 0) break;
      CHECKED(send(stream.push({buffer.data(), static_cast<std::size_t>(got)})));
    }
    return send(stream.finish());
  }

  void refuse(Error error, const std::string& id = "") {
    if (!id.empty()) error.message = fmt::format("{}: {}", id, error.message);
    exit_code_ = worse(exit_code_, report(error, json_));
    ++refused_;
  }

  AmqpPublisher* const publisher_;
  const bool json_;
  SystemClock clock_;
  int exit_code_ = kExitDone;
  std::uint64_t refused_ = 0;
};

Result<void> send_all(const PublishOptions& options, Sender& sender) {
  for (const std::string& file : options.files) CHECKED(sender.send(file));
  return {};
}

void print_counts(const PublishOptions& options, const AmqpPublisher& publisher,
                  const Sender& sender, const AmqpSetting& setting) {
  if (options.json) {
    print_json({{"published", publisher.confirmed()},
                {"unconfirmed", publisher.unconfirmed()},
                {"refused", sender.refused()}});
    return;
  }
  std::string line =
      fmt::format("{} published to {}", publisher.confirmed(), setting.address.text());
  if (publisher.unconfirmed() > 0) {
    line += fmt::format(", {} not confirmed", publisher.unconfirmed());
  }
  if (sender.refused() > 0) line += fmt::format(", {} refused", sender.refused());
  print_line(line);
}

int run_publish(const PublishOptions& options, const Environment& environment) {
  if (options.dry_run) {
    Sender sender(nullptr, options.json);
    const auto sent = send_all(options, sender);
    return sent ? sender.exit_code() : report(sent.error(), options.json);
  }
  const auto setting = queue_setting(options.to, environment, "publish");
  if (!setting) return report(setting.error(), options.json);
  const auto connection = AmqpConnection::open(*setting);
  if (!connection) return report(connection.error(), options.json);
  // So that no message is sent to where nobody keeps it.
  const auto declared = declare(**connection, queue_topology());
  if (!declared) return report(declared.error(), options.json);
  AmqpPublisher publisher(**connection);
  Sender sender(&publisher, options.json);
  auto sent = send_all(options, sender);
  if (sent) sent = publisher.finish();
  int code = sender.exit_code();
  if (!sent) code = worse(code, report(sent.error(), options.json));
  print_counts(options, publisher, sender, *setting);
  (*connection)->close();
  return code;
}

}  // namespace

void add_publish_command(CLI::App& app, const Environment& environment, Run& run) {
  auto* command = app.add_subcommand("publish", "Feeds a RabbitMQ queue with event files");
  auto options = std::make_shared<PublishOptions>();
  command->add_option("FILE", options->files, "Event files; - is standard input")->required();
  command->add_option("--to", options->to,
                      "The broker: amqp://user:password@host:port/vhost, or amqps:// "
                      "[MINIATURA_QUEUE]");
  command->add_flag("--dry-run", options->dry_run, "Print what would be sent, touching no queue");
  command->add_flag("--json", options->json, "The counts as one JSON object; errors as well");
  command->callback(
      [&, options] { run = [&, options] { return run_publish(*options, environment); }; });
}

}  // namespace miniatura
