#include "handler/cli.h"

int main(int argc, char** argv) {
  return miniatura::run_cli(argc, argv, miniatura::Environment::of_process());
}
