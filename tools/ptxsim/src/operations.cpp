// Work in streams: its order, when it is done, and how.
#include <algorithm>
#include "runtime.h"

namespace {

bool ordered_before(const std::vector<u32>& clock, u32 race) {
  if (race >= runtime.race_places.size()) return true;
  const auto [stream, sequence] = runtime.race_places[race];
  return size_t(stream) < clock.size() && clock[stream] >= sequence;
}

void join(std::vector<u32>& clock, const std::vector<u32>& other) {
  if (clock.size() < other.size()) clock.resize(other.size());
  for (size_t i = 0; i < other.size(); ++i) clock[i] = std::max(clock[i], other[i]);
}

void execute(Operation& operation) {
  Before before;
  if (cfg.race) before = [clock = operation.clock](u32 race) { return ordered_before(clock, race); };
  cudaError_t& sticky = runtime.sticky[operation.stream->device];
  int error = 0;
  if (!sticky && operation.work) error = perform(*operation.work, before, operation.race);
  operation.done = true;
  operation.dependencies.clear();
  operation.work = nullptr;
  if (error && !sticky) sticky = cudaError_t(error);
}

bool ready(const Operation& operation) {
  return std::all_of(operation.dependencies.begin(), operation.dependencies.end(),
                     [](const OperationPointer& dependency) { return dependency->done; });
}

void execute_any_ready() {
  std::vector<OperationPointer> candidates;
  for (const OperationPointer& operation : runtime.pending)
    if (!operation->done && ready(*operation)) candidates.push_back(operation);
  if (!candidates.empty()) execute(*candidates[runtime.random() % candidates.size()]);
}

void drop_done() {
  auto& pending = runtime.pending;
  if (pending.size() > 64)
    pending.erase(std::remove_if(pending.begin(), pending.end(),
                                 [](const OperationPointer& operation) { return operation->done; }),
                  pending.end());
}

// The legacy stream waits for all blocking streams of its device, and they for it.
void add_legacy_dependencies(Operation& operation, const Stream& stream) {
  if (stream.legacy) {
    for (const Stream* other : runtime.streams)
      if (!other->nonblocking && other->device == stream.device && other->last)
        operation.dependencies.push_back(other->last);
  } else if (const Stream* legacy = runtime.legacy_stream[stream.device];
             !stream.nonblocking && legacy->last) {
    operation.dependencies.push_back(legacy->last);
  }
}

void give_race_number(Operation& operation, const Stream& stream) {
  operation.clock = runtime.host_clock;
  for (const OperationPointer& dependency : operation.dependencies) join(operation.clock, dependency->clock);
  if (int(operation.clock.size()) <= stream.index) operation.clock.resize(stream.index + 1);
  operation.clock[stream.index] = operation.sequence;
  operation.race = runtime.race_places.size();
  runtime.race_places.push_back({stream.index, operation.sequence});
}

// Memory may have been freed since the call was checked: earlier in the stream, or before its graph was launched.
bool still_there(const void* start, size_t bytes, const char* what) {
  const u64 address = (u64)start;
  if (!bytes || !in_arena(address)) return true;
  const auto allocation = mem_find(address);
  if (allocation && address + bytes <= allocation->hi) return true;
  finding("use after free", sfmt("%s|%p", what, start),
          sfmt("%s of %zu bytes in a stream: %s", what, bytes, mem_describe(address).c_str()));
  return false;
}

size_t extent(const Work& work, size_t pitch, size_t slice) {
  return (work.slices - 1) * slice + (work.rows - 1) * pitch + work.width * work.element_bytes;
}

int launch(const Work& work, const Before& before, u32 race) {
  static u64 launches = 0;
  cudaError_t error;
  Code* code = code_of(*work.function, error);
  if (!code) return error;
  Launch launch;
  launch.code = code;
  launch.dev = work.device;
  launch.grid[0] = work.grid.x, launch.grid[1] = work.grid.y, launch.grid[2] = work.grid.z;
  launch.block[0] = work.block.x, launch.block[1] = work.block.y, launch.block[2] = work.block.z;
  launch.dyn = work.dynamic_shared;
  launch.shared_total = (work.dynamic_shared ? code->dyn_off : code->shared_static) + work.dynamic_shared;
  launch.params = work.parameters;
  launch.params.resize(launch.params.size() + 16);  // wide loads of the last ones
  launch.coop = work.cooperative;
  launch.seq = ++launches;
  launch.raceid = race;
  launch.ordered_before = before;
  return run_launch(launch);
}

int copy(const Work& work, const Before& before, u32 race) {
  if (!work.width || !work.rows || !work.slices) return cudaSuccess;
  if (!still_there(work.target, extent(work, work.target_pitch, work.target_slice), "memcpy") ||
      !still_there(work.source, extent(work, work.source_pitch, work.source_slice), "memcpy"))
    return cudaErrorIllegalAddress;
  for (size_t slice = 0; slice < work.slices; ++slice)
    for (size_t row = 0; row < work.rows; ++row) {
      u8* target = (u8*)work.target + slice * work.target_slice + row * work.target_pitch;
      const u8* source = (const u8*)work.source + slice * work.source_slice + row * work.source_pitch;
      memmove(target, source, work.width);
      mem_copy_init((u64)target, (u64)source, work.width);
      if (!cfg.race) continue;
      race_op((u64)source, work.width, false, race, before, "memcpy");
      race_op((u64)target, work.width, true, race, before, "memcpy");
    }
  return cudaSuccess;
}

int set(const Work& work, const Before& before, u32 race) {
  if (!work.width || !work.rows) return cudaSuccess;
  if (!still_there(work.target, extent(work, work.target_pitch, 0), "memset")) return cudaErrorIllegalAddress;
  const size_t bytes = work.width * work.element_bytes;
  for (size_t row = 0; row < work.rows; ++row) {
    u8* target = (u8*)work.target + row * work.target_pitch;
    if (work.element_bytes == 1)
      memset(target, int(work.value), work.width);
    else
      for (size_t i = 0; i < work.width; ++i)
        memcpy(target + i * work.element_bytes, &work.value, work.element_bytes);
    mem_mark_init((u64)target, bytes, true);
    if (cfg.race) race_op((u64)target, bytes, true, race, before, "memset");
  }
  return cudaSuccess;
}

}  // namespace

