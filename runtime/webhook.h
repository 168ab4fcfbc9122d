// The HTTP door: what is posted goes into the inbox and is answered as soon as it is on the disk.
// Who sends repeats what is not answered 2xx, and some for ever and in order, so nothing that is
// wrong with a delivery itself ever goes back: it is taken, and is a dead letter later.
//
//   POST /events        200 {"id"}; 400 junk, 401 and 403 the token, 413 too large, 503 the inbox
//   is
//                       full or cannot write: send it again
//   GET /events/ID      what became of it (with the token): 200, 404
//   and the pages of watch.h
#pragma once

#include <functional>
#include <string>

#include "runtime/http_server.h"
#include "runtime/inbox.h"
#include "runtime/json.h"
#include "runtime/log.h"
#include "runtime/metrics.h"
#include "runtime/watch.h"

namespace miniatura {

struct WebhookSetting {
  // As `Authorization: Bearer TOKEN`, or the header's whole value where it is two words, or the
  // password of `Basic`. Empty: everybody may post.
  std::string token;

  // Is a body one that can be delivered at all? Error: answered 400. Called on the server's thread.
  std::function<Result<void>(ByteView)> check;

  WatchSetting watch;

  MetricName requests_counter{};  // by path and status
};

class Webhook {
 public:
  // All borrowed; they outlive the server that calls this.
  Webhook(WebhookSetting setting, Inbox& inbox, Metrics& metrics, const Log& log);

  // A ServeFn. Thread-safe.
  void serve(ServedRequest request, RespondFn respond) const;

 private:
  void post_event(ServedRequest request, const RespondFn& respond) const;
  void get_event(const std::string& id, const RespondFn& respond) const;

  WebhookSetting setting_;
  Inbox& inbox_;
  Metrics& metrics_;
  const Log& log_;
};

// Does the Authorization header show this token? In the same time whatever it holds. Pure.
enum class Permission { granted, missing, wrong };
Permission permission(const HttpHeaders& headers, const std::string& token);

// What GET /events/ID answers.
Json entry_json(const InboxEntry& entry);

}  // namespace miniatura
