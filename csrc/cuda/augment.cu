// out[i, j, :] = bilinear(picture, matrix * (i, j) + offset), then flips and scale: a thread a pixel.  What needs a
// picture's values first (channel shift, brightness, a sample's own mean) follows in a second kernel, a block a
// picture, launched only where something of it is asked for.
//
// Coordinates are float64, multiplied and added as in csrc/image/augment.cpp and never fused, so that one on an edge
// falls on the same side of it; the blends are not fused either: a value on the edge of a whole number stays there.
#include "cuda/augment.h"

#include <algorithm>
#include <cstring>

#include "cuda/kernel.cuh"

namespace fastconv::image {
namespace {

constexpr int threads = 256, picture_threads = 512;
constexpr float smallest_deviation = 1e-6f;  // Keras adds it before dividing

struct Size {
  int height, width, channels;
  FastDiv columns, picture_pixels;
};

// ---- sampling
__device__ __forceinline__ double place(double start, int index, double step) {
  return __dadd_rn(start, __dmul_rn(static_cast<double>(index), step));
}

__device__ __forceinline__ float mix(float a, float b, float weight) {
  return __fadd_rn(a, __fmul_rn(weight, __fsub_rn(b, a)));
}

struct Neighbours {  // on one axis, and the weight of the second
  int first, second;
  float weight;
};

__device__ __forceinline__ int reflected(int64_t index, int n) {  // ... b a | a b c ... y z | z y ...
  const int64_t period = 2 * static_cast<int64_t>(n);
  int64_t inside = index % period;
  if (inside < 0) inside += period;
  return static_cast<int>(inside < n ? inside : period - 1 - inside);
}

__device__ __forceinline__ double wrapped(double at, int n) {  // SciPy's period
  const double period = n - 1;
  if (at < 0) return __dadd_rn(at, __dmul_rn(period, trunc(-at / period) + 1));
  if (at > period) return __dsub_rn(at, __dmul_rn(period, trunc(at / period)));
  return at;
}

// False: nothing there, the fill value is meant.
__device__ __forceinline__ bool locate(double at, int n, const Sampling& sampling, Neighbours* found) {
  const FillMode fill = sampling.fill;
  *found = {0, 0, 0.0f};
  if (fill == FillMode::nearest) at = at > 0 ? (at < n - 1 ? at : n - 1) : 0;  // NaN becomes 0
  if (!(fabs(at) < 1e9)) return fill != FillMode::constant;  // a huge or NaN entry must not become an index
  if (fill == FillMode::constant && (at < 0 || at > n - 1)) return false;
  if (n == 1) return true;
  if (fill == FillMode::wrap) at = wrapped(at, n);
  if (fill != FillMode::reflect) at = at < 0 ? 0 : at > n - 1 ? n - 1 : at;
  int64_t index = static_cast<int64_t>(floor(at));
  if (fill == FillMode::reflect) {
    found->first = reflected(index, n), found->second = reflected(index + 1, n);
  } else {  // on the last pixel the weight of the second is 1
    index = min(index, static_cast<int64_t>(n - 2));
    found->first = static_cast<int>(index), found->second = found->first + 1;
  }
  found->weight = static_cast<float>(at - static_cast<double>(index));
  if (sampling.order == 0) {
    found->first = found->second = found->weight >= 0.5f ? found->second : found->first;
    found->weight = 0.0f;
  }
  return true;
}

template <class Pixel>
__global__ void __launch_bounds__(threads)
    sample(Size size, uint32_t count, const Pixel* pictures, const Transform* transforms, Sampling sampling,
           float scale, float* out) {
  const uint32_t at = blockIdx.x * threads + threadIdx.x;
  if (at >= count) return;
  const uint32_t picture = size.picture_pixels.divide(at), in_picture = size.picture_pixels.modulo(at);
  const Transform& transform = transforms[picture];
  int i = static_cast<int>(size.columns.divide(in_picture));
  int j = static_cast<int>(size.columns.modulo(in_picture));
  if (transform.flip_rows) i = size.height - 1 - i;
  if (transform.flip_columns) j = size.width - 1 - j;
  const bool later = transform.shifts_channels || transform.changes_brightness;
  const float factor = later ? 1.0f : scale;
  const Pixel* own = pictures + picture * size.picture_pixels.divisor * size.channels;
  float* pixel = out + at * size.channels;
  Neighbours rows{i, i, 0.0f}, columns{j, j, 0.0f};
  if (transform.is_affine) {
    const double* m = transform.matrix;
    const double y = place(place(transform.offset[0], i, m[0]), j, m[1]);
    const double x = place(place(transform.offset[1], i, m[2]), j, m[3]);
    const bool inside = locate(y, size.height, sampling, &rows) && locate(x, size.width, sampling, &columns);
    if (!inside) {
      for (int k = 0; k < size.channels; ++k) pixel[k] = sampling.fill_value * factor;
      return;
    }
  }
  const Pixel* upper = own + rows.first * size.width * size.channels;
  const Pixel* lower = own + rows.second * size.width * size.channels;
  for (int k = 0; k < size.channels; ++k) {
    const int left = columns.first * size.channels + k, right = columns.second * size.channels + k;
    const float above = mix(upper[left], upper[right], columns.weight);
    const float below = mix(lower[left], lower[right], columns.weight);
    pixel[k] = mix(above, below, rows.weight) * factor;
  }
}

// ---- what needs all values of a picture
struct Range {
  float low, high;
};

__device__ __forceinline__ Range joined(const Range& a, const Range& b) {
  return {fminf(a.low, b.low), fmaxf(a.high, b.high)};
}
__device__ __forceinline__ double joined(double a, double b) { return a + b; }

// Joins the values of a block's threads pairwise, in a fixed order, for all of them.
template <class Value>
__device__ Value joined_by_all(Value own) {
  __shared__ alignas(16) unsigned char memory[picture_threads * sizeof(Value)];
  Value* const values = reinterpret_cast<Value*>(memory);
  __syncthreads();  // the last call's result has been read
  values[threadIdx.x] = own;
  __syncthreads();
  for (unsigned half = picture_threads / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) values[threadIdx.x] = joined(values[threadIdx.x], values[threadIdx.x + half]);
    __syncthreads();
  }
  return values[0];
}

struct Pixels {  // of one picture
  float* values;
  int size;

