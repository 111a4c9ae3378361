// The two kernels, for any tile (fma_tile.cuh, mma_tile.cuh): operands travel through a ring of shared-memory slots
// while earlier ones are multiplied.
#pragma once
#include "cuda/activation.cuh"
#include "cuda/gemm/operands.cuh"

namespace fastconv {

//   load(k, slot)             issues the copies of the tile that begins at k into a slot; none of elements behind `depth`
// A group is committed for every tile, even an empty one, so that the count of open groups needs no special case.
//
// Where registers are scarce:
//   multiply(slot)            adds the products of a tile
// One barrier a tile: it says that tile t has landed for all threads, and that nobody reads slot t - 1 any more.
template <int K, int STAGES, class Load, class Multiply>
__device__ __forceinline__ void run_pipeline(int depth, Load&& load, Multiply&& multiply) {
#pragma unroll
  for (int slot = 0; slot < STAGES - 1; ++slot) {
    if (slot * K < depth) load(slot * K, slot);
    cp_async_commit();
  }
  int read = 0, write = STAGES - 1;
#pragma unroll 1
  for (int k = 0; k < depth; k += K) {
    cp_async_wait<STAGES - 2>();
    __syncthreads();
    if (k + (STAGES - 1) * K < depth) load(k + (STAGES - 1) * K, write);
    cp_async_commit();
    multiply(read);
    read = read + 1 == STAGES ? 0 : read + 1;
    write = write + 1 == STAGES ? 0 : write + 1;
  }
}

// Where registers hold the factors of two of a tile's `STEPS` steps:
//   read(slot, step)          reads a step's factors
//   multiply(step)            adds their products
// While a step is multiplied the next is read, the first one of the next tile while the last of this one is; so the
// barrier between them says that tile t + 1 has landed for all threads, and that all have read slot t.  The loop's body
// is all slots in turn, whose addresses then are constants, and has no branches around the copies, so that they are
// issued among the products.
template <int K, int STAGES, int STEPS, class Load, class Read, class Multiply>
__device__ __forceinline__ void run_pipeline_ahead(int depth, Load&& load, Read&& read, Multiply&& multiply) {
#pragma unroll
  for (int slot = 0; slot < STAGES; ++slot) {
    load(slot * K, slot);
    cp_async_commit();
  }
  cp_async_wait<STAGES - 1>();
  __syncthreads();
  read(0, 0);
#pragma unroll 1
  for (int k = 0;; k += STAGES * K) {
#pragma unroll
    for (int slot = 0; slot < STAGES; ++slot) {
      if (k + slot * K >= depth) return;
#pragma unroll
      for (int step = 1; step < STEPS; ++step) {
        read(slot, step);
        multiply(step - 1);
      }
      cp_async_wait<STAGES - 2>();
      __syncthreads();
      read((slot + 1) % STAGES, 0);
      load(k + (slot + STAGES) * K, slot);
      cp_async_commit();
      multiply(STEPS - 1);
    }
  }
}

// The loop as the tile wants it.
template <class Tile, bool A_K_MAJOR, class Load>
__device__ __forceinline__ void run_tile(Tile& tile, int depth, const typename Tile::Element* a,
                                         const typename Tile::Element* b, Load&& load) {
  constexpr int a_slot = Tile::rows * Tile::k, b_slot = Tile::columns * Tile::k;
  if constexpr (Tile::rereads)
    run_pipeline<Tile::k, Tile::stages>(depth, load, [&](int slot) {
      tile.template multiply<A_K_MAJOR>(a + slot * a_slot, b + slot * b_slot, threadIdx.x);
    });
  else
    run_pipeline_ahead<Tile::k, Tile::stages, Tile::steps>(
        depth, load,
        [&](int slot, int step) {
          tile.template read<A_K_MAJOR>(a + slot * a_slot, b + slot * b_slot, threadIdx.x, step);
        },
        [&](int step) { tile.multiply(step); });
}

template <class Tile>
constexpr size_t pipeline_bytes =
    Tile::stages * (Tile::rows + Tile::columns) * Tile::k * sizeof(typename Tile::Element);
template <class Tile>
constexpr size_t gather_shared_bytes = pipeline_bytes<Tile> + Tile::rows * sizeof(Position);
template <class Tile>
constexpr size_t filter_shared_bytes = pipeline_bytes<Tile>;

// The thread's number inside the main loop, as the tile wants it: carried in a register, or read again.
template <class Tile>
__device__ __forceinline__ int loop_thread() {
  if constexpr (Tile::rereads)
    return reread_thread();
  else
    return threadIdx.x;
}

// The origins of gather_gemm's copies, as the tile wants them.
template <class Tile, int VECTOR>
__device__ __forceinline__ auto loop_origins(const Position* origins) {
  using Copies = KMajorCopies<typename Tile::Element, Tile::rows, Tile::k, Tile::threads, VECTOR>;
  if constexpr (Tile::rereads)
    return SharedOrigins<2>{origins};
  else if constexpr (Copies::down > 4)
    return SharedOrigins<8>{origins};
  else
    return OwnOrigins<Copies>(origins, threadIdx.x);
}

__device__ __forceinline__ int tiles_across(int columns, int tile_columns) {
  return (columns + tile_columns - 1) / tile_columns;
}

// sum + bias + residual, ReLU.  `column` counts over all groups.
__device__ __forceinline__ float finished(const GatherGemm& p, float sum, int offset, int column) {
  if (p.bias) sum += p.bias[column];
  if (p.residual) sum += p.residual[offset];
  return p.activation == Activation::relu && sum < 0.0f ? 0.0f : sum;  // fmaxf would lose NaN
}

// Four outputs side by side; `left`: columns of the group from here on.
template <int VECTOR>
__device__ __forceinline__ void store_finished(const GatherGemm& p, float* d, int offset, int column,
                                               int left, const float4& sums) {
  if constexpr (VECTOR == 4) {  // then groups have a multiple of four columns
    float4 y = sums;
    if (p.bias) {
      const float4 bias = *reinterpret_cast<const float4*>(p.bias + column);
      y.x += bias.x, y.y += bias.y, y.z += bias.z, y.w += bias.w;
    }
    if (p.residual) {
      const float4 residual = *reinterpret_cast<const float4*>(p.residual + offset);
      y.x += residual.x, y.y += residual.y, y.z += residual.z, y.w += residual.w;
    }
    if (p.activation == Activation::relu) {
      y.x = y.x < 0.0f ? 0.0f : y.x, y.y = y.y < 0.0f ? 0.0f : y.y;
      y.z = y.z < 0.0f ? 0.0f : y.z, y.w = y.w < 0.0f ? 0.0f : y.w;
    }
    *reinterpret_cast<float4*>(d + offset) = y;
  } else {
    const float of[4] = {sums.x, sums.y, sums.z, sums.w};
#pragma unroll
    for (int e = 0; e < 4; ++e)
      if (e < left) d[offset + e] = finished(p, of[e], offset + e, column + e);
  }
}

// hot: no spills
//
// A block makes Tile::rows pixels x Tile::columns channels of one phase, group and split.  grid.x: tiles, columns
// fastest, so that neighbours share A's rows in L2; grid.y: groups times splits; grid.z: phases.
template <class Tile, int VECTOR_A, int VECTOR_B>
__global__ void __launch_bounds__(Tile::threads, Tile::blocks_per_multiprocessor)
    gather_gemm(const __grid_constant__ GatherGemm p) {
  using Element = typename Tile::Element;
  constexpr int rows = Tile::rows, columns = Tile::columns, k = Tile::k, threads = Tile::threads;
  static_assert(Tile::staging_bytes <= pipeline_bytes<Tile>, "the tile leaves through the pipeline's memory");
  extern __shared__ __align__(128) float shared[];
  Element* const a = reinterpret_cast<Element*>(shared);  // [stages][rows][k]
  Element* const b = a + Tile::stages * rows * k;         // [stages][k][columns]
  Position* const origins = reinterpret_cast<Position*>(b + Tile::stages * k * columns);  // [rows]
  int* const targets = reinterpret_cast<int*>(origins);  // when no one needs origins any more

  const GatherPhase& phase = p.phases[blockIdx.z];
  const int across = tiles_across(p.columns, columns), group = blockIdx.y % p.groups;
  const int first_row = blockIdx.x / across * rows, first_column = blockIdx.x % across * columns;
  if (first_row >= phase.rows) return;  // phases differ by a row or column of pixels
  for (int i = threadIdx.x; i < rows; i += threads)
    origins[i] = gather_origin(p, phase, first_row + i, group);
  __syncthreads();

  const int begin = blockIdx.y / p.groups * phase.depth_of_split;
  const int end = min(phase.depth, begin + phase.depth_of_split);
  const int b_column = group * p.columns + first_column, columns_left = p.columns - first_column;
  const auto origin_of = loop_origins<Tile, VECTOR_A>(origins);
  Tile tile;
  run_tile<Tile, true>(tile, end - begin, a, b, [&](int from, int slot) {
    const int thread = loop_thread<Tile>(), first_k = begin + from;
    const GatherPhase& same = Tile::rereads ? p.phases[reread_block_z()] : phase;
    const int depth = Tile::rereads ? same.depth : end;
    gather_rows<Element, rows, k, threads, VECTOR_A>(p, same, origin_of, first_k, depth, a + slot * rows * k,
                                                     thread);
    matrix_rows<Element, columns, k, threads, VECTOR_B, Tile::swizzle>(p.b, p.d_channels, same.b_row,
                                                                       b_column, columns_left, first_k, depth,
                                                                       b + slot * k * columns, thread);
  });
  cp_async_wait<0>();
  __syncthreads();

  const int thread = reread_thread(), block = reread_block_x(), group_and_split = reread_block_y();
  const int first_n = block % across * columns, left = p.columns - first_n;
  const int column = group_and_split % p.groups * p.columns + first_n;
  float* const d = p.d + group_and_split / p.groups * p.split_stride;
  for (int i = thread; i < rows; i += threads)
    targets[i] = gather_target(p, p.phases[reread_block_z()], block / across * rows + i);
  __syncthreads();
  tile.template drain<true>(shared, thread, [&](int m, int n, const float4& sums) {
    if (targets[m] >= 0 && n < left)
      store_finished<VECTOR_B>(p, d, targets[m] + column + n, column + n, left - n, sums);
  });
  if (p.activation != Activation::sigmoid) return;
  __syncthreads();  // a second look: inlined above it would be code for every sum
  for (int i = thread; i < rows * columns; i += threads) {
    const int m = i / columns, n = i % columns;
    if (targets[m] < 0 || n >= left) continue;
    float* const y = d + targets[m] + column + n;
    *y = sigmoid(*y);
  }
}

// hot: no spills
//
// A block makes Tile::rows of (r, s, c) x Tile::columns channels of one group and split of the pixels.  grid as above.
template <class Tile, int VECTOR_A, int VECTOR_B>
__global__ void __launch_bounds__(Tile::threads, Tile::blocks_per_multiprocessor)
    filter_gemm(const __grid_constant__ FilterGemm p) {
  using Element = typename Tile::Element;
  constexpr int rows = Tile::rows, columns = Tile::columns, k = Tile::k, threads = Tile::threads;
  extern __shared__ __align__(128) float shared[];
  Element* const a = reinterpret_cast<Element*>(shared);  // [stages][k][rows]
  Element* const b = a + Tile::stages * rows * k;         // [stages][k][columns]

  const int across = tiles_across(p.columns, columns), group = blockIdx.y % p.groups;
  const int first_row = blockIdx.x / across * rows, first_column = blockIdx.x % across * columns;
  const int begin = blockIdx.y / p.groups * p.depth_of_split;
  const int end = min(p.depth, begin + p.depth_of_split);
  const int b_column = group * p.columns + first_column, columns_left = p.columns - first_column;
  const FilterTaps<Element, rows, k, threads, VECTOR_A> taps(p, first_row, group, threadIdx.x);
  const int depth = Tile::rereads ? p.depth : end;
  Tile tile;
  run_tile<Tile, false>(tile, end - begin, a, b, [&](int from, int slot) {
    const int thread = loop_thread<Tile>(), first_pixel = begin + from;
    gather_pixels<Element, rows, k, threads, VECTOR_A, Tile::swizzle>(p, taps, first_pixel, depth,
                                                                      a + slot * k * rows, thread);
    matrix_rows<Element, columns, k, threads, VECTOR_B, Tile::swizzle>(
        p.b, p.d_channels, 0, b_column, columns_left, first_pixel, depth, b + slot * k * columns, thread);
  });
  cp_async_wait<0>();
  __syncthreads();

  const int thread = reread_thread(), block = reread_block_x(), group_and_split = reread_block_y();
  const int first_m = block / across * rows, first_n = block % across * columns;
  float* const d = p.d + group_and_split / p.groups * p.split_stride + group_and_split % p.groups * p.columns;
  tile.template drain<false>(shared, thread, [&](int m, int n, const float4& sums) {
    const int row = first_m + m, column = first_n + n;
    if (row >= p.rows || column >= p.columns) return;
    float* const out = d + row * p.d_channels + column;
    if constexpr (VECTOR_B == 4) {
      *reinterpret_cast<float4*>(out) = sums;
    } else {
      const float of[4] = {sums.x, sums.y, sums.z, sums.w};
#pragma unroll
      for (int e = 0; e < 4; ++e)
        if (column + e < p.columns) out[e] = of[e];
    }
  });
}

}  // namespace fastconv