int perform(Work& work, const Before& before, u32 race) {
  switch (work.kind) {
    case Work::kernel: return launch(work, before, race);
    case Work::copy: return copy(work, before, race);
    case Work::set: return set(work, before, race);
    case Work::host: work.callback(); return cudaSuccess;
    case Work::record: work.event->time = now(); return cudaSuccess;
    case Work::child: return run_graph(*work.graph, before, race);
    case Work::release:
      if (work.target) mem_free((u64)work.target, Alloc::device);
      return cudaSuccess;
    default: return cudaSuccess;
  }
}

bool copies(const Work& work, const Alloc& memory) {
  const auto overlaps = [&](const void* start, size_t bytes) {
    return (u64)start < memory.hi && memory.lo < (u64)start + bytes;
  };
  if (work.kind == Work::child)
    return std::any_of(work.graph->nodes.begin(), work.graph->nodes.end(),
                       [&](const auto& node) { return copies(node->work, memory); });
  return work.kind == Work::copy &&
         (overlaps(work.target, extent(work, work.target_pitch, work.target_slice)) ||
          overlaps(work.source, extent(work, work.source_pitch, work.source_slice)));
}

void demand(const OperationPointer& wanted) {
  if (!wanted || wanted->done) return;
  std::vector<OperationPointer> stack{wanted};
  while (!stack.empty()) {
    const OperationPointer operation = stack.back();
    if (operation->done) {
      stack.pop_back();
      continue;
    }
    std::vector<OperationPointer> waiting;
    for (const OperationPointer& dependency : operation->dependencies)
      if (!dependency->done) waiting.push_back(dependency);
    if (!waiting.empty()) {
      if (cfg.lazy > 1) std::shuffle(waiting.begin(), waiting.end(), runtime.random);
      stack.insert(stack.end(), waiting.begin(), waiting.end());
    } else if (cfg.lazy > 1 && runtime.random() % 3 == 0) {
      execute_any_ready();
    } else {
      stack.pop_back();
      execute(*operation);
    }
  }
  drop_done();
}

void wait_for(const OperationPointer& operation) {
  demand(operation);
  if (cfg.race && operation) join(runtime.host_clock, operation->clock);
}

void wait_for_device(int device) {
  std::vector<OperationPointer> pending = runtime.pending;
  if (cfg.lazy > 1) std::shuffle(pending.begin(), pending.end(), runtime.random);
  for (const OperationPointer& operation : pending)
    if (operation->stream->device == device) demand(operation);
  drop_done();
  if (!cfg.race) return;
  for (const Stream* stream : runtime.streams)
    if (stream->device == device && stream->last) join(runtime.host_clock, stream->last->clock);
  const Stream* legacy = runtime.legacy_stream[device];
  if (legacy->last) join(runtime.host_clock, legacy->last->clock);
}

OperationPointer enqueue(Stream& stream, std::shared_ptr<Work> work, const OperationPointer& awaited) {
  auto operation = std::make_shared<Operation>();
  operation->stream = &stream;
  operation->work = std::move(work);
  operation->sequence = ++stream.sequence;
  if (stream.last) operation->dependencies.push_back(stream.last);
  add_legacy_dependencies(*operation, stream);
  if (awaited) operation->dependencies.push_back(awaited);
  if (cfg.race) give_race_number(*operation, stream);
  stream.last = operation;
  if (cfg.lazy)
    runtime.pending.push_back(operation);
  else
    execute(*operation);
  return operation;
}

Stream* find_stream(cudaStream_t handle) {
  if (handle == nullptr || handle == cudaStreamLegacy) return runtime.legacy_stream[this_thread.device];
  if (handle == cudaStreamPerThread) {
    static thread_local std::map<int, Stream*> own;
    Stream*& stream = own[this_thread.device];
    if (!stream) runtime.streams.insert(stream = runtime.new_stream(this_thread.device));
    return stream;
  }
  Stream* const stream = (Stream*)handle;
  return runtime.streams.count(stream) ? stream : nullptr;
}

std::string name_of(cudaStream_t handle) {
  const Stream* stream = find_stream(handle);
  return !stream ? "?" : stream->legacy ? "default" : "s" + std::to_string(stream->id);
}

cudaError_t submit(Stream& stream, Work work, OperationPointer* made) {
  if (stream.capture) {
    if (stream.capture->invalid) return cudaErrorStreamCaptureInvalidated;
    stream.captured = {add_node(*stream.capture->graph, std::move(work), stream.captured)};
    return cudaSuccess;
  }
  if (const cudaError_t error = refuse_legacy_if_capturing(stream)) return error;
  const OperationPointer operation = enqueue(stream, std::make_shared<Work>(std::move(work)));
  if (made) *made = operation;
  return cudaSuccess;
}
