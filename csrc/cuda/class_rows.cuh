// Rows of k classes along the last axis: what softmax and the cross-entropies share.
//
// A row belongs to a team: the power of two of a warp's lanes that gives each some 4 classes, or, for many classes,
// a block.  Lane l of a team of t takes classes l, l + t, ..; lanes are then added by shuffles, the warps of a block
// in order.  A row's bits follow from the row alone, so they are the same in any batch.  Rows are read from memory
// once; where a kernel goes over its row again, it finds it in the caches.
#pragma once
#include <type_traits>

#include "cuda/kernel.cuh"
#include "plan/class_targets.h"

namespace fastconv {

constexpr int team_threads = 256, team_warps = team_threads / 32;
constexpr int64_t classes_of_a_warp = 2048;  // a block takes rows of more
constexpr int classes_at_once = 4;           // a thread's loads on their way together

// The largest score so far and the sum of exp(score - largest): both in one pass.
struct MaxSum {
  float largest = -INFINITY, sum = 0.0f;

  // Infinity less infinity is NaN, and so is the row; minus infinity is nothing, also where there is nothing else.
  template <int count>
  __device__ __forceinline__ void add(const float (&scores)[count]) {
    float both = largest;
#pragma unroll
    for (float x : scores) both = x > both ? x : both;
    const float base = both == -INFINITY ? 0.0f : both;
    sum *= scale(both);
#pragma unroll
    for (float x : scores) sum += expf(x - base);
    largest = both;
  }
  __device__ __forceinline__ void add(const MaxSum& other) {
    const float both = other.largest > largest ? other.largest : largest;
    sum = sum * scale(both) + other.sum * other.scale(both);
    largest = both;
  }

 private:
  __device__ __forceinline__ float scale(float both) const {  // 1, too, where no score was above -infinity
    return largest == both ? 1.0f : expf(largest - both);
  }
};

__device__ __forceinline__ MaxSum from_lane(const MaxSum& value, int distance) {
  MaxSum other;
  other.largest = __shfl_xor_sync(0xffffffffu, value.largest, distance);
  other.sum = __shfl_xor_sync(0xffffffffu, value.sum, distance);
  return other;
}
__device__ __forceinline__ float from_lane(float value, int distance) {
  return __shfl_xor_sync(0xffffffffu, value, distance);
}
__device__ __forceinline__ void add_to(MaxSum& value, const MaxSum& other) { value.add(other); }
__device__ __forceinline__ void add_to(float& value, float other) { value += other; }

// ---- teams: `row` is this thread's; a lane below 0 classes' bound does nothing, but stays for the shuffles
class LanesTeam {
 public:
  __device__ explicit LanesTeam(int lanes) : lanes_(lanes) {}
  __device__ uint32_t row() const { return (blockIdx.x * team_threads + threadIdx.x) / lanes_; }
  __device__ uint32_t lane() const { return threadIdx.x % lanes_; }
  __device__ uint32_t size() const { return lanes_; }
  template <class Value>
  __device__ Value all(Value value) const {  // the sum over the team, for each of its threads
    for (int distance = 1; distance < lanes_; distance *= 2) add_to(value, from_lane(value, distance));
    return value;
  }

