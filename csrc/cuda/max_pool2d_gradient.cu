// max_pool2d_gradient: dx (n,h,w,c) gathers, for each pixel, dy of the windows over it whose argmax names it; no atomics.
// With relu a window counts only where its y > 0 (or is NaN).
//
// quads:  windows of 2x2 at stride 2 without padding; a thread takes 4 channels of a window and writes its 4 pixels.
//         Pixels of an odd last row or column are those of a window that does not exist, and become 0.
// gather: any window, stride and padding; a thread takes 4 channels of a pixel of dx, or 1 where they are no multiple,
//         and adds over the windows in the order of p, then q.
#include "primitives/max_pool2d.h"

#include "cuda/elementwise.cuh"
#include "cuda/quads.h"

namespace fastconv {
namespace {

struct Operands {
  const float* dy;
  const uint8_t* argmax;
  const float* y;  // null without relu
  float* dx;
};

struct Shape {
  int p, q, h, w;
  FastDiv channel_packs, columns, rows;  // what the threads are numbered by, from the fastest to the slowest
};

struct Place {
  int n, row, column, channel;
};

template <int width>
__device__ __forceinline__ Place place_of(const Shape& shape, uint32_t thread) {
  const uint32_t pixel = shape.channel_packs.divide(thread), line = shape.columns.divide(pixel),
                 n = shape.rows.divide(line);
  return {static_cast<int>(n), static_cast<int>(line - n * shape.rows.divisor),
          static_cast<int>(pixel - line * shape.columns.divisor),
          static_cast<int>(thread - pixel * shape.channel_packs.divisor) * width};
}

// dy of a window where it passes, else 0, and the pixel that takes it.
template <int width>
struct Gradient {
  Pack<float, width> value = {};
  Pack<uint8_t, width> tap = {};

