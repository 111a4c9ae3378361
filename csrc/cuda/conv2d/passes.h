// The three passes of a convolution as gathering matrix products (cuda/gemm/problem.h), and what the rows of
// implicit_gemm in their lists share.
//
//   pass             rows M                    columns N   sum over K       A               B
//   forward          pixels of y               k           r, s, c          x               filter, as it is: (r,s,c) x k
//   input gradient   pixels of dx of a residue c           taps, k          dy, stride 1    filter turned to (tap,k) x c
//   filter gradient  r, s, c                   k           pixels of y      x               dy as it is
//
// Input gradient: with h + pad = residue + stride * i only taps with r * dilation = residue (mod stride) reach row h,
// from row i + (residue - r * dilation) / stride of dy.  Those r are apart by stride / gcd(stride, dilation), so that
// every residue is a convolution of stride 1 over dy with few taps of its own: no product is wasted, every dx is written
// once.  A residue without taps writes zeros by a sum over nothing.
#pragma once
#include <numeric>
#include <string>
#include <vector>

#include "primitives/conv2d_shape.h"

#include "cuda/gemm/problem.h"

namespace fastconv {

// Factors as they are, or rounded: what the two rows of a list differ in.
struct ExactFactors {
  static constexpr Units units = Units::fma;
  static constexpr double products_per_s = float32_products_per_s;
  static void run(const GatherGemm& problem, cudaStream_t stream) { run_gather_float32(problem, stream); }
  static void run(const FilterGemm& problem, cudaStream_t stream) { run_filter_float32(problem, stream); }
};
struct Tf32Factors {
  static constexpr Units units = Units::tensor_cores;
  static constexpr double products_per_s = tf32_products_per_s;
  static void run(const GatherGemm& problem, cudaStream_t stream) { run_gather_tf32(problem, stream); }
  static void run(const FilterGemm& problem, cudaStream_t stream) { run_filter_tf32(problem, stream); }
};

namespace {

// Splits of a sum that a picture's bits depend on are chosen for so many pictures, not for those that come.
constexpr int64_t nominal_images = 16;

// Origins of pixels are packed in 16 bits; grids have 65535 rows.
inline Refusal refuse_large_geometry(const ConvShape& z) {
  const auto refuse = [](const char* what, int64_t came, int64_t most) -> Refusal {
    return std::string(what) + " of " + std::to_string(came) + "; this one takes up to " +
           std::to_string(most);
  };
  const int64_t reach_h = z.h + z.pad_top + z.pad_bottom + (z.r - 1) * z.dilation_h;
  const int64_t reach_w = z.w + z.pad_left + z.pad_right + (z.s - 1) * z.dilation_w;
  const int64_t side = larger(larger(reach_h, reach_w), larger(z.stride_h, z.stride_w));
  if (side > 16000) return refuse("a side", side, 16000);
  if (z.groups > 1000) return refuse("a number of groups", z.groups, 1000);
  if (z.r * z.s > 60000) return refuse("a filter", z.r * z.s, 60000);
  return std::nullopt;
}

inline int as_int(int64_t size) { return static_cast<int>(size); }  // tensors have fewer than 2^31 elements
inline FastDiv divisor_of(int64_t size) { return FastDiv(static_cast<uint32_t>(larger<int64_t>(size, 1))); }

// Of a pixel in an image of A.
inline Position position_of(int64_t row, int64_t column, int64_t width, int64_t channels) {
  return {static_cast<uint32_t>((row * width + column) * channels), place_of(row, column)};
}
inline Position channels_of(int64_t count) { return {static_cast<uint32_t>(count), 0}; }
// From behind the last of `columns` steps to the beginning of the next row of steps.
inline Position row_behind(const Position& row_step, int64_t columns, const Position& step) {
  return row_step - static_cast<uint32_t>(columns) * step;
}

inline int depth_of_split(int64_t depth, int splits) {
  return as_int(ceil_div(ceil_div(depth, gemm_split_k), splits) * gemm_split_k);
}
inline void split_phases(GatherGemm& problem, int splits) {
  problem.splits = splits;
  for (int i = 0; i < problem.phase_count; ++i) {
    problem.phases[i].depth_of_split = depth_of_split(problem.phases[i].depth, splits);
  }
}

inline GatherGemm forward_problem(const ConvShape& z, double products_per_s,
                                  int64_t images = nominal_images) {
  GatherGemm g{};
  g.columns = as_int(z.group_k()), g.groups = as_int(z.groups);
  g.a_height = as_int(z.h), g.a_width = as_int(z.w), g.a_channels = as_int(z.c);
  g.a_stride_h = as_int(z.stride_h), g.a_stride_w = as_int(z.stride_w);
  g.a_limits = place_of(z.h - 1, z.w - 1);
  const Position step_h = position_of(z.dilation_h, 0, z.w, z.c);
  const Position step_w = position_of(0, z.dilation_w, z.w, z.c);
  g.next_tap = step_w - channels_of(z.group_c());
  g.d_height = as_int(z.p), g.d_width = as_int(z.q), g.d_channels = as_int(z.k);
  g.d_stride_h = g.d_stride_w = 1;
  g.group_channels = divisor_of(z.group_c());
  g.phase_count = 1;
  GatherPhase& all = g.phases[0];
  all.rows = as_int(z.pixels()), all.depth = as_int(z.r * z.s * z.group_c());
  all.pixels = as_int(z.p * z.q), all.columns = as_int(z.q);
  all.a_row = as_int(-z.pad_top), all.a_column = as_int(-z.pad_left);
  all.tap_columns = divisor_of(z.s), all.next_tap_row = row_behind(step_h, z.s, step_w);
  const double rows = static_cast<double>(images * z.p * z.q);
  split_phases(g, choose_splits(rows, g.columns, g.groups, all.depth, 256, products_per_s));
  return g;
}

// One axis of a residue of the strides.
struct Residue {
  int64_t first, count;  // pixels first, first + stride, ... of dx
  int64_t origin;        // the first of them begins at this row of dy
  int64_t tap, filter;   // its first tap: at which row of dy from there, and which of the filter
  int64_t taps;

