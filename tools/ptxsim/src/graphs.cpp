// Graphs: made node by node or by capture, copied, made executable, changed and run.
#include <algorithm>
#include "runtime.h"

namespace {

// Which nodes can run, as others are done.
class Schedule {
 public:
  explicit Schedule(const Graph& graph) : missing_(graph.nodes.size()), followers_(graph.nodes.size()) {
    for (const auto& node : graph.nodes) {
      missing_[node->index] = int(node->dependencies.size());
      for (const Node* dependency : node->dependencies) followers_[dependency->index].push_back(node->index);
      if (node->dependencies.empty()) ready_.push_back(node->index);
    }
  }
  size_t ready() const { return ready_.size(); }
  int take(size_t which) {
    const int node = ready_[which];
    ready_.erase(ready_.begin() + which);
    return node;
  }
  void done(int node) {
    for (const int follower : followers_[node])
      if (--missing_[follower] == 0) ready_.push_back(follower);
  }

 private:
  std::vector<int> missing_, ready_;
  std::vector<std::vector<int>> followers_;
};

// For the race checker: the nodes of a running graph have race numbers of their own, and are ordered by their
// dependencies; all of them stand where the graph stands in its stream.
class NodeOrder {
 public:
  NodeOrder(const Graph& graph, u32 race)
      : first_(u32(runtime.race_places.size())), ancestors_(graph.nodes.size()) {
    const std::pair<int, u32> place = runtime.race_places[race];
    runtime.race_places.insert(runtime.race_places.end(), graph.nodes.size(), place);
  }
  u32 race(const Node& node) const { return first_ + node.index; }
  Before before(const Node& node, const Before& outside) {
    std::vector<bool>& own = ancestors_[node.index];
    own.resize(ancestors_.size());
    own[node.index] = true;
    for (const Node* dependency : node.dependencies)
      for (size_t i = 0; i < own.size(); ++i)
        if (ancestors_[dependency->index][i]) own[i] = true;
    return [this, &own, outside](u32 other) {
      const bool inside = other >= first_ && other < first_ + own.size();
      return inside ? bool(own[other - first_]) : outside(other);
    };
  }