  __device__ void load(const Operands& operands, int at) {
    value = load_pack<width>(operands.dy + at), tap = load_pack<width>(operands.argmax + at);
    if (!operands.y) return;
    const auto y = load_pack<width>(operands.y + at);
#pragma unroll
    for (int i = 0; i < width; ++i)
      if (y.lanes[i] <= 0.0f) value.lanes[i] = 0.0f;
  }
  __device__ Pack<float, width> of(int wanted) const {
    Pack<float, width> result;
#pragma unroll
    for (int i = 0; i < width; ++i) result.lanes[i] = tap.lanes[i] == wanted ? value.lanes[i] : 0.0f;
    return result;
  }
};

__global__ void __launch_bounds__(map_threads)
    gradient_quads(Shape shape, uint32_t count, Operands operands) {
  const uint32_t thread = blockIdx.x * map_threads + threadIdx.x;
  if (thread >= count) return;
  const Place at = place_of<4>(shape, thread);
  const int channels = static_cast<int>(shape.channel_packs.divisor) * 4;
  Gradient<4> gradient;
  if (at.row < shape.p && at.column < shape.q)
    gradient.load(operands, ((at.n * shape.p + at.row) * shape.q + at.column) * channels + at.channel);
  const int row = at.row * 2, column = at.column * 2;
  float* upper = operands.dx + (((at.n * shape.h + row) * shape.w + column) * channels + at.channel);
  float* lower = upper + shape.w * channels;
  const bool right = column + 1 < shape.w, below = row + 1 < shape.h;
  store_pack(upper, gradient.of(0));
  if (right) store_pack(upper + channels, gradient.of(1));
  if (below) store_pack(lower, gradient.of(2));
  if (right && below) store_pack(lower + channels, gradient.of(3));
}

struct Window {
  int h, w, pad_top, pad_left;
  FastDiv stride_h, stride_w;
};

struct Range {
  int begin, end;
};

// The windows of `count` that cover padded position `at`.
__device__ __forceinline__ Range covering(int at, int window, const FastDiv& stride, int count) {
  const auto windows_up_to = [&](int place) {
    return static_cast<int>(stride.divide(static_cast<uint32_t>(place))) + 1;
  };
  return {at < window ? 0 : windows_up_to(at - window), min(windows_up_to(at), count)};
}

template <int width>
__global__ void __launch_bounds__(map_threads)
    gradient_gather(Shape shape, Window window, uint32_t count, Operands operands) {
  const uint32_t thread = blockIdx.x * map_threads + threadIdx.x;
  if (thread >= count) return;
  const Place at = place_of<width>(shape, thread);
  const int channels = static_cast<int>(shape.channel_packs.divisor) * width;
  const int h = at.row + window.pad_top, w = at.column + window.pad_left;
  const Range rows = covering(h, window.h, window.stride_h, shape.p);
  const Range columns = covering(w, window.w, window.stride_w, shape.q);
  const int stride_h = static_cast<int>(window.stride_h.divisor),
            stride_w = static_cast<int>(window.stride_w.divisor);
  Pack<float, width> sum = {};
  for (int p = rows.begin; p < rows.end; ++p)
#pragma unroll 1  // rarely more than two windows: unrolled, it only takes registers
    for (int q = columns.begin; q < columns.end; ++q) {
      Gradient<width> gradient;
      gradient.load(operands, ((at.n * shape.p + p) * shape.q + q) * channels + at.channel);
      const int tap = (h - p * stride_h) * window.w + w - q * stride_w;
      const auto taken = gradient.of(tap);
#pragma unroll
      for (int i = 0; i < width; ++i) sum.lanes[i] += taken.lanes[i];
    }
  store_pack(operands.dx + thread * width, sum);
}

Refusal supports(const MaxPool2dGradient&, const Signature& step) {
  if (Refusal refusal = needs_float32(step.inputs, 1, "input")) return refusal;
  return needs_31_bits(step);
}

Refusal quads_supports(const MaxPool2dGradient& a, const Signature& step) {
  if (Refusal refusal = refuse_other_than_quads(a, step.inputs[0].dims[3])) return refusal;
  return supports(a, step);
}

// dy and argmax are loaded once for each pixel of a window.
double gather_cost(const MaxPool2dGradient& a, const Signature& step) {
  const double windows =
      static_cast<double>(a.window_h * a.window_w) / static_cast<double>(a.stride_h * a.stride_w);
  return bandwidth_cost(a, step) + windows * static_cast<double>(byte_count(step.outputs[0])) * 0.3e-12;
}

Operands operands_of(const MaxPool2dGradient& a, const Call& call) {
  return {input<float>(call, 0), input<uint8_t>(call, 1), a.relu ? input<float>(call, 2) : nullptr,
          output<float>(call, 0)};
}

Shape shape_of(const Call& call, int width, int64_t rows, int64_t columns) {
  const int64_t *dy = call.inputs[0].desc.dims, *dx = call.outputs[0].desc.dims;
  return {static_cast<int>(dy[1]),
          static_cast<int>(dy[2]),
          static_cast<int>(dx[1]),
          static_cast<int>(dx[2]),
          FastDiv(static_cast<uint32_t>(dx[3] / width)),
          FastDiv(static_cast<uint32_t>(columns)),
          FastDiv(static_cast<uint32_t>(rows))};
}

void quads(const MaxPool2dGradient& a, const Call& call) {
  const int64_t* dx = call.outputs[0].desc.dims;
  const int64_t rows = (dx[1] + 1) / 2, columns = (dx[2] + 1) / 2,
                count = dx[0] * rows * columns * (dx[3] / 4);
  if (count == 0) return;
  launch(gradient_quads, blocks_for(count, map_threads), map_threads, 0, stream_of(call),
         shape_of(call, 4, rows, columns), static_cast<uint32_t>(count), operands_of(a, call));
}

template <int width>
void gather_by(const MaxPool2dGradient& a, const Call& call) {
  const int64_t* dx = call.outputs[0].desc.dims;
  const int64_t count = element_count(call.outputs[0].desc) / width;
  if (count == 0) return;
  const auto whole = [](int64_t number) { return static_cast<int>(number); };
  const Window window{whole(a.window_h),
                      whole(a.window_w),
                      whole(a.pad_top),
                      whole(a.pad_left),
                      FastDiv(static_cast<uint32_t>(a.stride_h)),
                      FastDiv(static_cast<uint32_t>(a.stride_w))};
  launch(gradient_gather<width>, blocks_for(count, map_threads), map_threads, 0, stream_of(call),
         shape_of(call, width, dx[1], dx[2]), window, static_cast<uint32_t>(count), operands_of(a, call));
}

void gather(const MaxPool2dGradient& a, const Call& call) {
  call.outputs[0].desc.dims[3] % 4 ? gather_by<1>(a, call) : gather_by<4>(a, call);
}

const Register<MaxPool2dGradient> on_cuda{
    "cuda",
    {{"quads", quads_supports, no_workspace, bandwidth_cost, quads, batch_invariant},
     {"gather", supports, no_workspace, gather_cost, gather, batch_invariant}}};

}  // namespace
}  // namespace fastconv
