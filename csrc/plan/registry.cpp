#include "plan/registry.h"

#include "core/error.h"
#include "core/isa.h"
#include "core/shape.h"
#include "plan/device.h"

namespace fastconv {
namespace {
constexpr const char* activation_names[] = {"none", "relu", "sigmoid"};
constexpr const char* relation_names[] = {"equal",      "not_equal", "less",
                                          "less_equal", "greater",   "greater_equal"};
}  // namespace

const char* activation_name(Activation activation) { return activation_names[static_cast<int>(activation)]; }

Activation activation_from_name(const std::string& name) {
  for (int i = 0; i < 3; ++i)
    if (name == activation_names[i]) return static_cast<Activation>(i);
  throw Error(ErrorKind::value, "activation: expected none, relu or sigmoid; came '" + name + "'.");
}

const char* relation_name(Relation relation) { return relation_names[static_cast<int>(relation)]; }

Relation relation_from_name(const std::string& name) {
  for (int i = 0; i < 6; ++i)
    if (name == relation_names[i]) return static_cast<Relation>(i);
  throw Error(ErrorKind::value,
              "relation: expected equal, not_equal, less, less_equal, greater or greater_equal; came '" +
                  name + "'.");
}

std::string Implementation::full_name() const {
  return facts & wide ? name + ":" + isa_name(active_isa()) : name;
}

void Registry::add_type(PrimitiveType type) { types_.emplace(type.stem, std::move(type)); }

void Registry::add(Implementation implementation) {
  auto& rows = rows_[{implementation.device, implementation.stem}];
  rows.push_back(std::make_unique<Implementation>(std::move(implementation)));
}

const PrimitiveType& Registry::type(const std::string& stem) const {
  const auto found = types_.find(stem);
  if (found == types_.end())
    throw Error(ErrorKind::value, "no kernel of any device is registered for the primitive '" + stem + "'.");
  return found->second;
}

std::vector<std::string> Registry::stems() const {
  std::vector<std::string> names;
  for (const auto& entry : types_) names.push_back(entry.first);
  return names;
}

const std::vector<std::unique_ptr<Implementation>>& Registry::implementations(const std::string& device,
                                                                              const std::string& stem) const {
  static const std::vector<std::unique_ptr<Implementation>> none;
  const auto found = rows_.find({device_kind(device), stem});
  return found == rows_.end() ? none : found->second;
}

Registry& registry() {
  static Registry* const one = new Registry;  // alive until the very end: kernels unregister nothing
  return *one;
}

namespace detail {

void FieldReader::operator()(const char* name, Dims& field) {
  const std::vector<int64_t> values = source.get_ints(name);
  if (values.size() > 6)
    throw Error(ErrorKind::value, std::string(name) + ": expected at most 6 numbers; came " +
                                      std::to_string(values.size()) + ".");
  field = {static_cast<int32_t>(values.size()), {}};
  for (size_t i = 0; i < values.size(); ++i) field.values[i] = values[i];
}

void FieldReader::operator()(const char* name, DType& field) {
  field = dtype_from_name(source.get_string(name));
}

void FieldPrinter::operator()(const char* name, DType& field) { put(name, dtype_name(field)); }

void FieldPrinter::operator()(const char* name, Dims& field) {
  std::string list;
  for (int i = 0; i < field.count; ++i) list += (i ? "," : "") + std::to_string(field.values[i]);
  put(name, "(" + list + ")");
}

}  // namespace detail
}  // namespace fastconv
