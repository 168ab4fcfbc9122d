// Where the HTTP server listens: its setting's text into addresses.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <string>
#include <vector>

#include "runtime/result.h"

namespace miniatura {

// HOST:PORT, [V6]:PORT, or :PORT for all addresses (of both families, where there are both). More
// than one: the next is for a machine that lacks the family of the one before. Looks a name up,
// which may take its time. Errors: config_invalid.
Result<std::vector<boost::asio::ip::tcp::endpoint>> listen_endpoints(boost::asio::io_context& io,
                                                                     const std::string& listen);

}  // namespace miniatura