 private:
  const u32 first_;
  std::vector<std::vector<bool>> ancestors_;  // and the node itself
};

std::shared_ptr<Graph> copy_of(const Graph& graph) {
  auto copy = std::make_shared<Graph>();
  copy->memory = graph.memory;
  for (const auto& node : graph.nodes) {
    copy->nodes.push_back(std::make_unique<Node>());
    Node& made = *copy->nodes.back();
    made.work = node->work;
    made.index = node->index;
    made.original = node.get();
    made.enabled = node->enabled;
  }
  for (const auto& node : graph.nodes)
    for (const Node* dependency : node->dependencies)
      copy->nodes[node->index]->dependencies.push_back(copy->nodes[dependency->index].get());
  return copy;
}

Graph* keep(std::shared_ptr<Graph> graph) {
  Graph* const handle = graph.get();
  runtime.graphs[handle] = std::move(graph);
  return handle;
}

bool has_cycle(const Graph& graph) {
  Schedule schedule(graph);
  size_t reached = 0;
  for (; schedule.ready(); ++reached) schedule.done(schedule.take(0));
  return reached != graph.nodes.size();
}

bool same_topology(const Graph& one, const Graph& other) {
  if (one.nodes.size() != other.nodes.size()) return false;
  return std::equal(one.nodes.begin(), one.nodes.end(), other.nodes.begin(),
                    [](const auto& a, const auto& b) {
                      return a->work.kind == b->work.kind &&
                             std::equal(a->dependencies.begin(), a->dependencies.end(),
                                        b->dependencies.begin(), b->dependencies.end(),
                                        [](const Node* x, const Node* y) { return x->index == y->index; });
                    });
}

cudaError_t add(cudaGraphNode_t* handle, Graph& graph, const cudaGraphNode_t* dependencies, size_t count,
                Work work) {
  *handle =
      (cudaGraphNode_t)add_node(graph, std::move(work), {(Node**)dependencies, (Node**)dependencies + count});
  return cudaSuccess;
}

// The executable graph's copy of a node that the program knows; null if there is none of that kind.
Node* find_node(Executable& executable, cudaGraphNode_t handle, Work::Kind kind) {
  Node* const wanted = (Node*)handle;
  for (const auto& node : executable.graph->nodes)
    if (node->original == wanted || node.get() == wanted)
      return node->work.kind == kind ? node.get() : nullptr;
  return nullptr;
}

cudaError_t set_kernel(Work& work, const cudaKernelNodeParams& parameters) {
  Kernel* kernel = find_kernel(parameters.func);
  if (!kernel) return cudaErrorInvalidDeviceFunction;
  if (parameters.extra) return cudaErrorNotSupported;
  return make_launch(*kernel, parameters.gridDim, parameters.blockDim, parameters.kernelParams,
                     parameters.sharedMemBytes, false, work);
}

void set_copy(Work& work, void* target, const void* source, size_t bytes) {
  work.kind = Work::copy;
  work.target = target;
  work.source = source;
  work.width = work.target_pitch = work.source_pitch = bytes;
  work.rows = work.slices = 1;
}

void set_fill(Work& work, const cudaMemsetParams& parameters) {
  work.kind = Work::set;
  work.target = parameters.dst;
  work.target_pitch = parameters.pitch;
  work.value = parameters.value;
  work.element_bytes = parameters.elementSize;
  work.width = parameters.width;
  work.rows = parameters.height;
}

void set_host(Work& work, const cudaHostNodeParams& parameters) {
  work.kind = Work::host;
  work.callback = [function = parameters.fn, data = parameters.userData] { function(data); };
}

cudaGraphNodeType type_of(Work::Kind kind) {
  switch (kind) {
    case Work::kernel: return cudaGraphNodeTypeKernel;
    case Work::copy: return cudaGraphNodeTypeMemcpy;
    case Work::set: return cudaGraphNodeTypeMemset;
    case Work::host: return cudaGraphNodeTypeHost;
    case Work::child: return cudaGraphNodeTypeGraph;
    case Work::record: return cudaGraphNodeTypeEventRecord;
    case Work::wait: return cudaGraphNodeTypeWaitEvent;
    case Work::allocate: return cudaGraphNodeTypeMemAlloc;
    case Work::release: return cudaGraphNodeTypeMemFree;
    case Work::empty: break;
  }
  return cudaGraphNodeTypeEmpty;
}

// What a launched graph does stands in the trace and the counts under the launch.
void mention(const Work& work) {
  const size_t elements = work.width * work.rows;
  if (work.kind == Work::kernel) {
    ++runtime.launches;
    mention_call("  graph:kernel", [&] { return demangle(work.function->name); });
  } else if (work.kind == Work::copy) {
    mention_call("  graph:memcpy", [&] { return sfmt("bytes=%zu", elements); });
  } else if (work.kind == Work::set) {
    mention_call("  graph:memset", [&] { return sfmt("bytes=%zu", elements * work.element_bytes); });
  }
}

}  // namespace

int run_graph(Graph& graph, const Before& before, u32 race) {
  Schedule schedule(graph);
  std::unique_ptr<NodeOrder> order;
  if (cfg.race) order = std::make_unique<NodeOrder>(graph, race);
  const bool shuffled = (cfg.order ? cfg.order : cfg.lazy) > 1;
  while (schedule.ready()) {
    const int index = schedule.take(shuffled ? runtime.random() % schedule.ready() : 0);
    Node& node = *graph.nodes[index];
    const Before node_before = order ? order->before(node, before) : Before();
    if (node.enabled)
      if (const int error = perform(node.work, node_before, order ? order->race(node) : 0)) return error;
    schedule.done(index);
  }
  return cudaSuccess;
}

Node* add_node(Graph& graph, Work work, const std::vector<Node*>& dependencies) {
  graph.nodes.push_back(std::make_unique<Node>());
  Node& node = *graph.nodes.back();
  node.work = std::move(work);
  node.dependencies = dependencies;
  node.index = int(graph.nodes.size()) - 1;
  return &node;
}

