#include "plan/plan.h"

#include <algorithm>

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

// Where another error is told already, or nobody would hear of this one.
template <class Work>
void quietly(const Work& work) noexcept {
  try {
    work();
  } catch (const Error&) {
  }
}

// Of one plan: a program that ends each of them, say by waiting for the device all the time, goes on without.
constexpr int ended_recordings_at_most = 3;

void defect(const std::string& what) { throw Error(ErrorKind::value, "plan: " + what); }

}  // namespace

Plan::~Plan() {
  for (auto& block : kept_) device_.free(block.first, block.second);
  for (Flight& flight : flights_) {
    if (flight.under_way) quietly([&] { flight.message->wait(); });  // it uses the recording
    for (size_t i = 0; i < flight.feeds.size(); ++i) device_.free(flight.feeds[i], byte_count(feeds_[i]));
  }
  device_.free(latch_, 1);
  for (size_t i = 0; i < device_outputs_.size(); ++i)
    device_.free(device_outputs_[i], byte_count(outputs_[i]));
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
  texts_.push_back(registry().type(implementation.stem).print(attributes.get()));
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
  group_ends_.resize(steps_.size());
  for (size_t i = steps_.size(); i-- > 0;) {
    const bool joins = i + 1 < steps_.size() && steps_[i].part == Part::closing &&
                       steps_[i].implementation == steps_[i + 1].implementation &&
                       steps_[i].implementation->run_group && texts_[i] == texts_[i + 1];
    group_ends_[i] = joins ? group_ends_[i + 1] : i + 1;
  }
  texts_.clear();
  const std::lock_guard<std::mutex> lock(device_.run_lock());
  device_.arena(arena_bytes_);  // what does not fit is told now
  if (device_.host_addressable()) return;
  flights_.resize(2);
  for (Flight& flight : flights_) {
    for (const TensorDesc& feed : feeds_) flight.feeds.push_back(device_.allocate(byte_count(feed)));
    flight.message = device_.message();
  }
  for (const TensorDesc& output : outputs_) device_outputs_.push_back(device_.allocate(byte_count(output)));
  latch_ = static_cast<uint8_t*>(device_.allocate(1));
  open_latch();
  device_.synchronize();  // feeds are uploaded out of order: nothing may be left to do with their memory
}

