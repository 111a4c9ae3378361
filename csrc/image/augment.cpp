// out[i, j, :] = bilinear(picture, matrix * (i, j) + offset), then channel shift, flips, brightness, scale.
//
// Coordinates are float64 and summed in the order that SciPy's affine_transform has, (offset + i * m0) + j *
// m1, so that a coordinate on an edge falls on the same side of it; weights and pixels are float32: with
// values up to 255 the result is within 1e-4 of a float64 one.  The four ways beyond the edge are SciPy's
// too, "wrap" with its period of n - 1 pixels included, since Keras's users see exactly that.
#include "image/augment.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "image/four.h"

namespace fastconv::image {
namespace {

// Two neighbours on one axis and the weight of the second.
struct Neighbours {
  int64_t first, second;
  float weight;
};

int64_t reflected(int64_t index, int64_t n) {  // ... b a | a b c ... y z | z y ...
  const int64_t period = 2 * n;
  int64_t inside = index % period;
  if (inside < 0) inside += period;
  return inside < n ? inside : period - 1 - inside;
}

double wrapped(double at, int64_t n) {  // the last pixel is taken for the first again
  const double period = static_cast<double>(n - 1);
  if (at < 0) return at + period * (std::trunc(-at / period) + 1);
  if (at > period) return at - period * std::trunc(at / period);
  return at;
}

double clamped(double at, double last) { return at > 0 ? (at < last ? at : last) : 0; }  // NaN becomes 0

// False: nothing there, the fill value is meant.
bool locate(double at, int64_t n, FillMode fill, Neighbours* found) {
  // A matrix with a huge or NaN entry must not become an index.
  if (!(std::fabs(at) < 1e9)) {
    *found = {0, 0, 0};
    return fill != FillMode::constant;
  }
  const double last = static_cast<double>(n - 1);
  if (fill == FillMode::constant && (at < 0 || at > last)) return false;
  if (n == 1) {
    *found = {0, 0, 0};
    return true;
  }
  if (fill == FillMode::wrap) at = wrapped(at, n);
  if (fill != FillMode::reflect) at = std::clamp(at, 0.0, last);
  const double below = std::floor(at);
  const int64_t index = static_cast<int64_t>(below);
  if (fill == FillMode::reflect)
    *found = {reflected(index, n), reflected(index + 1, n), static_cast<float>(at - below)};
  else
    *found = {index, std::min(index + 1, n - 1), static_cast<float>(at - below)};
  return true;
}

void to_nearest(Neighbours* found) {
  if (found->weight >= 0.5f) found->first = found->second;
  found->second = found->first;
  found->weight = 0;
}

template <class Pixel>
struct Source {
  const Pixel* pixels;
  int64_t row_stride, channels;
  const Pixel* at(int64_t row, int64_t column) const { return pixels + row * row_stride + column * channels; }
};

// `fixed_channels` 0: any number.
template <int fixed_channels, class Pixel>
void blend(const Pixel* a, const Pixel* b, const Pixel* c, const Pixel* d, float row_weight,
           float column_weight, int64_t channels, float scale, float* out) {
  const int64_t count = fixed_channels ? fixed_channels : channels;
  for (int64_t k = 0; k < count; ++k) {
    const float w = a[k], x = b[k], y = c[k], z = d[k];
    // In this form equal neighbours give their value exactly.
    const float upper = w + column_weight * (x - w);
    const float lower = y + column_weight * (z - y);
    out[k] = (upper + row_weight * (lower - upper)) * scale;
  }
}

// Two neighbouring pixels of three channels, six values, in two reads that stay within them.
template <class Pixel>
Four between(const Pixel* pair, float column_weight) {
  const Four left = load_four(pair), right = drop_first(load_four(pair + 2));
  return left + column_weight * (right - left);
}

// All four neighbours inside the picture; the same operations as `blend`, three channels at once.
template <int fixed_channels, class Pixel>
void blend_inside(const Pixel* upper, int64_t row_stride, float row_weight, float column_weight,
                  int64_t channels, float scale, float* out) {
  if constexpr (fixed_channels == 3) {
    const Four above = between(upper, column_weight), below = between(upper + row_stride, column_weight);
    store_three(out, (above + row_weight * (below - above)) * scale);
  } else {
    const Pixel* lower = upper + row_stride;
    blend<fixed_channels>(upper, upper + channels, lower, lower + channels, row_weight, column_weight,
                          channels, scale, out);
  }
}

template <int fixed_channels, class Pixel>
void gather(const Picture& picture, const Transform& transform, const Sampling& sampling, float scale,
            float* out) {
  const int64_t h = picture.height, w = picture.width;
  const int64_t channels = fixed_channels ? fixed_channels : picture.channels;
  const Source<Pixel> source{static_cast<const Pixel*>(picture.pixels), w * channels, channels};
  const double* m = transform.matrix;
  const double last_row = static_cast<double>(h - 1), last_column = static_cast<double>(w - 1);
  const bool bilinear = sampling.order == 1 && h > 1 && w > 1;
  const bool clamps = sampling.fill == FillMode::nearest;
  for (int64_t i = 0; i < h; ++i) {
    const double row_start = transform.offset[0] + static_cast<double>(i) * m[0];
    const double column_start = transform.offset[1] + static_cast<double>(i) * m[2];
    float* out_row = out + (transform.flip_rows ? h - 1 - i : i) * w * channels;
    for (int64_t j = 0; j < w; ++j) {
      double y = row_start + static_cast<double>(j) * m[1];
      double x = column_start + static_cast<double>(j) * m[3];
      if (clamps) y = clamped(y, last_row), x = clamped(x, last_column);
      float* pixel = out_row + (transform.flip_columns ? w - 1 - j : j) * channels;
      if (bilinear && y >= 0 && y <= last_row && x >= 0 && x <= last_column) {
        // On the last row or column the weight of the second neighbour is 1.
        const int64_t row = std::min(static_cast<int64_t>(y), h - 2);
        const int64_t column = std::min(static_cast<int64_t>(x), w - 2);
        blend_inside<fixed_channels>(
            source.at(row, column), source.row_stride, static_cast<float>(y - static_cast<double>(row)),
            static_cast<float>(x - static_cast<double>(column)), channels, scale, pixel);
        continue;
      }
      Neighbours rows, columns;
      if (!locate(y, h, sampling.fill, &rows) || !locate(x, w, sampling.fill, &columns)) {
        std::fill_n(pixel, channels, sampling.fill_value * scale);
        continue;
      }
      if (sampling.order == 0) to_nearest(&rows), to_nearest(&columns);
      blend<fixed_channels>(source.at(rows.first, columns.first), source.at(rows.first, columns.second),
                            source.at(rows.second, columns.first), source.at(rows.second, columns.second),
                            rows.weight, columns.weight, channels, scale, pixel);
    }
  }
}

template <class Pixel>
void copy(const Picture& picture, const Transform& transform, float scale, float* out) {
  const int64_t h = picture.height, w = picture.width, channels = picture.channels, row_size = w * channels;
  for (int64_t i = 0; i < h; ++i) {
    const Pixel* row = static_cast<const Pixel*>(picture.pixels) + i * row_size;
    float* out_row = out + (transform.flip_rows ? h - 1 - i : i) * row_size;
    if (!transform.flip_columns) {
      for (int64_t k = 0; k < row_size; ++k) out_row[k] = static_cast<float>(row[k]) * scale;
      continue;
    }
    for (int64_t j = 0; j < w; ++j)
      for (int64_t k = 0; k < channels; ++k)
        out_row[(w - 1 - j) * channels + k] = static_cast<float>(row[j * channels + k]) * scale;
  }
}

template <class Pixel>
void resample(const Picture& picture, const Transform& transform, const Sampling& sampling, float scale,
              float* out) {
  if (!transform.is_affine) return copy<Pixel>(picture, transform, scale, out);
  switch (picture.channels) {
    case 1: return gather<1, Pixel>(picture, transform, sampling, scale, out);
    case 3: return gather<3, Pixel>(picture, transform, sampling, scale, out);
    case 4: return gather<4, Pixel>(picture, transform, sampling, scale, out);
    default: return gather<0, Pixel>(picture, transform, sampling, scale, out);
  }
}

struct Range {
  float low, high;
};

Range range_of(const float* pixels, int64_t size) {
  const auto [low, high] = std::minmax_element(pixels, pixels + size);
  return {*low, *high};
}

void shift_channels(float* pixels, int64_t size, float shift) {
  const Range range = range_of(pixels, size);
  for (int64_t k = 0; k < size; ++k) pixels[k] = std::clamp(pixels[k] + shift, range.low, range.high);
}

uint8_t to_byte(float value) {  // toward zero; NaN becomes 0
  return value > 0 ? static_cast<uint8_t>(std::min(value, 255.0f)) : uint8_t{0};
}

// As through an 8-bit picture: values are cut to whole numbers before and after (Keras goes through Pillow
// here). Values outside 0..255 are spread over it first and back afterwards.  An alpha channel keeps its
// values.
void change_brightness(float* pixels, int64_t size, int64_t channels, float brightness) {
  const Range range = range_of(pixels, size);
  const bool spread = range.low < 0 || range.high > 255;
  const float extent = range.high - range.low;
  for (int64_t k = 0; k < size; ++k) {
    float value = pixels[k];
    if (spread) value = extent > 0 ? (value - range.low) / extent * 255.0f : 0.0f;
    const uint8_t byte = to_byte(value);
    const bool is_alpha = channels == 4 && k % 4 == 3;
    value = is_alpha ? byte : to_byte(brightness * static_cast<float>(byte));
    pixels[k] = spread ? value / 255.0f * extent + range.low : value;
  }
}

double mean_of(const float* pixels, int64_t size) {
  double sum = 0;
  for (int64_t k = 0; k < size; ++k) sum += pixels[k];  // ascending: the bits depend on it
  return sum / static_cast<double>(size);
}

double deviation_of(const float* pixels, int64_t size) {
  const double mean = mean_of(pixels, size);
  double sum = 0;
  for (int64_t k = 0; k < size; ++k) sum += (pixels[k] - mean) * (pixels[k] - mean);
  return std::sqrt(sum / static_cast<double>(size));
}

constexpr float smallest_deviation = 1e-6f;  // Keras adds it before dividing

}  // namespace

void transform_picture(const Picture& picture, const Transform& transform, const Sampling& sampling,
                       float scale, float* out) {
  const bool looks_at_values = transform.shifts_channels || transform.changes_brightness;
  const float early_scale = looks_at_values ? 1.0f : scale;
  if (picture.is_float)
    resample<float>(picture, transform, sampling, early_scale, out);
  else
    resample<uint8_t>(picture, transform, sampling, early_scale, out);
  if (!looks_at_values) return;
  const int64_t size = picture.size();
  if (transform.shifts_channels) shift_channels(out, size, transform.channel_shift);
  if (transform.changes_brightness) change_brightness(out, size, picture.channels, transform.brightness);
  if (scale != 1) std::transform(out, out + size, out, [scale](float value) { return value * scale; });
}

void normalise_picture(float* pixels, int64_t size, const Normalisation& normalisation) {
  if (normalisation.scale != 1)
    for (int64_t k = 0; k < size; ++k) pixels[k] *= normalisation.scale;
  if (normalisation.centre_sample) {
    const float mean = static_cast<float>(mean_of(pixels, size));
    for (int64_t k = 0; k < size; ++k) pixels[k] -= mean;
  }
  if (normalisation.scale_sample) {
    const float deviation = static_cast<float>(deviation_of(pixels, size)) + smallest_deviation;
    for (int64_t k = 0; k < size; ++k) pixels[k] /= deviation;
  }
  if (normalisation.mean)
    for (int64_t k = 0; k < size; ++k) pixels[k] -= normalisation.mean[k % normalisation.mean_period];
  if (normalisation.deviation)
    for (int64_t k = 0; k < size; ++k)
      pixels[k] /= normalisation.deviation[k % normalisation.deviation_period] + smallest_deviation;
}

void augment_picture(const Picture& picture, const Transform& transform, const Sampling& sampling,
                     const Normalisation& normalisation, float* out) {
  transform_picture(picture, transform, sampling, normalisation.scale, out);
  Normalisation rest = normalisation;
  rest.scale = 1;
  normalise_picture(out, picture.size(), rest);
}

}  // namespace fastconv::image
