// Sums over axes: x (outer, reduced, inner) -> y (outer, inner), y = sum / divisor.
//
//   short lines   a thread an output: neighbours in y are neighbours in x (inner > 1), or share cache lines
//   rows          inner = 1, up to 1024 elements: a warp an output
//   strips        a block takes a strip of neighbouring outputs and a chunk of the reduced axis
//
//        strip of C columns         256 threads as 256 / C lanes down the reduced axis; C = min(inner, 256 / lanes).
//       +-----------------+         In memory a lane's C elements lie beside those of the next lane where the strip
//  lane | 0 0 0 0 .. 0 0  |         is all of the inner axis: a whole row (C = 1) and the columns of a bias are read
//       | 1 1 1 1 .. 1 1  |         alike, without gaps.  Lanes are added pairwise; more chunks than one leave their
//       | ...             |         sums in the workspace, [outer][chunk][inner], and a second pass adds those.
//       +-----------------+
//   gathered      axes with others between them: a warp an output, each element's place computed
//
// How an output is summed follows from the sizes of `reduced` and `inner` alone: its bits are the same in any batch.
// Chains of additions stay short: a thread adds 8 elements to a part, and parts to its sum.
#include "cuda/reduction/sums.cuh"

namespace fastconv {
namespace reduction {
namespace {

constexpr int threads = 256, warps = threads / 32;
constexpr int64_t short_line = 32, row_of_a_warp = 1024;
constexpr int64_t elements_a_lane = 64;  // of a chunk, at least
constexpr int64_t most_chunks = 1024;    // of all strips of an outer index
constexpr int64_t narrowest_strip = 64;  // columns, where the inner axis has so many

// The sum of term(i) for i = first, first + step, .. below past.
template <class Term>
__device__ __forceinline__ float blocked_sum(uint32_t first, uint32_t past, uint32_t step, const Term& term) {
  constexpr uint32_t block = 8;
  float sum = 0.0f;
  uint32_t i = first, count = first < past ? (past - first + step - 1) / step : 0;
  for (; count >= block; count -= block, i += block * step) {
    float part[block];
#pragma unroll
    for (uint32_t b = 0; b < block; ++b) part[b] = term(i + b * step);
#pragma unroll
    for (uint32_t half = block / 2; half > 0; half /= 2)
#pragma unroll
      for (uint32_t b = 0; b < half; ++b) part[b] += part[b + half];
    sum += part[0];
  }
  for (; count > 0; --count, i += step) sum += term(i);
  return sum;
}

__device__ __forceinline__ float warp_sum(float sum) {
  for (int distance = 16; distance > 0; distance /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, distance);
  return sum;
}

__global__ void __launch_bounds__(threads)
    short_lines(uint32_t outputs, uint32_t reduced, FastDiv inner, float divisor, const float* x, float* y) {
  const uint32_t at = blockIdx.x * threads + threadIdx.x;
  if (at >= outputs) return;
  const float* own = x + inner.divide(at) * reduced * inner.divisor + inner.modulo(at);
  y[at] = blocked_sum(0, reduced, 1, [&](uint32_t i) { return own[i * inner.divisor]; }) / divisor;
}

__global__ void __launch_bounds__(threads)
    rows(uint32_t outputs, uint32_t reduced, float divisor, const float* x, float* y) {
  const uint32_t at = blockIdx.x * warps + threadIdx.x / 32, lane = threadIdx.x % 32;
  if (at >= outputs) return;
  const float* own = x + at * reduced;
  const float sum = warp_sum(blocked_sum(lane, reduced, 32, [&](uint32_t i) { return own[i]; }));
  if (lane == 0) y[at] = sum / divisor;
}

struct Strips {
  uint32_t reduced, inner, columns, lanes, strips, chunks, rows_a_chunk;

