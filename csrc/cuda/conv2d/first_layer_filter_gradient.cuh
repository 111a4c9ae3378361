// The filter gradient of a first layer (first_layer.cuh):  dfilter[tap, k] = sum over pixels  x[pixel + tap] * dy[pixel, k]
//
// A thread keeps the sums of PLANES planes x SHIFTS taps x 4 channels in registers and walks over strips of four pixels:
//
//   lanes of a warp    8 groups of 4 k (fewer for small k)  x  4 strips of 4 pixels: dy comes in whole lines, straight
//                      into registers, a strip ahead
//   a strip            a window of 3 + SHIFTS floats of every plane, the same for all k: 2 loads for 4 * SHIFTS * 4 FMAs
//   warps of a block   groups of planes (one for a 3x3 filter of 3 channels)  x  parts of the chunk's strips
//
// Blocks take `chunks_a_block` chunks of rows one after the other and write their sums once; a second kernel adds them.
// The order of a sum: strips of a thread upwards, lanes by a tree, parts, then blocks, all from the shape alone.
#pragma once
#include <type_traits>

#include "cuda/conv2d/first_layer.cuh"

namespace fastconv {
namespace {

constexpr int first_strip = 4, first_warps = 4, first_threads = first_warps * 32;
constexpr int64_t most_first_blocks = 1184;  // three or four waves of three on 132 or 108 multiprocessors

struct FirstLayerSums : FirstLayer {
  int images, taps;
  int groups, groups_a_block, parts, batches;  // of planes: blocks * groups_a_block cover them
  int k_lanes, k_blocks;
  int chunks_a_block, blocks;
  int sums;  // of a block, dbias included
  bool bias;
};

struct FirstStrip {
  int x, dy, pixels;
};

__device__ __forceinline__ FirstStrip strip_at(const FirstLayerSums& f, int i, int image_row, int k) {
  const int row = f.by_strips.divide(i), column = (i - row * f.strips) * first_strip;
  return {row * f.stride_h * f.row_planes * f.plane_width + column,
          ((image_row + row) * f.q + column) * f.k + k, min(first_strip, f.q - column)};
}

__device__ __forceinline__ float4 gradient_of(const FirstLayerSums& f, const float* dy, int at, int k) {
  if (f.k % 4 == 0) return *reinterpret_cast<const float4*>(dy + at);
  return make_float4(dy[at], k + 1 < f.k ? dy[at + 1] : 0.0f, k + 2 < f.k ? dy[at + 2] : 0.0f,
                     k + 3 < f.k ? dy[at + 3] : 0.0f);
}

template <int SHIFTS, int PLANES>
struct FirstSums {
  float4 of[PLANES][SHIFTS] = {};
  float4 bias = {};

