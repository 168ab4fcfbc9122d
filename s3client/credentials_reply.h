// How the places that hand out credentials are asked, and what their answers mean: what STS,
// container endpoints, the instance metadata service and credential_process have in common.
//
// Answers are untrusted and full of secrets: no message repeats more of one than its error code.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/clock.h"
#include "runtime/http.h"
#include "runtime/json.h"
#include "s3client/credentials.h"

namespace miniatura {

// A transport of its own for each fetch; without a proxy for link-local endpoints.
using TransportFactory = std::function<std::unique_ptr<HttpTransport>(bool use_proxy)>;

// What the places are asked with. `clock` outlives whoever has it.
struct CredentialTools {
  TransportFactory make_transport;
  Clock& clock;
};

// A status that may be another in a moment, by the table of recovery.h.
bool is_busy(int status);

// Asked again where the network fails or the other side is busy. Within 20 s in all, and at most 64
// KiB of an answer. Errors: network_* and deadline_exceeded.
Result<HttpReply> ask_for_credentials(HttpTransport& transport, Clock& clock, HttpRequest request,
                                      int attempts_max = 3);

// credentials_missing: `place` was asked and gave nothing. Repeats the cause's own words, so not
// for causes that quote an answer.
Error no_credentials(std::string_view place, std::string_view why);
// The same for an answer of another status than 200; `code` is the service's word for it, and
// appears only if it looks like one.
Error refused_credentials(std::string_view place, int status, std::string_view code);

// The object that they all answer, with the token in `token_field` ("Token", "SessionToken").
// Errors: credentials_missing, naming `place` and the field.
Result<Credentials> credentials_in(const Json& answer, const char* token_field,
                                   std::string_view place);

// Keys from whichever form of answer, checked. `expiration` is empty where they do not end.
Result<Credentials> checked_credentials(Credentials credentials, std::string_view expiration,
                                        std::string_view place);

// Without the parser's words, which may quote the text. Errors: credentials_missing.
Result<Json> json_answer(ByteView text, std::string_view place);

}  // namespace miniatura
