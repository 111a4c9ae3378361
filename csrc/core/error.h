// One exception type for native code; the binding translates its kind to Python's classes.
#pragma once
#include <stdexcept>
#include <string>

namespace fastconv {

enum class ErrorKind { value, shape, data, weights, device, out_of_memory, numerics, interrupted };

class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

}  // namespace fastconv
