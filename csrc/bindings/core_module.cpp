// The Python module over libfastconv: argument checks and conversions, nothing else.
#include <pybind11/functional.h>
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <chrono>

#include "bindings/errors.h"
#include "core/error.h"
#include "core/isa.h"
#include "core/memory.h"
#include "core/philox.h"
#include "core/shape.h"
#include "core/thread_pool.h"
#include "plan/device.h"
#include "plan/plan.h"
#include "plan/registry.h"

namespace py = pybind11;
using namespace fastconv;

namespace {

class DictSource : public AttributeSource {
 public:
  explicit DictSource(py::dict values) : values_(std::move(values)) {}
  int64_t get_int(const char* name) override { return get<int64_t>(name); }
  double get_double(const char* name) override { return get<double>(name); }
  bool get_bool(const char* name) override { return get<bool>(name); }
  std::string get_string(const char* name) override { return get<std::string>(name); }
  std::vector<int64_t> get_ints(const char* name) override { return get<std::vector<int64_t>>(name); }

 private:
  template <class Value>
  Value get(const char* name) {
    if (!values_.contains(name))
      throw Error(ErrorKind::value, std::string("attribute '") + name + "' is missing");
    return values_[name].cast<Value>();
  }
  py::dict values_;
};

TensorDesc desc_of(const py::array& array) {
  std::vector<int64_t> dims(array.shape(), array.shape() + array.ndim());
  return make_desc(dtype_from_name(py::str(array.dtype().attr("name"))), dims);
}

TensorDesc desc_from(const std::pair<std::string, std::vector<int64_t>>& spec) {
  return make_desc(dtype_from_name(spec.first), spec.second);
}

std::vector<TensorDesc> descs_from(const std::vector<std::pair<std::string, std::vector<int64_t>>>& specs) {
  std::vector<TensorDesc> descs;
  for (const auto& spec : specs) descs.push_back(desc_from(spec));
  return descs;
}

py::array empty_array(const TensorDesc& desc) {
  return py::array(py::dtype(dtype_name(desc.dtype)),
                   std::vector<py::ssize_t>(desc.dims, desc.dims + desc.rank));
}

py::array contiguous(const py::array& array) { return py::array::ensure(array, py::array::c_style); }

const Implementation& row_named(const std::string& device, const std::string& stem, const std::string& name) {
  std::string names;
  for (const auto& row : registry().implementations(device, stem)) {
    if (row->name == name) return *row;
    names += (names.empty() ? "" : ", ") + row->name;
  }
  throw Error(ErrorKind::value, stem + " on " + device + ": expected one of its implementations (" + names +
                                    "); came '" + name + "'.");
}

// Ctrl-C is looked for between steps, at most every 10 ms: taking the GIL has a price.
class InterruptCheck {
 public:
  bool operator()() {
    const auto now = std::chrono::steady_clock::now();
    if (now - last_ < std::chrono::milliseconds(10)) return false;
    last_ = now;
    const py::gil_scoped_acquire gil;
    return PyErr_CheckSignals() != 0;
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

using Spec = std::pair<std::string, std::vector<int64_t>>;

struct Candidate {
  std::string name, full_name, reason;
  double cost;
  size_t workspace_bytes, scratch_bytes;
  unsigned facts;
};

// Every row of a stem on a device: why it refuses, or what it costs.
std::vector<Candidate> candidates(const std::string& device_name, const std::string& stem,
                                  const py::dict& attributes, const std::vector<Spec>& inputs,
                                  const std::vector<Spec>& outputs) {
  const std::vector<TensorDesc> in = descs_from(inputs), out = descs_from(outputs);
  DictSource source(attributes);
  const auto made = registry().type(stem).read(source);
  const Signature signature{in.data(), static_cast<int>(in.size()), out.data(), static_cast<int>(out.size())};
  std::vector<Candidate> all;
  for (const auto& row : registry().implementations(device_name, stem)) {
    const Refusal refusal = row->supports(made.get(), signature);
    Candidate candidate{row->name, row->full_name(), refusal.value_or(""), 0, 0, 0, row->facts};
    if (!refusal) {
      const Workspace workspace = row->workspace(made.get(), signature);
      candidate.cost = row->cost(made.get(), signature);
      candidate.workspace_bytes = workspace.shared_bytes;
      candidate.scratch_bytes = workspace.per_thread_bytes;
    }
    all.push_back(candidate);
  }
  return all;
}

// Holds a device so that nothing of ours gets into a run that another thread records.  Without the GIL: a run asks
// for it between steps.
class Held {
 public:
  explicit Held(Device& device) : lock_(device.run_lock()) {}

 private:
  const py::gil_scoped_release nogil_;
  const std::lock_guard<std::mutex> lock_;
};

// One step on host arrays, by the name of its implementation: for tests and benches.  On the host the inputs are
// read where they lie; outputs and workspace hold NaN before (`fill` on the host).  Runs take turns at `sets` of
// buffers: where they are larger than the caches together, each run finds its own in memory.
class OneStep {
 public:
  OneStep(Device& device, const std::string& stem, const std::string& name, const py::dict& attributes,
          std::vector<py::array> inputs, const std::vector<Spec>& outputs, float fill, int sets = 1)
      : device_(device), row_(row_named(device.name(), stem, name)), inputs_(std::move(inputs)) {
    DictSource source(attributes);
    attributes_ = registry().type(stem).read(source);
    for (py::array& input : inputs_) {
      input = contiguous(input);
      in_descs_.push_back(desc_of(input));
    }
    out_descs_ = descs_from(outputs);
    const Signature signature{in_descs_.data(), static_cast<int>(in_descs_.size()), out_descs_.data(),
                              static_cast<int>(out_descs_.size())};
    if (const Refusal refusal = row_.supports(attributes_.get(), signature))
      throw Error(ErrorKind::value, stem + " " + name + " refuses: " + *refusal);
    scratch_ = row_.workspace(attributes_.get(), signature);
    const Held held(device_);
    for (int i = 0; i < std::max(sets, 1); ++i) add_set(fill);
  }

  // Seconds of one step, measured `repeats` times over `batch` steps in a row; where the device records, a batch is
  // one recording, so that the time of its launches does not count.
  std::vector<double> run(int repeats, int batch = 1) {
    const py::gil_scoped_release nogil;
    const std::lock_guard<std::mutex> lock(device_.run_lock());
    device_.begin_run(scratch_.per_thread_bytes);
    std::vector<double> seconds;
    try {
      const auto steps = [&] {
        for (int i = 0; i < batch; ++i) run_next();
      };
      if (batch > 1 && device_.records() && recorded_batch_ != batch) {
        run_next();  // the first run loads kernels, which no recording may do
        recording_ = device_.record(steps);
        recorded_batch_ = recording_ ? batch : 0;
        if (recording_) recording_->replay();
      }
      const bool recorded = recorded_batch_ == batch;
      for (int i = 0; i < repeats; ++i)
        seconds.push_back(device_.seconds_of([&] { recorded ? recording_->replay() : steps(); }) / batch);
      device_.synchronize();
    } catch (...) {
      device_.end_run();
      throw;
    }
    device_.end_run();
    return seconds;
  }

  std::vector<py::array> results() const {
    std::vector<py::array> all;
    for (const TensorDesc& desc : out_descs_) all.push_back(empty_array(desc));
    const Held held(device_);
    for (size_t i = 0; i < all.size(); ++i)
      device_.download(all[i].mutable_data(), sets_[0].out[i].data, byte_count(out_descs_[i]));
    return all;
  }

 private:
  struct Set {
    std::vector<Tensor> in, out;
    void* workspace;
  };

  void run_next() {
    const Set& set = sets_[next_set_++ % sets_.size()];
    row_.run(attributes_.get(), {set.in.data(), static_cast<int>(set.in.size()), set.out.data(),
                                 static_cast<int>(set.out.size()), set.workspace, device_.queue(), nullptr});
  }

  void add_set(float fill) {
    Set set;
    for (size_t i = 0; i < inputs_.size(); ++i) set.in.push_back({input_data(i), in_descs_[i]});
    for (const TensorDesc& desc : out_descs_) set.out.push_back({new_buffer(desc, fill).data(), desc});
    set.workspace =
        new_buffer(make_desc(DType::uint8, {static_cast<int64_t>(scratch_.shared_bytes)}), fill).data();
    sets_.push_back(std::move(set));
  }

  void* input_data(size_t index) {
    void* host = const_cast<void*>(inputs_[index].data());
    if (device_.host_addressable() && sets_.empty()) return host;
    buffers_.push_back(std::make_unique<Buffer>(device_, in_descs_[index]));
    device_.upload(buffers_.back()->data(), host, buffers_.back()->bytes());
    return buffers_.back()->data();
  }

  Buffer& new_buffer(const TensorDesc& desc, float fill) {
    buffers_.push_back(std::make_unique<Buffer>(device_, desc));
    Buffer& made = *buffers_.back();
    if (!device_.host_addressable()) {
      device_.poison(made.data(), made.bytes());
      return made;
    }
    std::fill_n(static_cast<uint8_t*>(made.data()), made.bytes(), uint8_t{0xff});
    if (desc.dtype == DType::float32 || desc.dtype == DType::uint8)
      std::fill_n(static_cast<float*>(made.data()), made.bytes() / 4, fill);
    return made;
  }

  Device& device_;
  const Implementation& row_;
  std::shared_ptr<const void> attributes_;
  std::vector<py::array> inputs_;
  std::vector<TensorDesc> in_descs_, out_descs_;
  std::vector<std::unique_ptr<Buffer>> buffers_;
  std::vector<Set> sets_;
  size_t next_set_ = 0;
  std::unique_ptr<Device::Recording> recording_;
  int recorded_batch_ = 0;
  Workspace scratch_{0, 0};
};

py::array buffer_to_numpy(const std::shared_ptr<Buffer>& buffer) {
  py::array array = empty_array(buffer->desc());
  Device& device = buffer->device();
  void* host = array.mutable_data();
  if (device.host_addressable()) {
    device.download(host, buffer->data(), buffer->bytes());
  } else {
    const Held held(device);
    device.download(host, buffer->data(), buffer->bytes());
  }
  return array;
}

// A read-only view where the device's memory is the host's, else a copy.
py::array buffer_view(const std::shared_ptr<Buffer>& buffer) {
  if (!buffer->device().host_addressable()) return buffer_to_numpy(buffer);
  const TensorDesc& desc = buffer->desc();
  py::array view(py::dtype(dtype_name(desc.dtype)),
                 std::vector<py::ssize_t>(desc.dims, desc.dims + desc.rank), buffer->data(),
                 py::cast(buffer));
  view.attr("setflags")(py::arg("write") = false);
  return view;
}

void buffer_write(Buffer& buffer, const py::array& values) {
  const py::array array = contiguous(values);
  const TensorDesc desc = desc_of(array);
  if (!same_shape(desc, buffer.desc()) || desc.dtype != buffer.desc().dtype)
    throw Error(ErrorKind::shape, "expected " + to_string(buffer.desc()) + "; came " + to_string(desc) + ".");
  const void* host = array.data();
  const Held held(buffer.device());
  buffer.device().upload(buffer.data(), host, buffer.bytes());
  buffer.touch();
}

struct PlanRun {
  Plan::Outcome outcome;
  std::vector<double> seconds;
};

// A NumPy array, or a buffer on the device of the plan.
Plan::Feed feed_of(const py::handle& given) {
  if (py::isinstance<Buffer>(given)) return {given.cast<const Buffer&>().data(), true};
  const auto array = given.cast<py::array>();
  if (!(array.flags() & py::array::c_style)) throw Error(ErrorKind::value, "a feed is not contiguous");
  return {array.data(), false};
}

Plan::Observer observer_for(InterruptCheck& interrupted, const py::object& on_step) {
  Plan::Observer observer;
  observer.interrupted = std::ref(interrupted);
  if (!on_step.is_none())
    observer.on_step = [&on_step](int step, bool after) {
      const py::gil_scoped_acquire gil;
      on_step(step, after);
    };
  return observer;
}

PlanRun plan_run(Plan& plan, const py::list& feeds, const std::vector<std::shared_ptr<Buffer>>& outputs,
                 const py::object& on_step, bool timed, bool ahead) {
  std::vector<Plan::Feed> pointers;
  for (const py::handle& feed : feeds) pointers.push_back(feed_of(feed));
  std::vector<Buffer*> targets;
  for (const auto& output : outputs) targets.push_back(output.get());
  PlanRun result{{}, {}};
  InterruptCheck interrupted;
  Plan::Observer observer = observer_for(interrupted, on_step);
  if (timed) observer.seconds = &result.seconds;
  const py::gil_scoped_release nogil;
  result.outcome = plan.run(pointers, targets, observer, ahead);
  return result;
}

void plan_repeat(Plan& plan, const py::object& on_step) {
  InterruptCheck interrupted;
  const Plan::Observer observer = observer_for(interrupted, on_step);
  const py::gil_scoped_release nogil;
  plan.repeat(observer);
}

py::array random_uniform(uint64_t key, uint64_t stream, int64_t count) {
  py::array_t<float> values(count);
  float* out = values.mutable_data();
  for (int64_t i = 0; i < count; i += 4) {
    const Philox4 four = philox(static_cast<uint32_t>(i / 4), static_cast<uint32_t>((i / 4) >> 32),
                                static_cast<uint32_t>(stream), static_cast<uint32_t>(stream >> 32),
                                static_cast<uint32_t>(key), static_cast<uint32_t>(key >> 32));
    for (int64_t j = i; j < count && j < i + 4; ++j) out[j] = unit_float(four.words[j - i]);
  }
  return values;
}

}  // namespace

void bind_image(py::module_& module);  // image_module.cpp
void bind_exchange(py::module_& module,
                   py::class_<Buffer, std::shared_ptr<Buffer>>& buffer);  // exchange_module.cpp

PYBIND11_MODULE(_core, m, py::mod_gil_not_used()) {
  m.doc() = "fastconv's native core: kernels, plans, memory, threads.";
  translate_errors();

  m.def("isa", [] { return std::string(isa_name(active_isa())); });
  m.def("isa_problem", &isa_problem);
  m.def("available_isas", [] {
    std::vector<std::string> names;
    for (Isa isa : available_isas()) names.push_back(isa_name(isa));
    return names;
  });
  m.def("thread_count", &thread_count);
  m.def(
      "set_thread_count",
      [](int threads) {
        const std::lock_guard<std::mutex> lock(device("cpu").run_lock());
        set_thread_count(threads);
      },
      py::call_guard<py::gil_scoped_release>());
  m.def("allocated_bytes", &allocated_bytes);
  m.def("device_names", &device_names);
  m.def("stems", [] { return registry().stems(); });
  m.def("primitive_fields", [](const std::string& stem) { return registry().type(stem).fields; });
  m.def("implementations", [](const std::string& device_name, const std::string& stem) {
    std::vector<std::string> names;
    for (const auto& row : registry().implementations(device_name, stem)) names.push_back(row->name);
    return names;
  });
  m.def("random_uniform", &random_uniform, py::arg("key"), py::arg("stream"), py::arg("count"));
  m.def("release_arena", [](const std::string& name) {
    Device& chosen = device(name);
    const Held held(chosen);
    chosen.release_arena();
  });
  m.def("arena_bytes", [](const std::string& name) { return device(name).arena_bytes(); });

  py::class_<Candidate>(m, "Candidate")
      .def_readonly("name", &Candidate::name)
      .def_readonly("full_name", &Candidate::full_name)
      .def_readonly("reason", &Candidate::reason)
      .def_readonly("cost", &Candidate::cost)
      .def_readonly("workspace_bytes", &Candidate::workspace_bytes)
      .def_readonly("scratch_bytes", &Candidate::scratch_bytes)
      .def_property_readonly("batch_invariant",
                             [](const Candidate& c) { return (c.facts & batch_invariant) != 0; })
      .def_property_readonly("in_place", [](const Candidate& c) { return (c.facts & in_place) != 0; })
      .def_property_readonly("reduced_precision",
                             [](const Candidate& c) { return (c.facts & reduced_precision) != 0; });
  m.def("candidates", &candidates, py::arg("device"), py::arg("stem"), py::arg("attributes"),
        py::arg("inputs"), py::arg("outputs"));
  m.def(
      "run_once",
      [](const std::string& stem, const std::string& name, const py::dict& attributes,
         std::vector<py::array> inputs, const std::vector<Spec>& outputs, float fill, const std::string& on) {
        OneStep step(device(on), stem, name, attributes, std::move(inputs), outputs, fill);
        step.run(1);
        return step.results();
      },
      py::arg("stem"), py::arg("implementation"), py::arg("attributes"), py::arg("inputs"),
      py::arg("outputs"), py::arg("fill") = std::numeric_limits<float>::quiet_NaN(),
      py::arg("device") = "cpu");
  m.def(
      "time_once",
      [](const std::string& stem, const std::string& name, const py::dict& attributes,
         std::vector<py::array> inputs, const std::vector<Spec>& outputs, int repeats,
         const std::string& on) {
        OneStep step(device(on), stem, name, attributes, std::move(inputs), outputs, 0.0f);
        const std::vector<double> seconds = step.run(repeats);
        return std::make_pair(seconds, step.results());
      },
      py::arg("stem"), py::arg("implementation"), py::arg("attributes"), py::arg("inputs"),
      py::arg("outputs"), py::arg("repeats"), py::arg("device") = "cpu");

  py::class_<OneStep>(m, "OneStep")
      .def(py::init([](const std::string& on, const std::string& stem, const std::string& name,
                       const py::dict& attributes, std::vector<py::array> inputs,
                       const std::vector<Spec>& outputs, int sets) {
             return std::make_unique<OneStep>(device(on), stem, name, attributes, std::move(inputs), outputs,
                                              0.0f, sets);
           }),
           py::arg("device"), py::arg("stem"), py::arg("implementation"), py::arg("attributes"),
           py::arg("inputs"), py::arg("outputs"), py::arg("sets") = 1)
      .def("seconds", &OneStep::run, py::arg("repeats"), py::arg("batch") = 1)
      .def("results", &OneStep::results);

  py::class_<Buffer, std::shared_ptr<Buffer>> buffer(m, "Buffer");
  buffer
      .def(py::init([](const std::string& device_name, const std::string& dtype,
                       const std::vector<int64_t>& dims) {
             return std::make_shared<Buffer>(device(device_name), make_desc(dtype_from_name(dtype), dims));
           }),
           py::arg("device"), py::arg("dtype"), py::arg("shape"))
      .def_property_readonly("device", [](const Buffer& b) { return b.device().name(); })
      .def_property_readonly("dtype", [](const Buffer& b) { return std::string(dtype_name(b.desc().dtype)); })
      .def_property_readonly(
          "shape",
          [](const Buffer& b) {
            return py::tuple(py::cast(std::vector<int64_t>(b.desc().dims, b.desc().dims + b.desc().rank)));
          })
      .def_property_readonly("bytes", &Buffer::bytes)
      .def_property_readonly("version", &Buffer::version)
      .def_property_readonly("pointer", [](const Buffer& b) { return reinterpret_cast<uintptr_t>(b.data()); })
      .def("numpy", &buffer_to_numpy, "A copy on the host.")
      .def("view", &buffer_view, "A read-only view where the memory is the host's, else a copy.")
      .def("write", &buffer_write, py::arg("values"));

  bind_exchange(m, buffer);

  py::enum_<Part>(m, "Part")
      .value("prologue", Part::prologue)
      .value("step", Part::step)
      .value("closing", Part::closing);

  py::class_<PlanRun>(m, "PlanRun")
      .def_property_readonly("closed", [](const PlanRun& run) { return run.outcome.closed; })
      .def_property_readonly("late", [](const PlanRun& run) { return run.outcome.late; })
      .def_property_readonly("under_way", [](const PlanRun& run) { return run.outcome.under_way; })
      .def_property_readonly("number", [](const PlanRun& run) { return run.outcome.number; })
      .def_readonly("seconds", &PlanRun::seconds);

  py::class_<Plan>(m, "Plan")
      .def(py::init([](const std::string& name) { return std::make_unique<Plan>(device(name)); }),
           py::arg("device"))
      .def("add_constant",
           [](Plan& plan, const py::array& values) {
             const py::array array = contiguous(values);
             const TensorDesc desc = desc_of(array);
             const void* host = array.data();
             const Held held(plan.device());
             return plan.add_constant(desc, host);
           })
      .def("add_kept", [](Plan& plan, const Spec& spec) { return plan.add_kept(desc_from(spec)); })
      .def("add_variable", &Plan::add_variable)
      .def("add_feed", [](Plan& plan, const Spec& spec) { return plan.add_feed(desc_from(spec)); })
      .def("add_output", [](Plan& plan, const Spec& spec) { return plan.add_output(desc_from(spec)); })
      .def("add_arena", [](Plan& plan, const Spec& spec,
                           size_t offset) { return plan.add_arena(desc_from(spec), offset); })
      .def("add_view",
           [](Plan& plan, int slot, const Spec& spec) { return plan.add_view(slot, desc_from(spec)); })
      .def(
          "add_step",
          [](Plan& plan, Part part, const std::string& device_name, const std::string& stem,
             const std::string& name, const py::dict& attributes, std::vector<int> inputs,
             std::vector<int> outputs, size_t workspace_offset, size_t workspace_bytes, size_t scratch_bytes,
             const std::string& label) {
            DictSource source(attributes);
            plan.add_step(part, row_named(device_name, stem, name), registry().type(stem).read(source),
                          std::move(inputs), std::move(outputs), workspace_offset,
                          {workspace_bytes, scratch_bytes}, label);
          },
          py::arg("part"), py::arg("device"), py::arg("stem"), py::arg("implementation"),
          py::arg("attributes"), py::arg("inputs"), py::arg("outputs"), py::arg("workspace_offset"),
          py::arg("workspace_bytes"), py::arg("scratch_bytes"), py::arg("label"))
      .def("set_gate", &Plan::set_gate)
      .def("set_poison", &Plan::set_poison)
      .def("finish", &Plan::finish, py::call_guard<py::gil_scoped_release>())
      .def("run", &plan_run, py::arg("feeds"), py::arg("outputs"), py::arg("on_step") = py::none(),
           py::arg("timed") = false, py::arg("ahead") = false)
      .def("hear", py::overload_cast<>(&Plan::hear), py::call_guard<py::gil_scoped_release>())
      .def("repeat", &plan_repeat, py::arg("on_step"))
      .def_property_readonly("shut_run", &Plan::shut_run)
      .def("read_slot",
           [](Plan& plan, int slot) {
             py::array array = empty_array(plan.slot_desc(slot));
             plan.read_slot(slot, array.mutable_data());
             return array;
           })
      .def_property_readonly("step_count", &Plan::step_count)
      .def("step_text", &Plan::step_text)
      .def_property_readonly("arena_bytes", &Plan::arena_bytes)
      .def_property_readonly("kept_bytes", &Plan::kept_bytes);

  bind_image(m);
}