  template <class Function>
  __device__ __forceinline__ void each(const Function& function) const {
    for (int k = threadIdx.x; k < size; k += picture_threads) values[k] = function(values[k], k);
  }
  __device__ Range range() const {
    Range own{INFINITY, -INFINITY};
    for (int k = threadIdx.x; k < size; k += picture_threads) own = joined(own, Range{values[k], values[k]});
    return joined_by_all(own);
  }
  template <class Term>
  __device__ double mean(const Term& term) const {
    double sum = 0;
    for (int k = threadIdx.x; k < size; k += picture_threads) sum += term(static_cast<double>(values[k]));
    return joined_by_all(sum) / size;
  }
};

__device__ __forceinline__ float to_byte(float value) {  // toward zero; NaN becomes 0
  return value > 0.0f ? floorf(fminf(value, 255.0f)) : 0.0f;
}

// As through an 8-bit picture (csrc/image/augment.cpp says how).
__device__ void change_brightness(const Pixels& pixels, int channels, float brightness) {
  const Range range = pixels.range();
  const bool spread = range.low < 0.0f || range.high > 255.0f;
  const float extent = range.high - range.low;
  pixels.each([&](float value, int k) {
    if (spread) value = extent > 0.0f ? (value - range.low) / extent * 255.0f : 0.0f;
    const float byte = to_byte(value);
    const bool is_alpha = channels == 4 && k % 4 == 3;
    value = is_alpha ? byte : to_byte(brightness * byte);
    return spread ? __fadd_rn(__fmul_rn(value / 255.0f, extent), range.low) : value;
  });
}

__device__ void normalise(const Pixels& pixels, const Normalisation& wanted) {
  if (wanted.centre_sample) {
    const float mean = static_cast<float>(pixels.mean([](double value) { return value; }));
    pixels.each([&](float value, int) { return value - mean; });
  }
  if (wanted.scale_sample) {
    const double mean = pixels.mean([](double value) { return value; });
    const double variance = pixels.mean([&](double value) { return (value - mean) * (value - mean); });
    const float deviation = static_cast<float>(sqrt(variance)) + smallest_deviation;
    pixels.each([&](float value, int) { return value / deviation; });
  }
  if (wanted.mean)
    pixels.each([&](float value, int k) { return value - wanted.mean[k % wanted.mean_period]; });
  if (wanted.deviation)
    pixels.each([&](float value, int k) {
      return value / (wanted.deviation[k % wanted.deviation_period] + smallest_deviation);
    });
}

__global__ void __launch_bounds__(picture_threads)
    finish_pictures(int size, int channels, const Transform* transforms, Normalisation wanted, float* out) {
  const Transform& transform = transforms[blockIdx.x];
  const Pixels pixels{out + blockIdx.x * size, size};
  if (transform.shifts_channels) {
    const Range range = pixels.range();
    pixels.each([&](float value, int) {
      const float moved = value + transform.channel_shift;
      return moved < range.low ? range.low : range.high < moved ? range.high : moved;
    });
  }
  if (transform.changes_brightness) change_brightness(pixels, channels, transform.brightness);
  if (transform.shifts_channels || transform.changes_brightness)
    pixels.each([&](float value, int) { return value * wanted.scale; });
  normalise(pixels, wanted);
}

// ---- the host's side
class Block {  // of device memory
 public:
  Block(Device& device, size_t bytes) : device_(device), bytes_(bytes), data_(device.allocate(bytes)) {}
  ~Block() { device_.free(data_, bytes_); }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  unsigned char* data() const { return static_cast<unsigned char*>(data_); }

