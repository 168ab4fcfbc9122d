// The environment variables, read in one place and handed to whoever needs them: no other file
// calls getenv.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace miniatura {

class Environment {
 public:
  Environment() = default;
  explicit Environment(std::map<std::string, std::string> variables)
      : variables_(std::move(variables)) {}

  // A copy of the process's own, as it is now. A value may hold '='.
  static Environment of_process();

  // Absent and empty are the same: nothing, as AWS's own tools read it.
  std::optional<std::string> get(const std::string& name) const;
  std::string get_or(const std::string& name, const std::string& fallback) const;

  // "NAME=value" of each, for a program that is started.
  std::vector<std::string> lines() const;

  // A copy in which this variable has this value.
  Environment with(const std::string& name, std::string value) const;

 private:
  std::map<std::string, std::string> variables_;
};

// Changes the process's environment for libraries that read it (_X_AMZN_TRACE_ID); nullopt removes
// the variable. Only while one thread runs.
void set_process_variable(const std::string& name, const std::optional<std::string>& value);

}  // namespace miniatura
