#include "plan/plan.h"

#include <algorithm>
#include <chrono>

#include "core/error.h"
#include "core/shape.h"

namespace fastconv {
namespace {

// Holds the device for the length of a run and gives it back also on error.
class Running {
 public:
  Running(Device& device, size_t scratch_bytes) : device_(device), lock_(device.run_lock()) {
    device_.begin_run(scratch_bytes);
  }
  ~Running() { device_.end_run(); }

 private:
  Device& device_;
  std::lock_guard<std::mutex> lock_;
};

void defect(const std::string& what) { throw Error(ErrorKind::value, "plan: " + what); }

}  // namespace

Plan::~Plan() {
  for (auto& block : kept_) device_.free(block.first, block.second);
  for (size_t i = 0; i < uploaded_feeds_.size(); ++i) device_.free(uploaded_feeds_[i], byte_count(feeds_[i]));
}

void Plan::check_open() const {
  if (finished_) defect("nothing can be added after finish()");
}

int Plan::add_kept(const TensorDesc& desc) {
  check_open();
  const size_t bytes = byte_count(desc);
  kept_.reserve(kept_.size() + 1);
  kept_.emplace_back(device_.allocate(bytes), bytes);
  kept_bytes_ += bytes;
  slots_.push_back({desc, Region::kept, kept_.size() - 1});
  return static_cast<int>(slots_.size()) - 1;
}

int Plan::add_constant(const TensorDesc& desc, const void* host) {
  const int slot = add_kept(desc);
  device_.upload(kept_.back().first, host, kept_.back().second);
  return slot;
}

int Plan::add_variable(std::shared_ptr<Buffer> variable) {
  check_open();
  if (&variable->device() != &device_)
    throw Error(ErrorKind::device, "a variable on '" + variable->device().name() + "' cannot be used on '" +
                                       device_.name() + "'. Move the model with model.to(...).");
  slots_.push_back({variable->desc(), Region::variable, variables_.size()});
  variables_.push_back(std::move(variable));
  return static_cast<int>(slots_.size()) - 1;
}

int Plan::add_feed(const TensorDesc& desc) {
  check_open();
  slots_.push_back({desc, Region::feed, feeds_.size()});
  feeds_.push_back(desc);
  return static_cast<int>(slots_.size()) - 1;
}

int Plan::add_output(const TensorDesc& desc) {
  check_open();
  slots_.push_back({desc, Region::output, outputs_.size()});
  outputs_.push_back(desc);
  return static_cast<int>(slots_.size()) - 1;
}

int Plan::add_arena(const TensorDesc& desc, size_t offset) {
  check_open();
  if (offset % 64) defect("an arena offset must be a multiple of 64");
  slots_.push_back({desc, Region::arena, offset});
  arena_bytes_ = std::max(arena_bytes_, offset + byte_count(desc));
  return static_cast<int>(slots_.size()) - 1;
}

int Plan::add_view(int slot, const TensorDesc& desc) {
  check_open();
  if (slot < 0 || slot >= static_cast<int>(slots_.size())) defect("a view names a slot that does not exist");
  if (byte_count(desc) != byte_count(slots_[slot].desc)) defect("a view has another size than what it views");
  slots_.push_back({desc, slots_[slot].region, slots_[slot].place});
  return static_cast<int>(slots_.size()) - 1;
}

void Plan::add_step(Part part, const Implementation& implementation, std::shared_ptr<const void> attributes,
                    std::vector<int> inputs, std::vector<int> outputs, size_t workspace_offset,
                    const Workspace& workspace, std::string label) {
  check_open();
  if (!steps_.empty() && part < steps_.back().part) defect("steps come as prologue, step, closing");
  Step step{part,
            &implementation,
            std::move(attributes),
            std::move(inputs),
            std::move(outputs),
            workspace_offset,
            workspace,
            std::move(label),
            {}};
  for (const std::vector<int>* side : {&step.inputs, &step.outputs})
    for (int slot : *side) {
      if (slot < 0 || slot >= static_cast<int>(slots_.size()))
        defect("a step names a slot that does not exist");
      step.tensors.push_back({nullptr, slots_[slot].desc});
    }
  for (int slot : step.outputs) {
    const Region region = slots_[slot].region;
    if (region == Region::feed) defect("a step writes into a feed");
    if (region == Region::variable && part != Part::closing)
      defect("state is written outside the closing block");
    if (region == Region::kept && part != Part::prologue)
      defect("a constant is written outside the prologue");
  }
  if (workspace.shared_bytes)
    arena_bytes_ = std::max(arena_bytes_, workspace_offset + workspace.shared_bytes);
  scratch_bytes_ = std::max(scratch_bytes_, workspace.per_thread_bytes);
  steps_.push_back(std::move(step));
}

void Plan::finish() {
  check_open();
  finished_ = true;
  read_by_prologue_.assign(variables_.size(), false);
  written_by_closing_.assign(variables_.size(), false);
  prologue_versions_.assign(variables_.size(), 0);
  for (const Step& step : steps_) {
    if (step.part == Part::prologue)
      for (int slot : step.inputs)
        if (slots_[slot].region == Region::variable) read_by_prologue_[slots_[slot].place] = true;
    for (int slot : step.outputs)
      if (slots_[slot].region == Region::variable) written_by_closing_[slots_[slot].place] = true;
  }
  if (!device_.host_addressable())
    for (const TensorDesc& feed : feeds_) uploaded_feeds_.push_back(device_.allocate(byte_count(feed)));
}

void* Plan::slot_data(int slot) const {
  const Slot& s = slots_[slot];
  switch (s.region) {
    case Region::kept: return kept_[s.place].first;
    case Region::variable: return variables_[s.place]->data();
    case Region::feed:
      return uploaded_feeds_.empty() ? const_cast<void*>((*bound_feeds_)[s.place]) : uploaded_feeds_[s.place];
    case Region::output: return (*bound_outputs_)[s.place]->data();
    case Region::arena: return static_cast<char*>(arena_) + s.place;
  }
  return nullptr;
}

bool Plan::prologue_is_stale() const {
  if (!prologue_ran_) return true;
  for (size_t i = 0; i < variables_.size(); ++i)
    if (read_by_prologue_[i] && variables_[i]->version() != prologue_versions_[i]) return true;
  return false;
}

void Plan::run_step(Step& step, int index, const Observer& observer) {
  size_t t = 0;
  for (int slot : step.inputs) step.tensors[t++].data = slot_data(slot);
  for (int slot : step.outputs) step.tensors[t++].data = slot_data(slot);
  const Call call{step.tensors.data(), static_cast<int>(step.inputs.size()),
                  step.tensors.data() + step.inputs.size(), static_cast<int>(step.outputs.size()),
                  static_cast<char*>(arena_) + step.workspace_offset};
  if (observer.on_step) observer.on_step(index, false);
  if (observer.seconds) {
    const auto start = std::chrono::steady_clock::now();
    step.implementation->run(step.attributes.get(), call);
    device_.synchronize();
    (*observer.seconds)[index] =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  } else {
    step.implementation->run(step.attributes.get(), call);
  }
  if (observer.on_step) observer.on_step(index, true);
}

bool Plan::run(const std::vector<const void*>& feeds, const std::vector<Buffer*>& outputs,
               const Observer& observer) {
  if (!finished_) defect("run before finish()");
  if (feeds.size() != feeds_.size() || outputs.size() != outputs_.size())
    defect("feeds or outputs are missing");
  const Running running(device_, scratch_bytes_);
  arena_ = device_.arena(arena_bytes_);
  bound_feeds_ = &feeds;
  bound_outputs_ = &outputs;
  if (poison_ && device_.host_addressable())
    std::fill_n(static_cast<uint32_t*>(arena_), arena_bytes_ / 4, 0x7fc0dead);  // a quiet NaN
  for (size_t i = 0; i < uploaded_feeds_.size(); ++i)
    device_.upload(uploaded_feeds_[i], feeds[i], byte_count(feeds_[i]));
  if (observer.seconds) observer.seconds->assign(steps_.size(), 0.0);

  const bool prologue = prologue_is_stale();
  bool open = true, closing = false;
  for (size_t i = 0; i < steps_.size(); ++i) {
    Step& step = steps_[i];
    if (step.part == Part::prologue && !prologue) continue;
    if (step.part == Part::closing && !closing) {
      closing = true;
      if (gate_ >= 0) {
        uint8_t flag = 0;
        device_.download(&flag, slot_data(gate_), 1);
        open = flag != 0;
      }
      if (!open) break;
    }
    if (!closing && observer.interrupted && observer.interrupted())
      throw Error(ErrorKind::interrupted, "interrupted between two steps; nothing was changed.");
    run_step(step, static_cast<int>(i), observer);
    if (step.part == Part::prologue && (i + 1 == steps_.size() || steps_[i + 1].part != Part::prologue)) {
      prologue_ran_ = true;
      for (size_t v = 0; v < variables_.size(); ++v) prologue_versions_[v] = variables_[v]->version();
    }
  }
  if (open)
    for (size_t v = 0; v < variables_.size(); ++v)
      if (written_by_closing_[v]) variables_[v]->touch();
  device_.synchronize();
  return open;
}

void Plan::read_slot(int slot, void* host) {
  device_.synchronize();
  device_.download(host, slot_data(slot), byte_count(slots_[slot].desc));
}

std::string Plan::step_text(int index) const {
  const Step& step = steps_[index];
  const Implementation& row = *step.implementation;
  return row.device + " " + row.stem + " " + row.full_name();
}

}  // namespace fastconv