  Residue(int64_t residue, int64_t pad, int64_t stride, int64_t dilation, int64_t size, int64_t filter_size) {
    origin = larger<int64_t>(0, ceil_div(pad - residue, stride));
    first = residue + stride * origin - pad;
    count = first < size ? (size - 1 - first) / stride + 1 : 0;
    filter = 0;
    while (filter < filter_size && (residue - filter * dilation) % stride) ++filter;
    tap = (residue - filter * dilation) / stride;
    taps = filter < filter_size ? (filter_size - 1 - filter) / filter_step(stride, dilation) + 1 : 0;
  }
  static int64_t filter_step(int64_t stride, int64_t dilation) { return stride / std::gcd(stride, dilation); }
};

// In launches of up to `most_phases` residues; all of the same splits.
inline std::vector<GatherGemm> input_gradient_problems(const ConvShape& z, double products_per_s,
                                                       int64_t images = nominal_images) {
  GatherGemm g{};
  g.columns = as_int(z.group_c()), g.groups = as_int(z.groups);
  g.a_height = as_int(z.p), g.a_width = as_int(z.q), g.a_channels = as_int(z.k);
  g.a_stride_h = g.a_stride_w = 1;
  g.filter_step_h = as_int(Residue::filter_step(z.stride_h, z.dilation_h));
  g.filter_step_w = as_int(Residue::filter_step(z.stride_w, z.dilation_w));
  const Position step_h = position_of(-g.filter_step_h * z.dilation_h / z.stride_h, 0, z.q, z.k);
  const Position step_w = position_of(0, -g.filter_step_w * z.dilation_w / z.stride_w, z.q, z.k);
  g.a_limits = place_of(z.p - 1, z.q - 1), g.next_tap = step_w - channels_of(z.group_k());
  g.d_height = as_int(z.h), g.d_width = as_int(z.w), g.d_channels = as_int(z.c);
  g.d_stride_h = as_int(z.stride_h), g.d_stride_w = as_int(z.stride_w);
  g.group_channels = divisor_of(z.group_k());

  std::vector<GatherGemm> problems;
  int64_t b_row = 0, most_depth = 0;
  double nominal_rows = 0;
  for (int64_t a = 0; a < z.stride_h; ++a)
    for (int64_t b = 0; b < z.stride_w; ++b) {
      const Residue h(a, z.pad_top, z.stride_h, z.dilation_h, z.h, z.r);
      const Residue w(b, z.pad_left, z.stride_w, z.dilation_w, z.w, z.s);
      if (h.count <= 0 || w.count <= 0) continue;
      GatherPhase phase{};
      phase.rows = as_int(z.n * h.count * w.count), phase.depth = as_int(h.taps * w.taps * z.group_k());
      phase.pixels = as_int(h.count * w.count), phase.columns = as_int(w.count);
      phase.a_row = as_int(h.origin), phase.a_column = as_int(w.origin);
      phase.d_row = as_int(h.first), phase.d_column = as_int(w.first);
      phase.tap_row = as_int(h.tap), phase.tap_column = as_int(w.tap);
      phase.filter_row = as_int(h.filter), phase.filter_column = as_int(w.filter);
      phase.b_row = as_int(b_row);
      phase.tap_columns = divisor_of(w.taps), phase.next_tap_row = row_behind(step_h, w.taps, step_w);
      b_row += phase.depth;
      most_depth = larger<int64_t>(most_depth, phase.depth);
      nominal_rows += static_cast<double>(images * h.count * w.count);
      if (problems.empty() || problems.back().phase_count == most_phases) problems.push_back(g);
      problems.back().phases[problems.back().phase_count++] = phase;
    }
  const int splits = choose_splits(nominal_rows, g.columns, g.groups, most_depth, 256, products_per_s);
  for (GatherGemm& problem : problems) split_phases(problem, splits);
  return problems;
}

inline FilterGemm filter_gradient_problem(const ConvShape& z, double products_per_s) {
  FilterGemm g{};
  g.rows = as_int(z.r * z.s * z.group_c()), g.columns = as_int(z.group_k()), g.depth = as_int(z.pixels());
  g.groups = as_int(z.groups);
  g.grid_rows = divisor_of(z.p), g.grid_columns = divisor_of(z.q);
  const auto at = [&](int64_t row, int64_t column) { return position_of(row, column, z.w, z.c); };
  g.a_limits = place_of(z.h - 1, z.w - 1);
  g.next_tap = at(0, z.dilation_w) - channels_of(z.group_c());
  g.next_tap_row = row_behind(at(z.dilation_h, 0), z.s, at(0, z.dilation_w));
  g.first_pixel = at(-z.pad_top, -z.pad_left), g.next_pixel = at(0, z.stride_w);
  g.next_row = row_behind(at(z.stride_h, 0), z.q, g.next_pixel);
  g.next_image = row_behind(channels_of(z.h * z.w * z.c), z.p, at(z.stride_h, 0));
  g.group_channels = divisor_of(z.group_c()), g.tap_columns = divisor_of(z.s);
  g.d_channels = as_int(z.k);
  g.splits = choose_splits(g.rows, g.columns, g.groups, g.depth, 128, products_per_s);
  g.depth_of_split = depth_of_split(g.depth, g.splits);
  return g;
}

// ---- the passes as rows run them: what they cost, the memory that they take, the launches

template <class Factors>
class ForwardPass {
 public:
  explicit ForwardPass(const ConvShape& z, int64_t images = nominal_images)
      : problem_(forward_problem(z, Factors::products_per_s, images)), count_(z.pixels() * z.k) {}
  double products_s() const {
    return choose_tile(problem_, Factors::units).products / Factors::products_per_s;
  }
  size_t workspace_bytes() const {
    return problem_.splits > 1 ? static_cast<size_t>(problem_.splits * count_) * sizeof(float) : 0;
  }
  // `bias` and `residual` may be null.
  void run(const float* x, const float* filter, const float* bias, const float* residual,
           Activation activation, float* y, void* workspace, cudaStream_t stream) {
    problem_.a = x, problem_.b = filter;
    if (problem_.splits == 1) {
      problem_.bias = bias, problem_.residual = residual, problem_.activation = activation, problem_.d = y;
      return Factors::run(problem_, stream);
    }
    problem_.d = static_cast<float*>(workspace), problem_.split_stride = static_cast<size_t>(count_);
    Factors::run(problem_, stream);
    finish_splits(problem_.d, problem_.splits, count_, problem_.d_channels, bias, residual, activation, y,
                  stream);
  }

