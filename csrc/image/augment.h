// Augmentation of one picture: uint8 or float pixels (h, w, c) in, float32 (h, w, c) out, in one pass.
// Plain functions of their arguments: callers share pictures out over threads as they like, the bits stay
// equal.
#pragma once
#include <cstdint>

namespace fastconv::image {

enum class FillMode { nearest, constant, reflect, wrap };

// Contiguous pixels in rows, channels last.
struct Picture {
  const void* pixels;
  bool is_float;  // float32, else uint8
  int64_t height, width, channels;
  int64_t size() const { return height * width * channels; }
};

// What is read beyond the edge, and how between pixels (order 0: nearest pixel, 1: bilinear).
struct Sampling {
  FillMode fill = FillMode::nearest;
  float fill_value = 0;
  int order = 1;
};

// Drawn anew for each picture.  Output pixel (i, j) is read at matrix * (i, j) + offset, in pixels, rows
// first.
struct Transform {
  bool is_affine = false;
  double matrix[4] = {1, 0, 0, 1}, offset[2] = {0, 0};
  bool flip_rows = false, flip_columns = false;  // after the affine map
  bool shifts_channels = false, changes_brightness = false;
  float channel_shift = 0, brightness = 1;
};

// What every picture goes through after its transform, in this order.  Mean and deviation have `period`
// values: one a channel, or one a pixel and channel.
struct Normalisation {
  float scale = 1;
  bool centre_sample = false, scale_sample = false;
  const float* mean = nullptr;
  const float* deviation = nullptr;
  int64_t mean_period = 1, deviation_period = 1;
};

void transform_picture(const Picture& picture, const Transform& transform, const Sampling& sampling,
                       float scale, float* out);
void normalise_picture(float* pixels, int64_t size, const Normalisation& normalisation);

// Both; the scale joins the first pass where nothing between them needs the unscaled values.
void augment_picture(const Picture& picture, const Transform& transform, const Sampling& sampling,
                     const Normalisation& normalisation, float* out);

}  // namespace fastconv::image