  Strips(uint32_t reduced, uint32_t inner) : reduced(reduced), inner(inner), lanes(1) {
    const uint32_t narrowest = inner < narrowest_strip ? inner : narrowest_strip;
    while (lanes * 2 * narrowest <= threads && lanes * 2 * 8 <= reduced) lanes *= 2;
    columns = inner < threads / lanes ? inner : threads / lanes;
    if (columns == inner) lanes = threads / columns < reduced ? threads / columns : reduced;
    strips = blocks_for(inner, columns);
    const int64_t possible = blocks_for(reduced, lanes * elements_a_lane);
    const int64_t wanted = most_chunks / strips > 1 ? most_chunks / strips : 1;
    rows_a_chunk = blocks_for(reduced, possible < wanted ? possible : wanted);
    chunks = blocks_for(reduced, rows_a_chunk);
  }
};

__global__ void __launch_bounds__(threads)
    strips(Strips z, FastDiv columns, FastDiv blocks_of_strip, float divisor, const float* x, float* y) {
  __shared__ float sums[threads];
  const uint32_t lane = columns.divide(threadIdx.x), column = columns.modulo(threadIdx.x);
  const uint32_t block = blocks_of_strip.divide(blockIdx.x), strip = blocks_of_strip.modulo(blockIdx.x);
  const uint32_t outer = block / z.chunks, chunk = block % z.chunks;
  const uint32_t j = strip * z.columns + column, begin = chunk * z.rows_a_chunk;
  const uint32_t past = begin + z.rows_a_chunk < z.reduced ? begin + z.rows_a_chunk : z.reduced;
  const bool active = lane < z.lanes && j < z.inner;
  const float* own = x + outer * z.reduced * z.inner + j;
  float sum = 0.0f;
  if (active) sum = blocked_sum(begin + lane, past, z.lanes, [&](uint32_t i) { return own[i * z.inner]; });
  sums[threadIdx.x] = sum;
  __syncthreads();
  uint32_t half = 1;
  while (half * 2 < z.lanes) half *= 2;
  for (; half > 0; half /= 2) {
    if (lane < half && lane + half < z.lanes) sums[threadIdx.x] += sums[threadIdx.x + half * z.columns];
    __syncthreads();
  }
  if (active && lane == 0) y[block * z.inner + j] = sums[threadIdx.x] / divisor;
}

// One pass of a neighbouring reduction.
void pass(cudaStream_t stream, uint32_t outer, const Strips& z, float divisor, const float* x, float* y) {
  launch(strips, outer * z.chunks * z.strips, threads, 0, stream, z, FastDiv(z.columns), FastDiv(z.strips),
         divisor, x, y);
}

bool by_strips(const Shape& z) {
  return z.reduced > short_line && (z.inner > 1 || z.reduced > row_of_a_warp);
}

// ---- axes with others between them
struct Digits {  // a whole number's digits, one for each group of axes, become an offset
  int count = 0;
  FastDiv sizes[max_rank];
  uint32_t strides[max_rank];

  Digits(const Groups& all, bool reduced) {
    for (int i = all.count - 1; i >= 0; --i)
      if (all.groups[i].reduced == reduced) {
        sizes[count] = FastDiv(all.groups[i].size ? all.groups[i].size : 1);
        strides[count++] = all.groups[i].stride;
      }
  }
  __device__ __forceinline__ uint32_t offset(uint32_t number) const {
    uint32_t offset = 0;
#pragma unroll
    for (int i = 0; i < max_rank; ++i) {  // unrolled, so that the digits stay in constant memory
      if (i == count) break;
      offset += sizes[i].modulo(number) * strides[i];
      number = sizes[i].divide(number);
    }
    return offset;
  }
};

__global__ void __launch_bounds__(threads) gather(uint32_t outputs, uint32_t reduced, Digits kept,
                                                  Digits summed, float divisor, const float* x, float* y) {
  const uint32_t at = blockIdx.x * warps + threadIdx.x / 32, lane = threadIdx.x % 32;
  if (at >= outputs) return;
  const float* own = x + kept.offset(at);
  const float sum =
      warp_sum(blocked_sum(lane, reduced, 32, [&](uint32_t i) { return own[summed.offset(i)]; }));
  if (lane == 0) y[at] = sum / divisor;
}

}  // namespace

size_t chunk_bytes(const Shape& z) {
  if (!by_strips(z) || z.empty()) return 0;
  const Strips cut(z.reduced, z.inner);
  return cut.chunks > 1 ? size_t{z.outer} * cut.chunks * z.inner * sizeof(float) : 0;
}

void run_neighbours(const Shape& z, float divisor, const Call& call) {
  const float* x = input<float>(call, 0);
  float* y = output<float>(call, 0);
  const cudaStream_t stream = stream_of(call);
  if (z.empty()) return;
  const uint32_t outputs = z.outer * z.inner;
  if (!by_strips(z)) {
    if (z.reduced <= short_line)
      return launch(short_lines, blocks_for(outputs, threads), threads, 0, stream, outputs, z.reduced,
                    FastDiv(z.inner), divisor, x, y);
    return launch(rows, blocks_for(outputs, warps), threads, 0, stream, outputs, z.reduced, divisor, x, y);
  }
  const Strips cut(z.reduced, z.inner);
  if (cut.chunks == 1) return pass(stream, z.outer, cut, divisor, x, y);
  float* const chunk_sums = static_cast<float*>(call.workspace);
  pass(stream, z.outer, cut, 1.0f, x, chunk_sums);
  Strips rest(cut.chunks, z.inner);
  rest.rows_a_chunk = rest.reduced, rest.chunks = 1;
  pass(stream, z.outer, rest, divisor, chunk_sums, y);
}

void run_gathered(const Dims& axes, float divisor, const Call& call) {
  const TensorDesc& in = call.inputs[0].desc;
  const Shape z(axes, in);
  if (z.empty()) return;
  const Groups all(axes, in);
  const uint32_t outputs = z.outer * z.inner;
  launch(gather, blocks_for(outputs, warps), threads, 0, stream_of(call), outputs, z.reduced,
         Digits(all, false), Digits(all, true), divisor, input<float>(call, 0), output<float>(call, 0));
}

}  // namespace reduction
}  // namespace fastconv
