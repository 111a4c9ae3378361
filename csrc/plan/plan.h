// A compiled graph for one set of shapes: steps over slots, run in one call.
//
//   prologue   what depends on constants and variables that rarely change (folded norms, transformed filters);
//              runs again when the version of a variable it read has changed
//   step       runs each time
//   closing    all writes of state; skipped when the gate (one byte of the step) is 0
//
// Devices whose memory the host reads run step by step.  Others get everything launched, and the host may run ahead of
// them by two runs: each of the two has feeds of its own, and a recording where the device records (whatever changes
// between runs lies in device memory).  The closing block looks at a latch in device memory, which falls shut with
// the gate of a run and stays shut, so that no later run changes state, until the host has heard of it.
//
// Slots lie in regions: constants and prologue results (owned by the plan), variables (buffers of their own),
// feeds and outputs (bound for one run), the arena (shared by all plans of the device).
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "plan/device.h"
#include "plan/registry.h"

namespace fastconv {

enum class Part { prologue, step, closing };

class Plan {
 public:
  explicit Plan(Device& device) : device_(device) {}
  ~Plan();
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  // ---- building; each returns the new slot's index
  int add_constant(const TensorDesc& desc, const void* host);
  int add_kept(const TensorDesc& desc);  // a result of the prologue
  int add_variable(std::shared_ptr<Buffer> variable);
  int add_feed(const TensorDesc& desc);
  int add_output(const TensorDesc& desc);  // written straight into the buffer bound for the run
  int add_arena(const TensorDesc& desc, size_t offset);
  int add_view(int slot, const TensorDesc& desc);  // the same elements in another shape
  void add_step(Part part, const Implementation& implementation, std::shared_ptr<const void> attributes,
                std::vector<int> inputs, std::vector<int> outputs, size_t workspace_offset,
                const Workspace& workspace, std::string label);
  void set_gate(int slot) { gate_ = slot; }
  void set_poison(bool poison) { poison_ = poison; }  // fill the arena with NaN before each run (tests)
  void finish();                                      // checks all of it; nothing may be added afterwards

  // ---- running
  struct Observer {
    std::function<bool()> interrupted;                  // asked between steps until the closing block begins
    std::function<void(int step, bool after)> on_step;  // both may be empty
    std::vector<double>* seconds = nullptr;             // one a step, if wanted
  };
  struct Feed {
    const void* data;
    bool on_device;  // in the memory of the plan's device, written in its order; else in the host's
  };
  struct Outcome {
    bool closed = true;      // false: the gate was shut and no state was written
    bool late = false;       // not closed: that was an earlier run, and this one was not begun
    bool under_way = false;  // the gate is not known yet: see `hear`
    int64_t number = 0;      // of the run, from 0
  };
  // Throws Error(interrupted).  ahead: may return while the device is at work, where the device can; results are
  // there for whatever is asked of the device afterwards.
  Outcome run(const std::vector<Feed>& feeds, const std::vector<Buffer*>& outputs, const Observer& observer,
              bool ahead = false);
  bool hear();  // waits for the runs under way; false when the gate of one was shut
  // Where `run` says late, or `hear` false, as both do until then: the number of the run that was not closed; and that
  // run once more, watched, which opens the latch.
  int64_t shut_run() const { return shut_ ? shut_->number : -1; }
  void repeat(const Observer& observer);

  // ---- looking at it
  Device& device() const { return device_; }
  int step_count() const { return static_cast<int>(steps_.size()); }
  std::string step_text(int step) const;  // "cpu conv2d winograd_f4x3:avx2 stride_h=1 ..."
  void read_slot(int slot, void* host);   // only from within on_step
  const TensorDesc& slot_desc(int slot) const { return slots_[slot].desc; }
  size_t arena_bytes() const { return arena_bytes_; }
  size_t kept_bytes() const { return kept_bytes_; }

 private:
  enum class Region { kept, variable, feed, output, arena };
  struct Slot {
    TensorDesc desc;
    Region region;
    size_t place;  // index of the variable, feed or output; offset in the arena; index of the kept block
  };
  struct Step {
    Part part;
    const Implementation* implementation;
    std::shared_ptr<const void> attributes;
    std::vector<int> inputs, outputs;
    size_t workspace_offset;
    Workspace workspace;
    std::string label;
    std::vector<Tensor> tensors;  // inputs, then outputs; pointers filled at each run
  };

  // What a run has for itself while the host is ahead; two take turns.
  struct Flight {
    std::unique_ptr<Device::Message> message;
    std::vector<void*> feeds;
    std::unique_ptr<Device::Recording> recording;
    void* recorded_arena = nullptr;
    bool under_way = false;
    int64_t number = 0;
  };

  void* slot_data(int slot) const;
  bool prologue_is_stale() const;
  void fill_feeds(const std::vector<Feed>& feeds);
  Call call_of(Step& step) const;
  void run_step(Step& step, int index, const Observer& observer);
  void run_steps(size_t begin, size_t end, const Observer& observer);
  void run_grouped(size_t begin, size_t end);
  bool run_host_gated(const Observer& observer);
  Outcome run_device_gated(const std::vector<Feed>& feeds, const Observer& observer, bool ahead);
  void run_watched(const Observer& observer);
  void run_launched();
  void launch();
  bool find_recording();
  [[noreturn]] void rethrow_partly_written();
  bool hear(Flight& flight);
  bool hear_all();
  void open_latch();
  void settle();
  void touch_written();
  bool read_gate();
  void run_prologue(const Observer& observer);
  size_t end_of(Part part) const;
  void check_open() const;

  Device& device_;
  std::vector<Slot> slots_;
  std::vector<Step> steps_;  // prologue, then step, then closing
  std::vector<std::pair<void*, size_t>> kept_;
  std::vector<std::shared_ptr<Buffer>> variables_;
  std::vector<uint64_t> prologue_versions_;  // by variable, as the prologue last saw it
  std::vector<bool> read_by_prologue_, written_by_closing_;
  std::vector<TensorDesc> feeds_, outputs_;
  size_t arena_bytes_ = 0, scratch_bytes_ = 0, kept_bytes_ = 0;
  std::vector<size_t> group_ends_;  // by step: one past the last of the steps that may be launched with it
  std::vector<std::string> texts_;  // by step: its attributes, while the plan is built
  std::vector<Flight> flights_;
  Flight* flight_ = nullptr;  // of the run in progress
  Flight* shut_ = nullptr;    // whose gate was shut
  uint8_t* latch_ = nullptr;
  int64_t runs_ = 0;
  int gate_ = -1, ended_recordings_ = 0;
  bool finished_ = false, prologue_ran_ = false, poison_ = false, kernels_are_loaded_ = false;
  bool is_writing_ = false;    // the run in progress has launched some of the closing block
  bool is_unsettled_ = false;  // a run failed, or the latch should be open: see `settle`

  // bound for the run in progress
  void* arena_ = nullptr;
  const std::vector<Feed>* bound_feeds_ = nullptr;
  const std::vector<Buffer*>* bound_outputs_ = nullptr;
  std::vector<void*> device_outputs_;  // at fixed addresses, where the host's memory cannot be used
};

}  // namespace fastconv