void* Plan::slot_data(int slot) const {
  const Slot& s = slots_[slot];
  switch (s.region) {
    case Region::kept: return kept_[s.place].first;
    case Region::variable: return variables_[s.place]->data();
    case Region::feed:
      return flight_ ? flight_->feeds[s.place] : const_cast<void*>((*bound_feeds_)[s.place].data);
    case Region::output:
      return device_outputs_.empty() ? (*bound_outputs_)[s.place]->data() : device_outputs_[s.place];
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

size_t Plan::end_of(Part part) const {
  size_t end = 0;
  while (end < steps_.size() && steps_[end].part <= part) ++end;
  return end;
}

Call Plan::call_of(Step& step) const {
  size_t t = 0;
  for (int slot : step.inputs) step.tensors[t++].data = slot_data(slot);
  for (int slot : step.outputs) step.tensors[t++].data = slot_data(slot);
  const bool gated = step.part == Part::closing && gate_ >= 0 && !device_.host_addressable();
  return {step.tensors.data(),
          static_cast<int>(step.inputs.size()),
          step.tensors.data() + step.inputs.size(),
          static_cast<int>(step.outputs.size()),
          static_cast<char*>(arena_) + step.workspace_offset,
          device_.queue(),
          gated ? latch_ : nullptr};
}

void Plan::run_step(Step& step, int index, const Observer& observer) {
  const Call call = call_of(step);
  if (observer.on_step) observer.on_step(index, false);
  const auto work = [&] { step.implementation->run(step.attributes.get(), call); };
  if (observer.seconds)
    (*observer.seconds)[index] = device_.seconds_of(work);
  else
    work();
  is_writing_ |= step.part == Part::closing;
  if (observer.on_step) observer.on_step(index, true);
}

void Plan::run_steps(size_t begin, size_t end, const Observer& observer) {
  for (size_t i = begin; i < end; ++i) {
    if (steps_[i].part != Part::closing && observer.interrupted && observer.interrupted())
      throw Error(ErrorKind::interrupted, "interrupted between two steps; nothing was changed.");
    run_step(steps_[i], static_cast<int>(i), observer);
  }
}

// The same without an observer, neighbours of the closing block that belong together in one launch.
void Plan::run_grouped(size_t begin, size_t end) {
  for (size_t i = begin; i < end; i = group_ends_[i]) {
    Step& first = steps_[i];
    if (group_ends_[i] == i + 1) {
      first.implementation->run(first.attributes.get(), call_of(first));
    } else {
      std::vector<Call> calls;
      for (size_t j = i; j < group_ends_[i]; ++j) calls.push_back(call_of(steps_[j]));
      first.implementation->run_group(first.attributes.get(), calls.data(), static_cast<int>(calls.size()));
    }
    is_writing_ |= first.part == Part::closing;
  }
}

bool Plan::read_gate() {
  if (gate_ < 0) return true;
  uint8_t flag = 0;
  device_.download(&flag, slot_data(gate_), 1);
  return flag != 0;
}

void Plan::run_prologue(const Observer& observer) {
  if (!prologue_is_stale()) return;
  run_steps(0, end_of(Part::prologue), observer);
  prologue_ran_ = true;
  for (size_t v = 0; v < variables_.size(); ++v) prologue_versions_[v] = variables_[v]->version();
}

bool Plan::run_host_gated(const Observer& observer) {
  const size_t closing = end_of(Part::step);
  run_steps(end_of(Part::prologue), closing, observer);
  if (!read_gate()) return false;
  run_steps(closing, steps_.size(), observer);
  return true;
}

void Plan::run_watched(const Observer& observer) {
  const size_t closing = end_of(Part::step);
  run_steps(end_of(Part::prologue), closing, observer);
  if (gate_ >= 0) device_.latch(latch_, static_cast<const uint8_t*>(slot_data(gate_)));
  if (read_gate())
    run_steps(closing, steps_.size(), observer);  // behind a shut gate there is nothing to watch
}

// Everything without an observer, launched one by one.
void Plan::launch() {
  const size_t closing = end_of(Part::step);
  run_grouped(end_of(Part::prologue), closing);
  if (gate_ >= 0) device_.latch(latch_, static_cast<const uint8_t*>(slot_data(gate_)));
  run_grouped(closing, steps_.size());
}

// Whether the run in progress has a recording to replay; it is made where there is none.
bool Plan::find_recording() {
  if (flight_->recording && flight_->recorded_arena == arena_) return true;
  flight_->recording.reset();
  if (ended_recordings_ == ended_recordings_at_most) return false;
  try {
    flight_->recording = device_.record([&] { launch(); });
  } catch (...) {
    is_writing_ = false;
    throw;
  }
  is_writing_ = false;  // nothing has run yet
  flight_->recorded_arena = arena_;
  if (!flight_->recording) ++ended_recordings_;
  return flight_->recording != nullptr;
}

// Launched one by one, or replayed.
void Plan::run_launched() {
  // The first run loads kernels and sets their attributes, which no recording may do.
  if (!kernels_are_loaded_ || !device_.records() || !find_recording()) {
    launch();
    kernels_are_loaded_ = true;
    return;
  }
  flight_->recording->replay();
  is_writing_ = end_of(Part::step) < steps_.size();
}

void Plan::fill_feeds(const std::vector<Feed>& feeds) {
  for (size_t i = 0; i < feeds.size(); ++i) {
    const size_t bytes = byte_count(feeds_[i]);
    if (feeds[i].on_device)
      device_.copy(flight_->feeds[i], feeds[i].data, bytes);
    else
      device_.upload_feed(flight_->feeds[i], feeds[i].data, bytes);
  }
}

// Waits for one run; false when its gate was shut.
bool Plan::hear(Flight& flight) {
  if (!flight.under_way) return true;
  const bool open = flight.message->wait() != 0;
  flight.under_way = false;
  if (!open) shut_ = &flight;
  return open;
}

// The older of the two first: behind a shut gate the other one shows the latch.
bool Plan::hear_all() {
  if (shut_) return false;
  const size_t next = static_cast<size_t>(runs_) % 2;
  return hear(flights_[next]) && hear(flights_[1 - next]);
}

bool Plan::hear() {
  if (flights_.empty()) return true;
  const Running running(device_, 0);
  return hear_all();
}

Plan::Outcome Plan::run_device_gated(const std::vector<Feed>& feeds, const Observer& observer, bool ahead) {
  const bool watched = observer.on_step || observer.seconds;
  if (observer.interrupted && observer.interrupted())
    throw Error(ErrorKind::interrupted, "interrupted between two steps; nothing was changed.");
  Flight& flight = flights_[static_cast<size_t>(runs_) % 2];
  if (is_unsettled_) settle();
  if (shut_ || (ahead && !watched ? !hear(flight) : !hear_all())) return {false, true};
  flight_ = &flight;
  is_writing_ = false;
  try {
    fill_feeds(feeds);
    run_prologue(observer);
    watched ? run_watched(observer) : run_launched();
    for (size_t i = 0; i < outputs_.size(); ++i)
      device_.copy((*bound_outputs_)[i]->data(), device_outputs_[i], byte_count(outputs_[i]));
    flight.message->send(gate_ >= 0 ? latch_ : nullptr);
  } catch (...) {
    is_unsettled_ = true;
    quietly([&] { settle(); });
    if (!is_writing_) throw;
    touch_written();
    rethrow_partly_written();
  }
  flight.under_way = true;
  flight.number = runs_++;
  touch_written();
  if (ahead && !watched) {
    Outcome begun;
    begun.under_way = gate_ >= 0;
    begun.number = flight.number;
    return begun;
  }
  if (hear(flight)) return {};
  shut_ = nullptr;
  open_latch();
  return {false};
}

Plan::Outcome Plan::run(const std::vector<Feed>& feeds, const std::vector<Buffer*>& outputs,
                        const Observer& observer, bool ahead) {
  if (!finished_) defect("run before finish()");
  if (feeds.size() != feeds_.size() || outputs.size() != outputs_.size())
    defect("feeds or outputs are missing");
  const Running running(device_, scratch_bytes_);
  arena_ = device_.arena(arena_bytes_);
  bound_feeds_ = &feeds;
  bound_outputs_ = &outputs;
  if (poison_) device_.poison(arena_, arena_bytes_);
  if (observer.seconds) observer.seconds->assign(steps_.size(), 0.0);
  if (!device_.host_addressable()) return run_device_gated(feeds, observer, ahead);
  run_prologue(observer);
  const bool open = run_host_gated(observer);
  if (open) touch_written();
  return {open};
}

// What a closing block has launched cannot be taken back.
void Plan::rethrow_partly_written() {
  try {
    throw;
  } catch (const Error& error) {
    throw Error(error.kind(), std::string(error.what()) +
                                  " This step had begun to write: its weights may be new in part. Load them "
                                  "(model.load_weights), or build the model anew.");
  }
}

void Plan::touch_written() {
  for (size_t v = 0; v < variables_.size(); ++v)
    if (written_by_closing_[v]) variables_[v]->touch();
}

void Plan::repeat(const Observer& observer) {
  if (!shut_) defect("no run to repeat");
  const Running running(device_, scratch_bytes_);
  device_.synchronize();  // what ran behind it, and changed nothing
  for (Flight& flight : flights_) flight.under_way = false;
  flight_ = shut_;
  shut_ = nullptr;
  arena_ = device_.arena(arena_bytes_);
  try {
    run_prologue(observer);
    run_watched(observer);
  } catch (...) {
    open_latch();
    throw;
  }
  open_latch();
}

void Plan::open_latch() {
  is_unsettled_ = true;
  const uint8_t open = 1;
  device_.upload(latch_, &open, 1);
  is_unsettled_ = false;
}

// After a run that failed, and may have shut the latch: runs that follow write over its feeds without waiting.
void Plan::settle() {
  device_.synchronize();
  if (hear_all()) open_latch();
  is_unsettled_ = false;
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
