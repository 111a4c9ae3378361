// The implementations of every primitive, by device and stem.  Each stem registers its own list:
//
//   static const Register<Relu> on_cpu{"cpu", {
//       {"rows",      relu::supports, no_workspace, relu::cost, FASTCONV_PICK(relu_rows), batch_invariant | in_place | wide},
//       {"reference", always,         no_workspace, no_cost,    relu::reference,          batch_invariant | in_place}}};
//
// Best first, the reference last.  Nothing else lists them.
#pragma once
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/tensor.h"
#include "primitives/attributes.h"

namespace fastconv {

using Refusal = std::optional<std::string>;  // the reason, for a person; nothing: supported

enum RowFacts : unsigned {
  no_facts = 0,
  batch_invariant = 1,    // a picture gets the same bits in any batch
  in_place = 2,           // output 0 may be input 0's memory
  wide = 4,               // compiled once an instruction set; the name gets ":avx2" behind it
  reduced_precision = 8,  // rounds its inputs below float32: only where `set_precision` asks for it
};

// Where attributes come from (the binding reads a dict, the native runner a file).
class AttributeSource {
 public:
  virtual ~AttributeSource() = default;
  virtual int64_t get_int(const char* name) = 0;
  virtual double get_double(const char* name) = 0;
  virtual bool get_bool(const char* name) = 0;
  virtual std::string get_string(const char* name) = 0;
  virtual std::vector<int64_t> get_ints(const char* name) = 0;
};

const char* activation_name(Activation activation);
Activation activation_from_name(const std::string& name);
const char* relation_name(Relation relation);
Relation relation_from_name(const std::string& name);

// One row with its attributes' type erased.
struct Implementation {
  std::string device, stem, name;
  unsigned facts = 0;
  std::function<Refusal(const void*, const Signature&)> supports;
  std::function<Workspace(const void*, const Signature&)> workspace;
  std::function<double(const void*, const Signature&)> cost;  // seconds on a nominal core, from shapes alone
  std::function<void(const void*, const Call&)> run;
  std::function<void(const void*, const Call*, int)>
      run_group;                  // several calls of like attributes; may be empty
  std::string full_name() const;  // "winograd_f4x3:avx2"
};

struct PrimitiveType {
  std::string stem;
  std::vector<std::string> fields;
  std::function<std::shared_ptr<const void>(AttributeSource&)> read;
  std::function<std::string(const void*)> print;  // "stride_h=1 stride_w=1 ..."
};

class Registry {
 public:
  void add_type(PrimitiveType type);
  void add(Implementation implementation);
  const PrimitiveType& type(const std::string& stem) const;
  std::vector<std::string> stems() const;
  // Best first; empty when the device has no kernel of that stem.  All devices of a kind share theirs.
  const std::vector<std::unique_ptr<Implementation>>& implementations(const std::string& device,
                                                                      const std::string& stem) const;

 private:
  std::map<std::string, PrimitiveType> types_;
  std::map<std::pair<std::string, std::string>, std::vector<std::unique_ptr<Implementation>>> rows_;
};

Registry& registry();  // the one of the process

namespace detail {

struct FieldReader {
  AttributeSource& source;
  void operator()(const char* name, int64_t& field) { field = source.get_int(name); }
  void operator()(const char* name, double& field) { field = source.get_double(name); }
  void operator()(const char* name, bool& field) { field = source.get_bool(name); }
  void operator()(const char* name, Activation& field) {
    field = activation_from_name(source.get_string(name));
  }
  void operator()(const char* name, Relation& field) { field = relation_from_name(source.get_string(name)); }
  void operator()(const char* name, DType& field);
  void operator()(const char* name, Dims& field);
};

struct FieldNames {
  std::vector<std::string> names;
  template <class Field>
  void operator()(const char* name, Field&) {
    names.push_back(name);
  }
};

struct FieldPrinter {
  std::string text;
  void operator()(const char* name, int64_t& field) { put(name, std::to_string(field)); }
  void operator()(const char* name, double& field) { put(name, std::to_string(field)); }
  void operator()(const char* name, bool& field) { put(name, field ? "true" : "false"); }
  void operator()(const char* name, Activation& field) { put(name, activation_name(field)); }
  void operator()(const char* name, Relation& field) { put(name, relation_name(field)); }
  void operator()(const char* name, DType& field);
  void operator()(const char* name, Dims& field);
  void put(const char* name, const std::string& value) {
    text += (text.empty() ? "" : " ") + std::string(name) + "=" + value;
  }
};

}  // namespace detail

template <class Attributes>
PrimitiveType primitive_type() {
  PrimitiveType type;
  type.stem = Attributes::stem;
  Attributes example{};
  detail::FieldNames names;
  example.fields(names);
  type.fields = names.names;
  type.read = [](AttributeSource& source) -> std::shared_ptr<const void> {
    auto attributes = std::make_shared<Attributes>();
    detail::FieldReader reader{source};
    attributes->fields(reader);
    return attributes;
  };
  type.print = [](const void* attributes) {
    Attributes copy = *static_cast<const Attributes*>(attributes);
    detail::FieldPrinter printer;
    copy.fields(printer);
    return printer.text;
  };
  return type;
}

template <class Attributes>
struct Row {
  const char* name;
  Refusal (*supports)(const Attributes&, const Signature&);
  Workspace (*workspace)(const Attributes&, const Signature&);
  double (*cost)(const Attributes&, const Signature&);
  void (*run)(const Attributes&, const Call&);
  unsigned facts = no_facts;
  void (*run_group)(const Attributes&, const Call*,
                    int count) = nullptr;  // all optimiser updates in one launch
};

// Stock entries of a row.
template <class Attributes>
Refusal always(const Attributes&, const Signature&) {
  return std::nullopt;
}
template <class Attributes>
Workspace no_workspace(const Attributes&, const Signature&) {
  return {0, 0};
}
template <class Attributes>
double no_cost(const Attributes&, const Signature&) {
  return 0;
}
template <class Attributes>
double reference_cost(const Attributes&, const Signature&) {
  return std::numeric_limits<double>::infinity();
}

template <class Attributes>
class Register {
 public:
  Register(const char* device, std::vector<Row<Attributes>> rows) {
    registry().add_type(primitive_type<Attributes>());
    for (const Row<Attributes>& row : rows) {
      Implementation made;
      made.device = device;
      made.stem = Attributes::stem;
      made.name = row.name;
      made.facts = row.facts;
      made.supports = [f = row.supports](const void* a, const Signature& s) { return f(cast(a), s); };
      made.workspace = [f = row.workspace](const void* a, const Signature& s) { return f(cast(a), s); };
      made.cost = [f = row.cost](const void* a, const Signature& s) { return f(cast(a), s); };
      made.run = [f = row.run](const void* a, const Call& call) { f(cast(a), call); };
      if (row.run_group)
        made.run_group = [f = row.run_group](const void* a, const Call* calls, int count) {
          f(cast(a), calls, count);
        };
      registry().add(std::move(made));
    }
  }

 private:
  static const Attributes& cast(const void* attributes) {
    return *static_cast<const Attributes*>(attributes);
  }
};

}  // namespace fastconv
