// transpose: axis i of y is axis axes[i] of x; elements are moved as words of their size.  Axes that stay neighbours are
// joined first.
//
// tiles: the innermost axis of x and that of y differ.  A block moves a tile of 32 x 32 of these two through shared
// memory, so that both sides are read and written along their own innermost axis:
//
//        y's innermost axis v                 shared memory, 33 words a row: a column
//       +--------------------+                of it touches 32 different banks
//   u   | x read along u     |  y written
//       +--------------------+  along v       u is x's innermost axis
//
// strided: anything; y is written in order, x read with the strides of the axes' new order.
#include "primitives/transpose.h"

#include "cuda/broadcast.cuh"

namespace fastconv {
namespace {

constexpr int tile = 32, tile_rows = 8, tile_threads = tile * tile_rows, others = max_rank - 2;

// y's axes in their order, with x's strides (input 0) and y's own (input 1).
Joined joined_axes(const Transpose& attributes, const TensorDesc& x, const TensorDesc& y) {
  int64_t strides[max_rank], along = 1;
  for (int axis = x.rank - 1; axis >= 0; --axis) strides[axis] = along, along *= x.dims[axis];
  Axis axes[max_rank] = {};
  along = 1;
  for (int axis = y.rank - 1; axis >= 0; --axis) {
    axes[axis] = {y.dims[axis], {strides[attributes.axes.values[axis]], along}};
    along *= y.dims[axis];
  }
  return joined(y, axes);
}

struct Tiling {
  uint32_t u_size, v_size, x_stride_of_v, y_stride_of_u;
  FastDiv u_tiles, v_tiles, sizes[others];  // all other axes, the innermost first
  uint32_t x_strides[others], y_strides[others];
  int count;
};

template <class Word>
__global__ void __launch_bounds__(tile_threads) move_tiles(Tiling tiling, const Word* x, Word* y) {
  __shared__ Word words[tile][tile + 1];  // (v,u)
  const uint32_t rest = tiling.v_tiles.divide(blockIdx.x), lane = threadIdx.x % tile,
                 row = threadIdx.x / tile;
  uint32_t other = tiling.u_tiles.divide(rest);
  const uint32_t v_begin = (blockIdx.x - rest * tiling.v_tiles.divisor) * tile;
  const uint32_t u_begin = (rest - other * tiling.u_tiles.divisor) * tile;
#pragma unroll
  for (int axis = 0; axis < others; ++axis)
    if (axis < tiling.count) {
      const uint32_t next = tiling.sizes[axis].divide(other),
                     position = other - next * tiling.sizes[axis].divisor;
      x += position * tiling.x_strides[axis], y += position * tiling.y_strides[axis];
      other = next;
    }
  for (uint32_t i = row; i < tile; i += tile_rows)
    if (v_begin + i < tiling.v_size && u_begin + lane < tiling.u_size)
      words[i][lane] = x[(v_begin + i) * tiling.x_stride_of_v + u_begin + lane];
  __syncthreads();
  for (uint32_t i = row; i < tile; i += tile_rows)
    if (u_begin + i < tiling.u_size && v_begin + lane < tiling.v_size)
      y[(u_begin + i) * tiling.y_stride_of_u + v_begin + lane] = words[lane][i];
}

// The axis of y that is x's innermost one; below 0 where there is none.
int innermost_of_x(const Joined& axes) {
  for (int i = 0; i < axes.count; ++i)
    if (axes.axes[i].strides[0] == 1) return i;
  return -1;
}

Refusal tiles_supports(const Transpose& attributes, const Signature& step) {
  const Joined axes = joined_axes(attributes, step.inputs[0], step.outputs[0]);
  const int u = innermost_of_x(axes), v = axes.count - 1;
  if (u < 0 || u == v) return std::string("the innermost axis stays; this one needs it to move");
  if (axes.axes[u].size < tile / 2 || axes.axes[v].size < tile / 2)
    return "innermost axes of " + std::to_string(axes.axes[u].size) + " and " +
           std::to_string(axes.axes[v].size) + " elements; this one needs " + std::to_string(tile / 2);
  return needs_31_bits(step);
}

void tiles(const Transpose& attributes, const Call& call) {
  if (element_count(call.outputs[0].desc) == 0) return;
  const Joined axes = joined_axes(attributes, call.inputs[0].desc, call.outputs[0].desc);
  const int u = innermost_of_x(axes), v = axes.count - 1;
  const auto whole = [](int64_t number) { return static_cast<uint32_t>(number); };
  Tiling tiling{};
  tiling.u_size = whole(axes.axes[u].size), tiling.v_size = whole(axes.axes[v].size);
  tiling.y_stride_of_u = whole(axes.axes[u].strides[1]);
  tiling.x_stride_of_v = whole(axes.axes[v].strides[0]);
  tiling.u_tiles = FastDiv(blocks_for(tiling.u_size, tile));
  tiling.v_tiles = FastDiv(blocks_for(tiling.v_size, tile));
  uint32_t blocks = tiling.u_tiles.divisor * tiling.v_tiles.divisor;
  for (int i = v - 1; i >= 0; --i) {
    if (i == u) continue;
    tiling.sizes[tiling.count] = FastDiv(whole(axes.axes[i].size));
    tiling.x_strides[tiling.count] = whole(axes.axes[i].strides[0]);
    tiling.y_strides[tiling.count++] = whole(axes.axes[i].strides[1]);
    blocks *= whole(axes.axes[i].size);
  }
  with_word_type(call.outputs[0].desc.dtype, [&](auto word) {
    using Word = decltype(word);
    launch(move_tiles<Word>, blocks, tile_threads, 0, stream_of(call), tiling, input<Word>(call, 0),
           output<Word>(call, 0));
  });
}

Refusal supports(const Transpose&, const Signature& step) { return needs_31_bits(step); }

// Neighbours of y lie far apart in x: each element is a sector of its own.
double strided_cost(const Transpose& attributes, const Signature& step) {
  return 4 * bandwidth_cost(attributes, step);
}

void strided(const Transpose& attributes, const Call& call) {
  const Joined axes = joined_axes(attributes, call.inputs[0].desc, call.outputs[0].desc);
  with_word_type(call.outputs[0].desc.dtype, [&](auto word) {
    using Word = decltype(word);
    map_strided(call, Same{}, axes, output<Word>(call, 0),
                Strided<Word>{input<Word>(call, 0), steps_of(axes, 0, false)});
  });
}

const Register<Transpose> on_cuda{"cuda",
                                  {{"tiles", tiles_supports, no_workspace, bandwidth_cost, tiles},
                                   {"strided", supports, no_workspace, strided_cost, strided}}};

}  // namespace
}  // namespace fastconv