 private:
  int lanes_;
};

class BlockTeam {
 public:
  __device__ explicit BlockTeam(int) {}
  __device__ uint32_t row() const { return blockIdx.x; }
  __device__ uint32_t lane() const { return threadIdx.x; }
  __device__ uint32_t size() const { return team_threads; }
  template <class Value>
  __device__ Value all(Value value) const {
    __shared__ alignas(8) unsigned char memory[team_warps * sizeof(Value)];
    Value* const of_warps = reinterpret_cast<Value*>(memory);
    value = LanesTeam(32).all(value);
    __syncthreads();  // the last call's values have been read
    if (threadIdx.x % 32 == 0) of_warps[threadIdx.x / 32] = value;
    __syncthreads();
    value = of_warps[0];
    for (int warp = 1; warp < team_warps; ++warp) add_to(value, of_warps[warp]);
    return value;
  }
};

// body(j, count) for this thread's classes j, j + team.size(), .. of a row, `count` of them at a time, a number known
// to the compiler: without a test between them, their loads are on their way together.
template <class Team, class Body>
__device__ __forceinline__ void each_group(const Team& team, uint32_t classes, const Body& body) {
  const uint32_t step = team.size();
  uint32_t j = team.lane();
  for (; j + (classes_at_once - 1) * step < classes; j += classes_at_once * step)
    body(j, std::integral_constant<int, classes_at_once>{});
  for (; j < classes; j += step) body(j, std::integral_constant<int, 1>{});
}

// Sum over the row of term(j), for each thread of the team.
template <class Team, class Term>
__device__ __forceinline__ float row_sum(const Team& team, uint32_t classes, const Term& term) {
  float sum = 0.0f;
  each_group(team, classes, [&](uint32_t first, auto count) {
    float terms[count.value];
#pragma unroll
    for (int u = 0; u < count.value; ++u) terms[u] = term(first + u * team.size());
#pragma unroll
    for (float value : terms) sum += value;
  });
  return team.all(sum);
}

template <class Team>
__device__ __forceinline__ MaxSum row_max_sum(const Team& team, uint32_t classes, const float* x) {
  MaxSum result;
  each_group(team, classes, [&](uint32_t first, auto count) {
    float scores[count.value];
#pragma unroll
    for (int u = 0; u < count.value; ++u) scores[u] = x[first + u * team.size()];
    result.add(scores);
  });
  return team.all(result);
}

// out[j] = value(j) over the row; `out` may be a row that `value` reads at j.
template <class Team, class Value>
__device__ __forceinline__ void write_row(const Team& team, uint32_t classes, float* out,
                                          const Value& value) {
  each_group(team, classes, [&](uint32_t first, auto count) {
    float values[count.value];
#pragma unroll
    for (int u = 0; u < count.value; ++u) values[u] = value(first + u * team.size());
#pragma unroll
    for (int u = 0; u < count.value; ++u) out[first + u * team.size()] = values[u];
  });
}

// function(team, row, classes): `classes` is 0 for the lanes behind the last row.
template <class Team, class Function>
__global__ void __launch_bounds__(team_threads)
    class_rows_kernel(Function function, const uint8_t* gate, uint32_t rows, uint32_t classes, int lanes) {
  if (shut(gate)) return;
  const Team team(lanes);
  const uint32_t row = team.row();
  function(team, row, row < rows ? classes : 0);
}

// Runs `function`, a copyable functor of the device, over the rows of `scores`.
template <class Function>
void each_row(const Call& call, const TensorDesc& scores, const Function& function) {
  const int64_t classes = scores.dims[scores.rank - 1];
  if (element_count(scores) == 0) return;
  const int64_t rows = element_count(scores) / classes;
  const auto start = [&](auto kernel, int lanes, unsigned blocks) {
    launch(kernel, blocks, team_threads, 0, stream_of(call), function, call.gate, static_cast<uint32_t>(rows),
           static_cast<uint32_t>(classes), lanes);
  };
  if (classes > classes_of_a_warp)
    return start(class_rows_kernel<BlockTeam, Function>, team_threads, static_cast<unsigned>(rows));
  int lanes = 1;
  while (lanes < 32 && lanes * 4 < classes) lanes *= 2;
  start(class_rows_kernel<LanesTeam, Function>, lanes, blocks_for(rows, team_threads / lanes));
}

// ---- targets: classes (..), int64 or float32 cut to a whole number; or weights (.., k)
struct Targets {
  const float* weights = nullptr;  // null: the labels count
  const int64_t* whole_labels = nullptr;
  const float* float_labels = nullptr;

  Targets(const Call& call, bool sparse) {
    if (!sparse)
      weights = input<float>(call, 1);
    else if (call.inputs[1].desc.dtype == DType::int64)
      whole_labels = input<int64_t>(call, 1);
    else
      float_labels = input<float>(call, 1);
  }

  // The class that row `row`'s label names, or -1 where there is no such class.
  __device__ __forceinline__ int label(uint32_t row, uint32_t classes) const {
    if (whole_labels) {
      const int64_t label = whole_labels[row];
      return label >= 0 && label < classes ? static_cast<int>(label) : -1;
    }
    const float label = float_labels[row];
    return label > -1.0f && label < static_cast<float>(classes) ? static_cast<int>(label) : -1;
  }
};

// inputs: scores (.., k), targets, then dloss in the gradients
template <class Attributes>
Refusal scores_and_targets(const Attributes& attributes, const Signature& step) {
  if (Refusal refusal = needs_targets(attributes.sparse, step)) return refusal;
  if (Refusal refusal = needs_float32(step.inputs, 1, "input")) return refusal;
  if (step.input_count > 2)
    if (Refusal refusal = needs_float32(step.inputs + 2, 1, "dloss, input")) return refusal;
  if (Refusal refusal = needs_float32(step.outputs, 1, "output")) return refusal;
  return needs_31_bits(step);
}

}  // namespace fastconv
