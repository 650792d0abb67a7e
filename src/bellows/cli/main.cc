#include "all_commands.h"
#include "bellows/cli/command.h"

int main(int argc, char** argv) {
  bellows::cli::CommandLine line;
  bellows::cli::add_all_commands(line);
  return line.run(argc, argv);
}
