// The command line: which command, its options, its exit code. A command is a file in commands/ and
// a line in the table of cli.cc.
#pragma once

#include "runtime/environment.h"

namespace miniatura {

// 0 done; 1 failed for good; 2 wrong usage or configuration; 75 worth another attempt
// (EX_TEMPFAIL).
int run_cli(int argc, char** argv, const Environment& environment);

}  // namespace miniatura