 private:
  GatherGemm problem_;
  int64_t count_;  // of y
};

template <class Factors>
class InputGradientPass {
 public:
  explicit InputGradientPass(const ConvShape& z, int64_t images = nominal_images)
      : problems_(input_gradient_problems(z, Factors::products_per_s, images)),
        splits_(problems_.empty() ? 1 : problems_[0].splits),
        count_(z.n * z.h * z.w * z.c),
        turned_floats_(round_up(z.r * z.s * z.group_c() * z.k, 16)),
        filter_columns_(as_int(z.s)),
        channels_(as_int(z.c)) {}
  double products_s() const {
    double products = 0;
    for (const GatherGemm& problem : problems_) products += choose_tile(problem, Factors::units).products;
    return products / Factors::products_per_s;
  }
  size_t workspace_bytes() const {
    return static_cast<size_t>(turned_floats_ + (splits_ > 1 ? splits_ * count_ : 0)) * sizeof(float);
  }
  void run(const float* dy, const float* filter, float* dx, void* workspace, cudaStream_t stream) {
    float* const turned = static_cast<float*>(workspace);
    float* const partial = turned + turned_floats_;
    for (GatherGemm& problem : problems_) {
      turn_filter(problem, filter, filter_columns_, turned, stream);
      problem.a = dy, problem.b = turned;
      problem.d = splits_ > 1 ? partial : dx, problem.split_stride = static_cast<size_t>(count_);
      Factors::run(problem, stream);
    }
    if (splits_ > 1)
      finish_splits(partial, splits_, count_, channels_, nullptr, nullptr, Activation::none, dx, stream);
  }

