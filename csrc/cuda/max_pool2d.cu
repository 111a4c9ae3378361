// max_pool2d: y (n,p,q,c) = the largest value of each window of x (n,h,w,c), and argmax, its number in the window.
// The window's pixels are walked in order (r, then s): the first of equal maxima stays, and the first NaN.
//
// quads:   windows of 2x2 at stride 2 without padding; a thread takes 4 channels of a window, 4 loads in flight.
// windows: any window, stride and padding; a thread takes 4 channels of a window, or 1 where they are no multiple.
#include "primitives/max_pool2d.h"

#include "cuda/elementwise.cuh"
#include "cuda/quads.h"

namespace fastconv {
namespace {

struct Shape {
  int h, w, row;                // of x; row: elements of one of its rows
  FastDiv channel_packs, q, p;  // of y
};

// Where a thread's window lies: pack of channels, then q, p, n from the fastest to the slowest.
struct Place {
  int n, p, q, channel;
};

template <int width>
__device__ __forceinline__ Place place_of(const Shape& shape, uint32_t thread) {
  const uint32_t window = shape.channel_packs.divide(thread), line = shape.q.divide(window),
                 n = shape.p.divide(line);
  return {static_cast<int>(n), static_cast<int>(line - n * shape.p.divisor),
          static_cast<int>(window - line * shape.q.divisor),
          static_cast<int>(thread - window * shape.channel_packs.divisor) * width};
}

template <int width>
struct Best {
  Pack<float, width> value;
  int tap[width];

  __device__ void start(const Pack<float, width>& first, int first_tap) {
    value = first;
#pragma unroll
    for (int& each : tap) each = first_tap;
  }
  // A NaN is a maximum, and nothing beats it.
  __device__ void meet(const Pack<float, width>& next, int next_tap) {
#pragma unroll
    for (int i = 0; i < width; ++i) {
      const float best = value.lanes[i];
      if (best == best && !(next.lanes[i] <= best)) value.lanes[i] = next.lanes[i], tap[i] = next_tap;
    }
  }
  __device__ void store(float* y, uint8_t* argmax) const {
    Pack<uint8_t, width> taps;
#pragma unroll
    for (int i = 0; i < width; ++i) taps.lanes[i] = static_cast<uint8_t>(tap[i]);
    store_pack(y, value);
    store_pack(argmax, taps);
  }
};

__global__ void __launch_bounds__(map_threads)
    pool_quads(Shape shape, uint32_t count, const float* x, float* y, uint8_t* argmax) {
  const uint32_t thread = blockIdx.x * map_threads + threadIdx.x;
  if (thread >= count) return;
  const Place at = place_of<4>(shape, thread);
  const int channels = static_cast<int>(shape.channel_packs.divisor) * 4;
  const float* upper = x + ((at.n * shape.h + at.p * 2) * shape.row + at.q * 2 * channels + at.channel);
  const float* lower = upper + shape.row;
  const auto first = load_pack<4>(upper), second = load_pack<4>(upper + channels);
  const auto third = load_pack<4>(lower), fourth = load_pack<4>(lower + channels);
  Best<4> best;
  best.start(first, 0);
  best.meet(second, 1);
  best.meet(third, 2);
  best.meet(fourth, 3);
  best.store(y + thread * 4, argmax + thread * 4);
}

struct Window {
  int h, w, stride_h, stride_w, pad_top, pad_left;
};

template <int width>
__global__ void __launch_bounds__(map_threads, 6)  // at most 40 registers
    pool_windows(Shape shape, Window window, uint32_t count, const float* x, float* y, uint8_t* argmax) {
  const uint32_t thread = blockIdx.x * map_threads + threadIdx.x;
  if (thread >= count) return;
  const Place at = place_of<width>(shape, thread);
  const int channels = static_cast<int>(shape.channel_packs.divisor) * width;
  const int top = at.p * window.stride_h - window.pad_top, left = at.q * window.stride_w - window.pad_left;
  const int r_begin = max(0, -top), r_end = min(window.h, shape.h - top);
  const int s_begin = max(0, -left), s_end = min(window.w, shape.w - left);
  Best<width> best;
  for (int r = r_begin; r < r_end; ++r) {
    const float* line = x + ((at.n * shape.h + top + r) * shape.row + left * channels + at.channel);
    for (int s = s_begin; s < s_end; ++s) {
      const auto next = load_pack<width>(line + s * channels);
      const int tap = r * window.w + s;
      r == r_begin&& s == s_begin ? best.start(next, tap) : best.meet(next, tap);
    }
  }
  best.store(y + thread * width, argmax + thread * width);
}

Refusal supports(const MaxPool2d& a, const Signature& step) {
  if (Refusal refusal = needs_float32(step.inputs, 1, "input")) return refusal;
  if (a.window_h * a.window_w > 255)
    return "windows of " + std::to_string(a.window_h * a.window_w) + " pixels; this one numbers at most 255";
  return needs_31_bits(step);
}

Refusal quads_supports(const MaxPool2d& a, const Signature& step) {
  if (Refusal refusal = refuse_other_than_quads(a, step.inputs[0].dims[3])) return refusal;
  return supports(a, step);
}

// A pixel is loaded once for each window over it, but for the first from the caches.
double windows_cost(const MaxPool2d& a, const Signature& step) {
  const double taps = static_cast<double>(a.window_h * a.window_w);
  return bandwidth_cost(a, step) + taps * static_cast<double>(byte_count(step.outputs[0])) * 0.3e-12;
}

Shape shape_of(const Call& call, int width) {
  const int64_t *x = call.inputs[0].desc.dims, *y = call.outputs[0].desc.dims;
  return {static_cast<int>(x[1]),
          static_cast<int>(x[2]),
          static_cast<int>(x[2] * x[3]),
          FastDiv(static_cast<uint32_t>(y[3] / width)),
          FastDiv(static_cast<uint32_t>(y[2])),
          FastDiv(static_cast<uint32_t>(y[1]))};
}

void quads(const MaxPool2d&, const Call& call) {
  const int64_t count = element_count(call.outputs[0].desc) / 4;
  if (count == 0) return;
  launch(pool_quads, blocks_for(count, map_threads), map_threads, 0, stream_of(call), shape_of(call, 4),
         static_cast<uint32_t>(count), input<float>(call, 0), output<float>(call, 0),
         output<uint8_t>(call, 1));
}

template <int width>
void windows_of(const MaxPool2d& a, const Call& call) {
  const int64_t count = element_count(call.outputs[0].desc) / width;
  if (count == 0) return;
  const auto whole = [](int64_t number) { return static_cast<int>(number); };
  const Window window{whole(a.window_h), whole(a.window_w), whole(a.stride_h),
                      whole(a.stride_w), whole(a.pad_top),  whole(a.pad_left)};
  launch(pool_windows<width>, blocks_for(count, map_threads), map_threads, 0, stream_of(call),
         shape_of(call, width), window, static_cast<uint32_t>(count), input<float>(call, 0),
         output<float>(call, 0), output<uint8_t>(call, 1));
}

void windows(const MaxPool2d& a, const Call& call) {
  call.outputs[0].desc.dims[3] % 4 ? windows_of<1>(a, call) : windows_of<4>(a, call);
}

const Register<MaxPool2d> on_cuda{
    "cuda",
    {{"quads", quads_supports, no_workspace, bandwidth_cost, quads, batch_invariant},
     {"windows", supports, no_workspace, windows_cost, windows, batch_invariant}}};

}  // namespace
}  // namespace fastconv
