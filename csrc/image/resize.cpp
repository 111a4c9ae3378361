// out[p, q, c] = sum over r, s of row_weight[p, r] * column_weight[q, s] * in[row_start[p] + r, col_start[q]
// + s, c]
//
// Rows first, into one line of the input's width (that loop runs over contiguous floats), then columns.  Sums
// are float32 in ascending order of r and s.
#include "image/resize.h"

#include <algorithm>
#include <vector>

namespace fastconv::image {
namespace {

template <class Pixel>
void add_row(const Pixel* row, float weight, int64_t size, float* line) {
  for (int64_t k = 0; k < size; ++k) line[k] += weight * static_cast<float>(row[k]);
}

template <int fixed_channels>
void squeeze_columns(const float* line, const Taps& columns, int64_t channels, float* out) {
  const int64_t count = fixed_channels ? fixed_channels : channels;
  for (int64_t q = 0; q < columns.outputs; ++q) {
    const float* from = line + columns.starts[q] * count;
    const float* weights = columns.weights + q * columns.width;
    for (int64_t k = 0; k < count; ++k) {
      float sum = 0;
      for (int64_t s = 0; s < columns.width; ++s) sum += weights[s] * from[s * count + k];
      out[q * count + k] = sum;
    }
  }
}

template <class Pixel>
void resize(const Picture& picture, const Taps& rows, const Taps& columns, float* out) {
  const int64_t row_size = picture.width * picture.channels;
  std::vector<float> line(static_cast<size_t>(row_size));
  for (int64_t p = 0; p < rows.outputs; ++p) {
    std::fill(line.begin(), line.end(), 0.0f);
    for (int64_t r = 0; r < rows.width; ++r) {
      const float weight = rows.weights[p * rows.width + r];
      if (weight == 0) continue;  // padding of the weights
      const Pixel* row = static_cast<const Pixel*>(picture.pixels) + (rows.starts[p] + r) * row_size;
      add_row(row, weight, row_size, line.data());
    }
    float* out_row = out + p * columns.outputs * picture.channels;
    if (picture.channels == 3)
      squeeze_columns<3>(line.data(), columns, 3, out_row);
    else
      squeeze_columns<0>(line.data(), columns, picture.channels, out_row);
  }
}

}  // namespace

void resize_picture(const Picture& picture, const Taps& rows, const Taps& columns, float* out) {
  if (picture.is_float)
    resize<float>(picture, rows, columns, out);
  else
    resize<uint8_t>(picture, rows, columns, out);
}

}  // namespace fastconv::image
