// miniatura health: does a server of ours answer? For a container that holds nothing else to ask
// with. The exit code is 0 or 1, as Docker wants it of a health command.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "handler/commands/command.h"
#include "runtime/curl_http.h"

namespace miniatura {
namespace {

using namespace std::chrono_literals;

constexpr auto kAnswerTime = 4s;  // below the 5 s that the image's health check gives

int run_health(const std::string& url, const Environment& environment) {
  const auto trusted = authorities_named_by("AWS_CA_BUNDLE", environment);
  if (!trusted) {
    static_cast<void>(report(trusted.error(), false));
    return kExitFailed;
  }
  SystemClock clock;
  const auto transport =
      make_curl_transport({"miniatura/" MINIATURA_VERSION, false, *trusted}, clock);
  HttpRequest request;
  request.url = url;
  request.deadline = Deadline::after(clock, kAnswerTime);
  const auto reply = send(*transport, request);
  if (!reply) {
    static_cast<void>(report(reply.error(), false));
    return kExitFailed;
  }
  print_line(fmt::format("HTTP {}", reply->status));
  if (reply->status == 200) return kExitDone;
  if (!reply->body.empty()) print_line(reply->body);  // /readyz has its reasons there
  return kExitFailed;
}

}  // namespace

void add_health_command(CLI::App& app, const Environment& environment, Run& run) {
  auto* health = app.add_subcommand("health", "Asks a server of ours whether it is well");
  auto url = std::make_shared<std::string>("http://127.0.0.1:8080/healthz");
  health->add_option("URL", *url, "/healthz or /readyz of `serve` or `work --listen`")
      ->capture_default_str();
  health->callback([&, url] { run = [&, url] { return run_health(*url, environment); }; });
}

}  // namespace miniatura
