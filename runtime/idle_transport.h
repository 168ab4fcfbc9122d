// An HttpTransport whose kept connections are not believed in after a long idleness.
//
// A sandbox is frozen between two events, for seconds or hours, and may go on from a snapshot of
// itself. Its peers, and what forwards between, forget its connections meanwhile: at best they are
// reset, at worst nobody answers, and each costs the time of a stall. The clocks that libcurl
// measures idleness by may have stood still, too. The wall clock has not: if that says that nothing
// was sent for longer than connections are kept, all of them are left behind.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "runtime/clock.h"
#include "runtime/http.h"

namespace miniatura {

// No longer than curl_http.h keeps them.
inline constexpr std::chrono::seconds kConnectionIdleMax{25};

// `make` gives a transport without connections; it is called at the first request, and again at a
// request after kConnectionIdleMax. A body that is still read keeps the transport that it came
// from. `clock` outlives it. One a thread, as all transports.
std::unique_ptr<HttpTransport> make_idle_transport(
    std::function<std::unique_ptr<HttpTransport>()> make, const Clock& clock);

}  // namespace miniatura