Graph* new_graph() { return keep(std::make_shared<Graph>()); }

extern "C" {
cudaError_t cudaGraphCreate(cudaGraph_t* handle, unsigned) {
  CALL(cudaGraphCreate);
  *handle = (cudaGraph_t)new_graph();
  return cudaSuccess;
}
cudaError_t cudaGraphDestroy(cudaGraph_t handle) {
  CALL(cudaGraphDestroy);
  GRAPH(graph, handle);
  runtime.graphs.erase(graph);
  return cudaSuccess;
}
cudaError_t cudaGraphClone(cudaGraph_t* clone, cudaGraph_t handle) {
  CALL(cudaGraphClone);
  GRAPH(graph, handle);
  *clone = (cudaGraph_t)keep(copy_of(*graph));
  return cudaSuccess;
}

cudaError_t cudaGraphAddKernelNode(cudaGraphNode_t* node, cudaGraph_t handle,
                                   const cudaGraphNode_t* dependencies, size_t count,
                                   const cudaKernelNodeParams* parameters) {
  CALL(cudaGraphAddKernelNode);
  GRAPH(graph, handle);
  Work work;
  ANSWER_IF(set_kernel(work, *parameters));
  return add(node, *graph, dependencies, count, std::move(work));
}
cudaError_t cudaGraphAddMemcpyNode1D(cudaGraphNode_t* node, cudaGraph_t handle,
                                     const cudaGraphNode_t* dependencies, size_t count, void* target,
                                     const void* source, size_t bytes, cudaMemcpyKind) {
  CALL(cudaGraphAddMemcpyNode1D);
  GRAPH(graph, handle);
  Work work;
  set_copy(work, target, source, bytes);
  return add(node, *graph, dependencies, count, std::move(work));
}
cudaError_t cudaGraphAddMemcpyNode(cudaGraphNode_t* node, cudaGraph_t handle,
                                   const cudaGraphNode_t* dependencies, size_t count,
                                   const cudaMemcpy3DParms* parameters) {
  CALL(cudaGraphAddMemcpyNode);
  GRAPH(graph, handle);
  Work work;
  describe_copy(work, *parameters);
  return add(node, *graph, dependencies, count, std::move(work));
}
cudaError_t cudaGraphAddMemsetNode(cudaGraphNode_t* node, cudaGraph_t handle,
                                   const cudaGraphNode_t* dependencies, size_t count,
                                   const cudaMemsetParams* parameters) {
  CALL(cudaGraphAddMemsetNode);
  GRAPH(graph, handle);
  Work work;
  set_fill(work, *parameters);
  return add(node, *graph, dependencies, count, std::move(work));
}
cudaError_t cudaGraphAddHostNode(cudaGraphNode_t* node, cudaGraph_t handle,
                                 const cudaGraphNode_t* dependencies, size_t count,
                                 const cudaHostNodeParams* parameters) {
  CALL(cudaGraphAddHostNode);
  GRAPH(graph, handle);
  Work work;
  set_host(work, *parameters);
  return add(node, *graph, dependencies, count, std::move(work));
}
cudaError_t cudaGraphAddEmptyNode(cudaGraphNode_t* node, cudaGraph_t handle,
                                  const cudaGraphNode_t* dependencies, size_t count) {
  CALL(cudaGraphAddEmptyNode);
  GRAPH(graph, handle);
  return add(node, *graph, dependencies, count, {});
}
cudaError_t cudaGraphAddChildGraphNode(cudaGraphNode_t* node, cudaGraph_t handle,
                                       const cudaGraphNode_t* dependencies, size_t count,
                                       cudaGraph_t child_handle) {
  CALL(cudaGraphAddChildGraphNode);
  GRAPH(graph, handle);
  GRAPH(child, child_handle);
  Work work;
  work.kind = Work::child;
  work.graph = copy_of(*child);
  return add(node, *graph, dependencies, count, std::move(work));
}
cudaError_t cudaGraphAddEventRecordNode(cudaGraphNode_t* node, cudaGraph_t handle,
                                        const cudaGraphNode_t* dependencies, size_t count,
                                        cudaEvent_t event_handle) {
  CALL(cudaGraphAddEventRecordNode);
  GRAPH(graph, handle);
  EVENT(event, event_handle);
  Work work;
  work.kind = Work::record;
  work.event = event;
  return add(node, *graph, dependencies, count, std::move(work));
}
cudaError_t cudaGraphAddEventWaitNode(cudaGraphNode_t* node, cudaGraph_t handle,
                                      const cudaGraphNode_t* dependencies, size_t count, cudaEvent_t) {
  CALL(cudaGraphAddEventWaitNode);
  GRAPH(graph, handle);
  Work work;
  work.kind = Work::wait;
  return add(node, *graph, dependencies, count, std::move(work));
}
cudaError_t cudaGraphAddDependencies(cudaGraph_t handle, const cudaGraphNode_t* from,
                                     const cudaGraphNode_t* to, const cudaGraphEdgeData*, size_t count) {
  CALL(cudaGraphAddDependencies);
  if (!runtime.graphs.count((Graph*)handle)) return answer(cudaErrorInvalidValue);
  for (size_t i = 0; i < count; ++i) ((Node*)to[i])->dependencies.push_back((Node*)from[i]);
  return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* handle, cudaGraph_t graph_handle, unsigned long long) {
  CALL(cudaGraphInstantiate);
  GRAPH(graph, graph_handle);
  ANSWER_IF(injected("graph", cudaErrorMemoryAllocation));
  if (has_cycle(*graph)) return answer(cudaErrorInvalidValue);
  Executable* executable = new Executable{copy_of(*graph)};
  runtime.executables.insert(executable);
  *handle = (cudaGraphExec_t)executable;
  return cudaSuccess;
}
cudaError_t cudaGraphInstantiateWithFlags(cudaGraphExec_t* handle, cudaGraph_t graph,
                                          unsigned long long flags) {
  return cudaGraphInstantiate(handle, graph, flags);
}
cudaError_t cudaGraphInstantiateWithParams(cudaGraphExec_t* handle, cudaGraph_t graph,
                                           cudaGraphInstantiateParams* parameters) {
  const cudaError_t error = cudaGraphInstantiate(handle, graph, parameters->flags);
  parameters->result_out = error ? cudaGraphInstantiateError : cudaGraphInstantiateSuccess;
  return error;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t handle) {
  CALL(cudaGraphExecDestroy);
  EXECUTABLE(executable, handle);
  runtime.executables.erase(executable);
  delete executable;
  return cudaSuccess;
}
cudaError_t cudaGraphUpload(cudaGraphExec_t handle, cudaStream_t) {
  CALL(cudaGraphUpload);
  return runtime.executables.count((Executable*)handle) ? cudaSuccess : answer(cudaErrorInvalidValue);
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t handle, cudaStream_t stream_handle) {
  CALL(cudaGraphLaunch, "stream=%s", name_of(stream_handle).c_str());
  EXECUTABLE(executable, handle);
  STREAM(stream, stream_handle);
  ANSWER_IF(injected("launch", cudaErrorLaunchOutOfResources));
  Work work;
  work.kind = Work::child;
  work.graph = copy_of(*executable->graph);  // as it is now: it may be changed or destroyed before it runs
  if (!stream->capture)
    for (const auto& node : work.graph->nodes) mention(node->work);
  return answer(submit(*stream, std::move(work)));
}
cudaError_t cudaGraphExecUpdate(cudaGraphExec_t handle, cudaGraph_t graph_handle,
                                cudaGraphExecUpdateResultInfo* result) {
  CALL(cudaGraphExecUpdate);
  EXECUTABLE(executable, handle);
  GRAPH(graph, graph_handle);
  const bool same = same_topology(*executable->graph, *graph);
  if (result) {
    *result = {};
    result->result = same ? cudaGraphExecUpdateSuccess : cudaGraphExecUpdateErrorTopologyChanged;
  }
  if (!same) return answer(cudaErrorGraphExecUpdateFailure);
  auto updated = copy_of(*graph);
  for (size_t i = 0; i < updated->nodes.size(); ++i)
    updated->nodes[i]->original = executable->graph->nodes[i]->original;
  executable->graph = std::move(updated);
  return cudaSuccess;
}

cudaError_t cudaGraphExecKernelNodeSetParams(cudaGraphExec_t handle, cudaGraphNode_t node_handle,
                                             const cudaKernelNodeParams* parameters) {
  CALL(cudaGraphExecKernelNodeSetParams);
  EXECUTABLE(executable, handle);
  Node* node = find_node(*executable, node_handle, Work::kernel);
  return answer(node ? set_kernel(node->work, *parameters) : cudaErrorInvalidValue);
}
cudaError_t cudaGraphExecMemcpyNodeSetParams1D(cudaGraphExec_t handle, cudaGraphNode_t node_handle,
                                               void* target, const void* source, size_t bytes,
                                               cudaMemcpyKind) {
  CALL(cudaGraphExecMemcpyNodeSetParams1D);
  EXECUTABLE(executable, handle);
  Node* node = find_node(*executable, node_handle, Work::copy);
  if (!node) return answer(cudaErrorInvalidValue);
  set_copy(node->work, target, source, bytes);
  return cudaSuccess;
}
cudaError_t cudaGraphExecMemcpyNodeSetParams(cudaGraphExec_t handle, cudaGraphNode_t node_handle,
                                             const cudaMemcpy3DParms* parameters) {
  CALL(cudaGraphExecMemcpyNodeSetParams);
  EXECUTABLE(executable, handle);
  Node* node = find_node(*executable, node_handle, Work::copy);
  if (!node) return answer(cudaErrorInvalidValue);
  describe_copy(node->work, *parameters);
  return cudaSuccess;
}
cudaError_t cudaGraphExecMemsetNodeSetParams(cudaGraphExec_t handle, cudaGraphNode_t node_handle,
                                             const cudaMemsetParams* parameters) {
  CALL(cudaGraphExecMemsetNodeSetParams);
  EXECUTABLE(executable, handle);
  Node* node = find_node(*executable, node_handle, Work::set);
  if (!node) return answer(cudaErrorInvalidValue);
  set_fill(node->work, *parameters);
  return cudaSuccess;
}
cudaError_t cudaGraphExecHostNodeSetParams(cudaGraphExec_t handle, cudaGraphNode_t node_handle,
                                           const cudaHostNodeParams* parameters) {
  CALL(cudaGraphExecHostNodeSetParams);
  EXECUTABLE(executable, handle);
  Node* node = find_node(*executable, node_handle, Work::host);
  if (!node) return answer(cudaErrorInvalidValue);
  set_host(node->work, *parameters);
  return cudaSuccess;
}
cudaError_t cudaGraphNodeSetEnabled(cudaGraphExec_t handle, cudaGraphNode_t node_handle, unsigned enabled) {
  CALL(cudaGraphNodeSetEnabled);
  EXECUTABLE(executable, handle);
  for (const Work::Kind kind : {Work::kernel, Work::copy, Work::set})  // the kinds that may be disabled
    if (Node* node = find_node(*executable, node_handle, kind)) {
      node->enabled = enabled;
      return cudaSuccess;
    }
  return answer(cudaErrorInvalidValue);
}

cudaError_t cudaGraphKernelNodeSetParams(cudaGraphNode_t node, const cudaKernelNodeParams* parameters) {
  CALL(cudaGraphKernelNodeSetParams);
  return answer(set_kernel(((Node*)node)->work, *parameters));
}
cudaError_t cudaGraphKernelNodeGetParams(cudaGraphNode_t handle, cudaKernelNodeParams* parameters) {
  CALL(cudaGraphKernelNodeGetParams);
  Node& node = *(Node*)handle;
  Work& work = node.work;
  if (work.kind != Work::kernel) return answer(cudaErrorInvalidValue);
  *parameters = {};
  parameters->func = (void*)(work.function->stub ? work.function->stub : work.function);
  parameters->gridDim = work.grid;
  parameters->blockDim = work.block;
  parameters->sharedMemBytes = work.dynamic_shared;
  node.arguments.clear();
  for (const KParam& parameter : declaration_of(*work.function).params)
    node.arguments.push_back(&work.parameters[parameter.off]);
  parameters->kernelParams = node.arguments.data();
  return cudaSuccess;
}
cudaError_t cudaGraphNodeGetType(cudaGraphNode_t node, cudaGraphNodeType* type) {
  CALL(cudaGraphNodeGetType);
  *type = type_of(((Node*)node)->work.kind);
  return cudaSuccess;
}
cudaError_t cudaGraphNodeFindInClone(cudaGraphNode_t* found, cudaGraphNode_t original, cudaGraph_t handle) {
  CALL(cudaGraphNodeFindInClone);
  GRAPH(graph, handle);
  for (const auto& node : graph->nodes)
    if (node->original == (Node*)original) {
      *found = (cudaGraphNode_t)node.get();
      return cudaSuccess;
    }
  return answer(cudaErrorInvalidValue);
}
cudaError_t cudaGraphNodeGetDependencies(cudaGraphNode_t handle, cudaGraphNode_t* dependencies,
                                         cudaGraphEdgeData*, size_t* count) {
  CALL(cudaGraphNodeGetDependencies);
  const Node& node = *(Node*)handle;
  if (dependencies)
    for (size_t i = 0; i < std::min(*count, node.dependencies.size()); ++i)
      dependencies[i] = (cudaGraphNode_t)node.dependencies[i];
  *count = node.dependencies.size();
  return cudaSuccess;
}

cudaError_t cudaGraphGetNodes(cudaGraph_t handle, cudaGraphNode_t* nodes, size_t* count) {
  CALL(cudaGraphGetNodes);
  GRAPH(graph, handle);
  const size_t all = graph->nodes.size();
  *count = nodes ? std::min(*count, all) : all;
  for (size_t i = 0; nodes && i < *count; ++i) nodes[i] = (cudaGraphNode_t)graph->nodes[i].get();
  return cudaSuccess;
}
cudaError_t cudaGraphGetRootNodes(cudaGraph_t handle, cudaGraphNode_t* nodes, size_t* count) {
  CALL(cudaGraphGetRootNodes);
  GRAPH(graph, handle);
  size_t roots = 0;
  for (const auto& node : graph->nodes) {
    if (!node->dependencies.empty()) continue;
    if (nodes && roots < *count) nodes[roots] = (cudaGraphNode_t)node.get();
    ++roots;
  }
  *count = roots;
  return cudaSuccess;
}
cudaError_t cudaGraphGetEdges(cudaGraph_t handle, cudaGraphNode_t* from, cudaGraphNode_t* to,
                              cudaGraphEdgeData*, size_t* count) {
  CALL(cudaGraphGetEdges);
  GRAPH(graph, handle);
  size_t edges = 0;
  for (const auto& node : graph->nodes)
    for (Node* dependency : node->dependencies) {
      if (from && to && edges < *count) {
        from[edges] = (cudaGraphNode_t)dependency;
        to[edges] = (cudaGraphNode_t)node.get();
      }
      ++edges;
    }
  *count = edges;
  return cudaSuccess;
}
cudaError_t cudaGraphDebugDotPrint(cudaGraph_t handle, const char* path, unsigned) {
  CALL(cudaGraphDebugDotPrint);
  GRAPH(graph, handle);
  FILE* file = fopen(path, "w");
  if (!file) return answer(cudaErrorOperatingSystem);
  fprintf(file, "digraph g {\n");
  for (const auto& node : graph->nodes) {
    const bool kernel = node->work.kind == Work::kernel;
    fprintf(file, " n%d [label=\"%s\"];\n", node->index,
            kernel ? demangle(node->work.function->name).c_str() : "op");
    for (const Node* dependency : node->dependencies)
      fprintf(file, " n%d -> n%d;\n", dependency->index, node->index);
  }
  fprintf(file, "}\n");
  fclose(file);
  return cudaSuccess;
}
}
