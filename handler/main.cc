#include "handler/cli.h"
#include "runtime/stand_alone.h"

int main(int argc, char** argv) {
  miniatura::stand_alone();
  return miniatura::run_cli(argc, argv, miniatura::Environment::of_process());
}