 private:
  Device& device_;
  size_t bytes_;
  void* data_;
};

// Everything that travels to the device, one behind the other.
class Parcel {
 public:
  size_t add(const void* data, size_t bytes) {
    const size_t offset = (bytes_.size() + 63) / 64 * 64;
    bytes_.resize(offset);
    append(data, bytes);
    return offset;
  }
  void append(const void* data, size_t bytes) {  // without a gap
    const auto* first = static_cast<const unsigned char*>(data);
    bytes_.insert(bytes_.end(), first, first + bytes);
  }
  const std::vector<unsigned char>& bytes() const { return bytes_; }

 private:
  std::vector<unsigned char> bytes_;
};

bool needs_values(const std::vector<Transform>& transforms, const Normalisation& wanted) {
  const auto of_one = [](const Transform& t) { return t.shifts_channels || t.changes_brightness; };
  return wanted.centre_sample || wanted.scale_sample || wanted.mean || wanted.deviation ||
         std::any_of(transforms.begin(), transforms.end(), of_one);
}

}  // namespace

void augment_batch(Device& device, const std::vector<Picture>& pictures,
                   const std::vector<Transform>& transforms, const Sampling& sampling,
                   const Normalisation& normalisation, float* out) {
  const Picture& first = pictures.front();
  const size_t picture_bytes = first.size() * (first.is_float ? sizeof(float) : 1);
  if (static_cast<int64_t>(pictures.size()) * first.size() >= int64_t{1} << 31)
    throw Error(ErrorKind::value, "augmentation on " + device.name() +
                                      ": expected fewer than 2^31 values; came " +
                                      std::to_string(pictures.size()) + " pictures of " +
                                      std::to_string(first.size()) + ". Use a smaller batch.");
  Parcel parcel;
  for (const Picture& picture : pictures) parcel.append(picture.pixels, picture_bytes);
  const size_t at_transforms = parcel.add(transforms.data(), transforms.size() * sizeof(Transform));
  Normalisation wanted = normalisation;
  size_t at_mean = 0, at_deviation = 0;
  if (wanted.mean) at_mean = parcel.add(wanted.mean, wanted.mean_period * sizeof(float));
  if (wanted.deviation) at_deviation = parcel.add(wanted.deviation, wanted.deviation_period * sizeof(float));

  const std::lock_guard<std::mutex> lock(device.run_lock());
  const Block sent(device, parcel.bytes().size());
  device.begin_run(0);
  // `sent` may be memory that earlier kernels still read.
  device.upload_behind(sent.data(), parcel.bytes().data(), parcel.bytes().size());
  const auto* on_device = reinterpret_cast<const Transform*>(sent.data() + at_transforms);
  if (wanted.mean) wanted.mean = reinterpret_cast<const float*>(sent.data() + at_mean);
  if (wanted.deviation) wanted.deviation = reinterpret_cast<const float*>(sent.data() + at_deviation);

  const uint32_t picture_pixels = static_cast<uint32_t>(first.height * first.width);
  const uint32_t count = static_cast<uint32_t>(pictures.size()) * picture_pixels;
  const Size size{static_cast<int>(first.height), static_cast<int>(first.width),
                  static_cast<int>(first.channels), FastDiv(static_cast<uint32_t>(first.width)),
                  FastDiv(picture_pixels)};
  const auto stream = static_cast<cudaStream_t>(device.queue());
  const auto start = [&](auto kernel, const auto* pixels) {
    launch(kernel, blocks_for(count, threads), threads, 0, stream, size, count, pixels, on_device, sampling,
           wanted.scale, out);
  };
  if (first.is_float)
    start(sample<float>, reinterpret_cast<const float*>(sent.data()));
  else
    start(sample<uint8_t>, sent.data());
  if (needs_values(transforms, wanted))
    launch(finish_pictures, static_cast<unsigned>(pictures.size()), picture_threads, 0, stream,
           static_cast<int>(first.size()), size.channels, on_device, wanted, out);
}

}  // namespace fastconv::image