 private:
  std::vector<GatherGemm> problems_;
  int splits_;
  int64_t count_, turned_floats_;  // of dx; of the filter
  int filter_columns_, channels_;
};

template <class Factors>
class FilterGradientPass {
 public:
  FilterGradientPass(const ConvShape& z, bool bias)
      : problem_(filter_gradient_problem(z, Factors::products_per_s)),
        count_(int64_t{problem_.rows} * z.k),
        partial_floats_(problem_.splits > 1 ? round_up(problem_.splits * count_, 16) : 0),
        sums_floats_(bias ? column_sums_floats(z.pixels(), z.k) : 0) {}
  double products_s() const {
    return choose_tile(problem_, Factors::units).products / Factors::products_per_s;
  }
  size_t workspace_bytes() const {
    return (static_cast<size_t>(partial_floats_) + sums_floats_) * sizeof(float);
  }
  // `dbias` may be null.
  void run(const float* x, const float* dy, float* dfilter, float* dbias, void* workspace,
           cudaStream_t stream) {
    float* const partial = static_cast<float*>(workspace);
    problem_.a = x, problem_.b = dy;
    problem_.d = problem_.splits > 1 ? partial : dfilter, problem_.split_stride = static_cast<size_t>(count_);
    Factors::run(problem_, stream);
    if (problem_.splits > 1)
      finish_splits(partial, problem_.splits, count_, problem_.d_channels, nullptr, nullptr, Activation::none,
                    dfilter, stream);
    if (dbias) column_sums(dy, problem_.depth, problem_.d_channels, partial + partial_floats_, dbias, stream);
  }

 private:
  FilterGemm problem_;
  int64_t count_, partial_floats_;  // of dfilter; of all splits
  size_t sums_floats_;
};

}  // namespace
}  // namespace fastconv
