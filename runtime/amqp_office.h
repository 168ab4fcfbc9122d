// The dead letters of a broker: what lies in miniatura.dead, put there by a worker that gave up or
// by the broker itself, where a message killed worker after worker.
#pragma once

#include <memory>

#include "runtime/amqp_connection.h"
#include "runtime/amqp_topology.h"
#include "runtime/dead_letters.h"
#include "runtime/result.h"

namespace miniatura {

// Connects, and declares what is missing, at each walk. A walk sees what lay there when it began.
// Each letter that it was shown is out of the queue until the walk ends, whoever else looks; what
// was kept is back then, where it was. Errors as AmqpConnection's.
std::unique_ptr<DeadLetterOffice> open_amqp_office(AmqpSetting setting, AmqpTopology topology);

}  // namespace miniatura
