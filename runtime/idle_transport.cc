#include "runtime/idle_transport.h"

#include <utility>

namespace miniatura {
namespace {

struct Kept {
  std::unique_ptr<HttpTransport> transport;
  Clock::Time used;  // when something last came through it
};

// Keeps what its bytes come through.
class KeepingBody final : public ByteSource {
 public:
  KeepingBody(std::shared_ptr<Kept> kept, std::unique_ptr<ByteSource> inner, const Clock& clock)
      : kept_(std::move(kept)), inner_(std::move(inner)), clock_(clock) {}
  std::optional<std::uint64_t> size_bytes() const override { return inner_->size_bytes(); }

 private:
  Result<std::size_t> pull(std::span<char> buffer) override {
    auto got = inner_->read(buffer);
    kept_->used = clock_.now();
    return got;
  }
  void stop() override { inner_->cancel(); }

  std::shared_ptr<Kept> kept_;
  std::unique_ptr<ByteSource> inner_;  // goes first
  const Clock& clock_;
};

class IdleTransport final : public HttpTransport {
 public:
  IdleTransport(std::function<std::unique_ptr<HttpTransport>()> make, const Clock& clock)
      : make_(std::move(make)), clock_(clock) {}

  Result<HttpResponse> open(const HttpRequest& request) override {
    const auto kept = fresh();
    auto response = kept->transport->open(request);
    kept->used = clock_.now();
    if (!response) return response;
    response->body = std::make_unique<KeepingBody>(kept, std::move(response->body), clock_);
    return response;
  }

  std::vector<Result<HttpResponse>> send_all(std::span<const HttpRequest> requests) override {
    const auto kept = fresh();
    auto responses = kept->transport->send_all(requests);
    kept->used = clock_.now();
    return responses;  // whole: they need it no more
  }

 private:
  std::shared_ptr<Kept> fresh() {
    if (!kept_ || clock_.now() - kept_->used > kConnectionIdleMax) {
      kept_ = std::make_shared<Kept>(Kept{make_(), clock_.now()});
    }
    return kept_;
  }

  std::function<std::unique_ptr<HttpTransport>()> make_;
  const Clock& clock_;
  std::shared_ptr<Kept> kept_;
};

}  // namespace

std::unique_ptr<HttpTransport> make_idle_transport(
    std::function<std::unique_ptr<HttpTransport>()> make, const Clock& clock) {
  return std::make_unique<IdleTransport>(std::move(make), clock);
}

}  // namespace miniatura
