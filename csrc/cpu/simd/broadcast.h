// y = operation(a, b) with NumPy's broadcasting, for dense operands of one dtype.
//
// Neighbouring axes on which both operands move alike are joined first; what is left is a loop over rows whose
// innermost axis is read with stride 1 or 0: same shapes and scalars become one row, a bias rows of its length.
#pragma once
#include "cpu/simd/elementwise.h"
#include "cpu/simd/vector.h"

// The loop's elements are independent, also where y is a's or b's own memory (same index).
#if defined(__clang__)
#define FASTCONV_INDEPENDENT FASTCONV_PRAGMA(clang loop vectorize(assume_safety))
#else
#define FASTCONV_INDEPENDENT FASTCONV_PRAGMA(GCC ivdep)
#endif

namespace fastconv {
namespace FASTCONV_SIMD {

struct BroadcastAxis {
  int64_t size;
  bool a_moves, b_moves;
};

struct BroadcastLoops {
  int count;  // at least 1; the last is the row
  BroadcastAxis axes[max_rank];
};

FASTCONV_INLINE int64_t size_of_axis(const TensorDesc& desc, int axis_from_end) {
  return axis_from_end < desc.rank ? desc.dims[desc.rank - 1 - axis_from_end] : 1;
}

FASTCONV_INLINE BroadcastLoops broadcast_loops(const TensorDesc& a, const TensorDesc& b,
                                               const TensorDesc& y) {
  BroadcastLoops loops{0, {}};
  for (int axis = 0; axis < y.rank; ++axis) {
    const int from_end = y.rank - 1 - axis;
    if (y.dims[axis] == 1) continue;
    const BroadcastAxis next{y.dims[axis], size_of_axis(a, from_end) != 1, size_of_axis(b, from_end) != 1};
    BroadcastAxis* const last = loops.axes + loops.count - 1;
    if (loops.count > 0 && last->a_moves == next.a_moves && last->b_moves == next.b_moves)
      last->size *= next.size;
    else
      loops.axes[loops.count++] = next;
  }
  if (loops.count == 0) loops.axes[loops.count++] = {1, true, true};
  return loops;
}

template <class In, class Out, class Operation>
FASTCONV_INLINE void broadcast_row(const In* a, const In* b, Out* y, int64_t count, const BroadcastAxis& row,
                                   const Operation& operation) {
  if (row.a_moves && row.b_moves) {
    FASTCONV_INDEPENDENT for (int64_t i = 0; i < count; ++i) y[i] = operation(a[i], b[i]);
  } else if (row.a_moves) {
    const In other = *b;
    FASTCONV_INDEPENDENT for (int64_t i = 0; i < count; ++i) y[i] = operation(a[i], other);
  } else {
    const In other = *a;
    FASTCONV_INDEPENDENT for (int64_t i = 0; i < count; ++i) y[i] = operation(other, b[i]);
  }
}

// Offsets of a row in a and b, from its number.
FASTCONV_INLINE void broadcast_offsets(const BroadcastLoops& loops, int64_t row, int64_t* a, int64_t* b) {
  const BroadcastAxis& inner = loops.axes[loops.count - 1];
  int64_t a_stride = inner.a_moves ? inner.size : 1, b_stride = inner.b_moves ? inner.size : 1;
  *a = *b = 0;
  for (int axis = loops.count - 2; axis >= 0; --axis) {
    const BroadcastAxis& loop = loops.axes[axis];
    const int64_t index = row % loop.size;
    row /= loop.size;
    if (loop.a_moves) *a += index * a_stride, a_stride *= loop.size;
    if (loop.b_moves) *b += index * b_stride, b_stride *= loop.size;
  }
}

constexpr int64_t longest_repeated = 64, repeat_elements = 1024;

// One operand is a short row, the other many of them: a bias over few channels.  Repeats of the short one, side
// by side, make long rows out of short ones.
template <bool a_repeats, class In, class Out, class Operation>
FASTCONV_INLINE void broadcast_repeated(const In* whole, const In* shorter, Out* y, int64_t count,
                                        int64_t period, const Operation& operation) {
  In repeated[repeat_elements];
  const int64_t length = repeat_elements / period * period;
  for (int64_t i = 0; i < length; ++i) repeated[i] = shorter[i % period];
  const In* const rows = repeated;
  const int64_t runs = (count + length - 1) / length, runs_a_task = elementwise_block / length;
  parallel((runs + runs_a_task - 1) / runs_a_task, [=](int64_t task, int) {
    const int64_t last = (task + 1) * runs_a_task < runs ? (task + 1) * runs_a_task : runs;
    for (int64_t begin = task * runs_a_task * length; begin < last * length && begin < count;
         begin += length) {
      const int64_t run = begin + length < count ? length : count - begin;
      broadcast_row(a_repeats ? rows : whole + begin, a_repeats ? whole + begin : rows, y + begin, run,
                    BroadcastAxis{run, true, true}, operation);
    }
  });
}

template <class In, class Out, class Operation>
void broadcast_call(const Call& call, const Operation& operation) {
  const In* const a = static_cast<const In*>(call.inputs[0].data);
  const In* const b = static_cast<const In*>(call.inputs[1].data);
  Out* const y = static_cast<Out*>(call.outputs[0].data);
  const int64_t count = count_of(call.outputs[0].desc);
  if (count == 0) return;
  const BroadcastLoops loops =
      broadcast_loops(call.inputs[0].desc, call.inputs[1].desc, call.outputs[0].desc);
  const BroadcastAxis& row = loops.axes[loops.count - 1];
  if (loops.count == 2 && row.size <= longest_repeated && row.a_moves && row.b_moves) {
    if (loops.axes[0].a_moves) return broadcast_repeated<false>(a, b, y, count, row.size, operation);
    return broadcast_repeated<true>(b, a, y, count, row.size, operation);
  }
  const int64_t rows = count / row.size;
  if (rows == 1) {
    return elementwise(count, [=](int64_t begin, int64_t end) {
      broadcast_row(row.a_moves ? a + begin : a, row.b_moves ? b + begin : b, y + begin, end - begin, row,
                    operation);
    });
  }
  const int64_t rows_a_task = row.size < elementwise_block ? elementwise_block / row.size : 1;
  parallel((rows + rows_a_task - 1) / rows_a_task, [=](int64_t task, int) {
    const int64_t last = (task + 1) * rows_a_task < rows ? (task + 1) * rows_a_task : rows;
    for (int64_t r = task * rows_a_task; r < last; ++r) {
      int64_t a_offset, b_offset;
      broadcast_offsets(loops, r, &a_offset, &b_offset);
      broadcast_row(a + a_offset, b + b_offset, y + r * row.size, row.size, row, operation);
    }
  });
}

}  // namespace FASTCONV_SIMD
}  // namespace fastconv
