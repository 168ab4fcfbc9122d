// s3_client get|put COUNT URL…: what a request of the S3 client costs, apart from the start of a
// process. Runs over the URLs COUNT times on one store, and prints wall and CPU milliseconds of all
// but the first request, which connects: {"requests":…,"wall_ms":…,"cpu_ms":…}
//
// A put sends as many bytes as MINIATURA_BENCH_BYTES says; the store is that of AWS's variables.
#include <fmt/core.h>
#include <sys/resource.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include "s3client/open_store.h"
#include "s3client/uri.h"

namespace miniatura {
namespace {

double process_cpu_ms() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto ms = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
  };
  return ms(usage.ru_utime) + ms(usage.ru_stime);
}

Result<void> get(ObjectStore& store, const ObjectId& id) {
  TRY(object, store.get(id, Context{}));
  std::array<char, 65'536> buffer{};
  for (;;) {
    TRY(got, object.body->read(buffer));
    if (got == 0) return {};
  }
}

Result<void> put(ObjectStore& store, const ObjectId& id, ByteView body) {
  PutRequest request;
  request.bucket = id.bucket;
  request.key = id.key;
  request.body = body;
  CHECKED(store.put(request, Context{}));
  return {};
}

Result<void> run(const std::string& what, int count, const std::vector<std::string>& urls) {
  const Environment environment = Environment::of_process();
  const std::string size = environment.get_or("MINIATURA_BENCH_BYTES", "0");
  const Bytes body(std::strtoull(size.c_str(), nullptr, 10), 'x');
  SystemClock clock;
  TRY(stores, open_store("s3:", environment, clock));
  const auto store = stores();
  std::vector<ObjectId> ids;
  for (const std::string& url : urls) {
    TRY(uri, parse_s3_uri(url));
    ids.push_back({uri.bucket, uri.key, ""});
  }
  const auto once = [&](const ObjectId& id) {
    return what == "get" ? get(*store, id) : put(*store, id, body);
  };
  CHECKED(once(ids.front()));
  const double cpu = process_cpu_ms();
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < count; ++i) {
    for (const ObjectId& id : ids) CHECKED(once(id));
  }
  const std::chrono::duration<double, std::milli> wall = std::chrono::steady_clock::now() - start;
  fmt::print("{{\"requests\":{},\"wall_ms\":{:.3f},\"cpu_ms\":{:.3f}}}\n",
             static_cast<std::size_t>(count) * ids.size(), wall.count(), process_cpu_ms() - cpu);
  return {};
}

}  // namespace
}  // namespace miniatura

int main(int argc, char** argv) {
  if (argc < 4) {
    fmt::print(stderr, "usage: s3_client get|put COUNT URL...\n");
    return 2;
  }
  const auto ran = miniatura::run(argv[1], static_cast<int>(std::strtol(argv[2], nullptr, 10)),
                                  {argv + 3, argv + argc});
  if (ran) return 0;
  fmt::print(stderr, "{}\n", ran.error().message);
  return 1;
}