  __device__ __forceinline__ void add_strip(const FirstLayerSums& f, const float* planes,
                                            const float4 (&dy)[first_strip]) {
#pragma unroll
    for (int g = 0; g < PLANES; ++g) {
      float window[first_strip - 1 + SHIFTS];
      load_window(planes + g * f.plane_width, window);
#pragma unroll
      for (int i = 0; i < first_strip; ++i)
#pragma unroll
        for (int shift = 0; shift < SHIFTS; ++shift) add_product(of[g][shift], window[i + shift], dy[i]);
    }
#pragma unroll
    for (int i = 0; i < first_strip; ++i) add_product(bias, 1.0f, dy[i]);
  }
  // At the end of a row: pixels that are not there must not meet an x, which may be infinite.
  __device__ __forceinline__ void add_pixel(const FirstLayerSums& f, const float* planes, const float4& dy) {
#pragma unroll
    for (int g = 0; g < PLANES; ++g)
#pragma unroll
      for (int shift = 0; shift < SHIFTS; ++shift)
        add_product(of[g][shift], planes[g * f.plane_width + shift], dy);
    add_product(bias, 1.0f, dy);
  }
  template <class Visit>
  __device__ __forceinline__ void each(Visit&& visit) {
#pragma unroll
    for (int g = 0; g < PLANES; ++g)
#pragma unroll
      for (int shift = 0; shift < SHIFTS; ++shift) visit(g * SHIFTS + shift, of[g][shift]);
    visit(PLANES * SHIFTS, bias);
  }
};

// Where a block's sum stands in dfilter followed by dbias: row of k, or -1 for a tap that does not exist.
template <int SHIFTS, int PLANES>
__device__ __forceinline__ int row_of_sum(const FirstLayerSums& f, int group, int slot) {
  if (slot == PLANES * SHIFTS) return group == 0 && f.bias ? f.taps : -1;
  const int plane = group * PLANES + slot / SHIFTS, r = plane / f.row_planes, in_row = plane % f.row_planes;
  const int channel = in_row / f.residues, s = in_row % f.residues + slot % SHIFTS * f.stride_w;
  return plane < f.planes && s < f.filter_w ? (r * f.filter_w + s) * f.channels + channel : -1;
}

// hot: no spills
//
// grid.x: blocks of chunks, then of k, then batches of groups, the last fastest: they share dy in L2.
template <int SHIFTS, int PLANES>
__global__ void __launch_bounds__(first_threads, PLANES* SHIFTS > 12 ? 3 : 4)
    first_layer_sums(const __grid_constant__ FirstLayerSums f, const float* x, const float* dy,
                     float* partial) {
  extern __shared__ __align__(16) float planes[];
  constexpr int slots = PLANES * SHIFTS + 1;
  const int batch = blockIdx.x % f.batches, rest = blockIdx.x / f.batches;
  const int k_block = rest % f.k_blocks, block = rest / f.k_blocks;
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, k_lane = lane % f.k_lanes;
  const int k_width = f.k_lanes * 4, k = k_block * k_width + k_lane * 4;
  const int group = batch * f.groups_a_block + warp / f.parts;
  const int strip_lanes = 32 / f.k_lanes, step = f.parts * strip_lanes;
  const int first = warp % f.parts * strip_lanes + lane / f.k_lanes;
  const bool idle = group >= f.groups || k >= f.k;
  const float* const own_planes = planes + group * PLANES * f.plane_width;

  float* const extra = planes + f.staged_rows * f.row_planes * f.plane_width;
  for (int i = threadIdx.x; i < f.extra_planes * f.plane_width; i += blockDim.x) extra[i] = 0.0f;

  FirstSums<SHIFTS, PLANES> sums;
  const int first_chunk = block * f.chunks_a_block;
  const int end_chunk = min(first_chunk + f.chunks_a_block, f.images * f.chunks);
  for (int chunk = first_chunk; chunk < end_chunk; ++chunk) {
    const int image = f.by_chunks.divide(chunk), first_row = (chunk - image * f.chunks) * f.rows;
    __syncthreads();  // the rows before are read
    stage_rows(f, x, image, first_row, planes);
    __syncthreads();
    const int strips = idle ? 0 : min(f.rows, f.p - first_row) * f.strips,
              image_row = image * f.p + first_row;
    float4 ahead[first_strip] = {};
    const auto fetch = [&](int i) {
      if (i >= strips) return;
      const FirstStrip next = strip_at(f, i, image_row, k);
      if (next.pixels < first_strip) return;
#pragma unroll
      for (int e = 0; e < first_strip; ++e) ahead[e] = gradient_of(f, dy, next.dy + e * f.k, k);
    };
    fetch(first);
    for (int i = first; i < strips; i += step) {
      const FirstStrip strip = strip_at(f, i, image_row, k);  // again: registers are scarce
      const float4 gradient[first_strip] = {ahead[0], ahead[1], ahead[2], ahead[3]};
      fetch(i + step);
      if (strip.pixels == first_strip)
        sums.add_strip(f, own_planes + strip.x, gradient);
      else
#pragma unroll 1
        for (int e = 0; e < strip.pixels; ++e)
          sums.add_pixel(f, own_planes + strip.x + e, gradient_of(f, dy, strip.dy + e * f.k, k));
    }
  }

  for (int distance = f.k_lanes; distance < 32; distance *= 2)
    sums.each([&](int, float4& sum) {
      sum.x += __shfl_xor_sync(~0u, sum.x, distance);
      sum.y += __shfl_xor_sync(~0u, sum.y, distance);
      sum.z += __shfl_xor_sync(~0u, sum.z, distance);
      sum.w += __shfl_xor_sync(~0u, sum.w, distance);
    });
  __syncthreads();
  float* const of_warps = planes;  // [warp][slot][k]
  if (lane < f.k_lanes)
    sums.each([&](int slot, const float4& sum) {
      *reinterpret_cast<float4*>(of_warps + (warp * slots + slot) * k_width + k_lane * 4) = sum;
    });
  __syncthreads();
  for (int i = threadIdx.x; i < f.groups_a_block * slots * k_width; i += blockDim.x) {
    const int column = i % k_width, slot = i / k_width % slots, of_block = i / k_width / slots;
    const int row = row_of_sum<SHIFTS, PLANES>(f, batch * f.groups_a_block + of_block, slot);
    if (row < 0 || k_block * k_width + column >= f.k) continue;
    float sum = 0.0f;
    for (int part = 0; part < f.parts; ++part)
      sum += of_warps[((of_block * f.parts + part) * slots + slot) * k_width + column];
    partial[static_cast<size_t>(block) * f.sums + row * f.k + k_block * k_width + column] = sum;
  }
}

// A block adds up 32 sums: every 32nd block's a warp, upwards, then the warps in order.
__global__ void __launch_bounds__(1024) first_layer_finish(const float* partial, int blocks, int count,
                                                           int filter_count, float* dfilter, float* dbias) {
  __shared__ float of_warps[32][32];
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, i = blockIdx.x * 32 + lane;
  float sum = 0.0f;
  if (i < count) {
#pragma unroll 8
    for (int block = warp; block < blocks; block += 32)
      sum += partial[static_cast<size_t>(block) * count + i];
  }
  of_warps[warp][lane] = sum;
  __syncthreads();
  if (warp > 0 || i >= count) return;
  for (int w = 1; w < 32; ++w) sum += of_warps[w][lane];
  (i < filter_count ? dfilter[i] : dbias[i - filter_count]) = sum;
}

class FirstLayerFilterGradient {
 public:
  FirstLayerFilterGradient(const ConvShape& z, bool bias) {
    with_instance(z, [&](auto shifts, auto planes) {
      static_cast<FirstLayer&>(f_) = first_layer(z, first_strip, shifts, planes);
      slots_ = shifts * planes + 1;
      f_.groups = ceil_div(f_.planes, planes);
    });
    f_.images = z.n, f_.taps = z.r * z.s * z.c, f_.bias = bias, f_.sums = (f_.taps + bias) * z.k;
    f_.batches = ceil_div(f_.groups, first_warps);
    f_.groups_a_block = ceil_div(f_.groups, f_.batches), f_.parts = first_warps / f_.groups_a_block;
    for (f_.k_lanes = 1; f_.k_lanes < 8 && f_.k_lanes * 4 < z.k;) f_.k_lanes *= 2;
    f_.k_blocks = ceil_div(z.k, f_.k_lanes * 4);
    const int64_t chunks = z.n * f_.chunks;
    const int64_t wanted = larger<int64_t>(1, most_first_blocks / (f_.batches * f_.k_blocks));
    f_.chunks_a_block = larger<int64_t>(1, ceil_div(chunks, wanted));
    f_.blocks = ceil_div(chunks, f_.chunks_a_block);
    products_ = static_cast<double>(z.n * z.p * f_.strips * first_strip) * f_.groups * (slots_ - 1) * 4 *
                f_.k_blocks * f_.k_lanes;
  }
  double products() const { return products_; }
  size_t workspace_bytes() const { return static_cast<size_t>(f_.blocks) * f_.sums * sizeof(float); }
  // `dbias` may be null.
  void run(const ConvShape& z, const float* x, const float* dy, float* dfilter, float* dbias, void* workspace,
           cudaStream_t stream) const {
    float* const partial = static_cast<float*>(workspace);
    const int warps = f_.groups_a_block * f_.parts;
    const int floats = larger(f_.staged_floats(), warps * slots_ * f_.k_lanes * 4);
    with_instance(z, [&](auto shifts, auto planes) {
      launch(first_layer_sums<shifts(), planes()>, f_.blocks * f_.k_blocks * f_.batches, warps * 32,
             floats * sizeof(float), stream, f_, x, dy, partial);
    });
    launch(first_layer_finish, blocks_for(f_.sums, 32), 1024, 0, stream, partial, f_.blocks, f_.sums,
           f_.taps * f_.k, dfilter, dbias);
  }

 private:
  // Planes at a time: as many as the registers of a thread hold, without many that do not exist.
  template <class Run>
  static void with_instance(const ConvShape& z, Run&& run) {
    const int64_t planes = planes_of(z);
    switch (shifts_of(z)) {
      case 1: return run(Number<1>{}, Number<9>{});
      case 2: return run(Number<2>{}, Number<9>{});
      case 3:
        if (planes <= 3) return run(Number<3>{}, Number<3>{});
        if (round_up(planes, 6) < round_up(planes, 9)) return run(Number<3>{}, Number<6>{});
        return run(Number<3>{}, Number<9>{});
      case 4: return run(Number<4>{}, Number<6>{});
      case 5: return run(Number<5>{}, Number<5>{});
      default: return run(Number<7>{}, Number<3>{});
    }
  }
  template <int N>
  using Number = std::integral_constant<int, N>;

  FirstLayerSums f_{};
  int slots_ = 0;
  double products_ = 0;  // that threads work through, of taps that do not exist too
};

}  // namespace
}  // namespace fastconv
