#include "handler/cli.h"
#include "runtime/heap.h"
#include "runtime/stand_alone.h"

int main(int argc, char** argv) {
  miniatura::stand_alone();
  miniatura::give_back_large_blocks();
  return miniatura::run_cli(argc, argv, miniatura::Environment::of_process());
}
