// out[p, q, c] = sum over r, s of row_weight[p, r] * column_weight[q, s] * in[row_start[p] + r, col_start[q] + s, c]
//
// Columns first: each line of the input that any output needs is squeezed once and kept while outputs need it (starts
// do not decrease), then lines are summed.  Sums are float32 in ascending order of s, then r.
#include "image/resize.h"

#include <algorithm>
#include <vector>

#include "image/four.h"

namespace fastconv::image {
namespace {

// `from` is a line with a value behind it that may be read, and so is `out`, where it may be written.
template <class Pixel>
void squeeze_three(const Pixel* from, const Taps& columns, float* out) {
  if (columns.width == 2) {  // bilinear: what photographs are scaled with most
    for (int64_t q = 0; q < columns.outputs; ++q) {
      const Pixel* pixel = from + columns.starts[q] * 3;
      const Four sum = columns.weights[2 * q] * load_four(pixel);
      store_four(out + q * 3, sum + columns.weights[2 * q + 1] * load_four(pixel + 3));
    }
    return;
  }
  for (int64_t q = 0; q < columns.outputs; ++q) {
    const float* weights = columns.weights + q * columns.width;
    const Pixel* pixel = from + columns.starts[q] * 3;
    Four sum = weights[0] * load_four(pixel);
    for (int64_t s = 1; s < columns.width; ++s) sum += weights[s] * load_four(pixel + s * 3);
    store_four(out + q * 3, sum);  // its fourth value is written over by the next pixel
  }
}

void squeeze_any(const float* from, const Taps& columns, int64_t channels, float* out) {
  for (int64_t q = 0; q < columns.outputs; ++q) {
    const float* weights = columns.weights + q * columns.width;
    for (int64_t k = 0; k < channels; ++k) {
      const float* value = from + columns.starts[q] * channels + k;
      float sum = weights[0] * value[0];
      for (int64_t s = 1; s < columns.width; ++s) sum += weights[s] * value[s * channels];
      out[q * channels + k] = sum;
    }
  }
}

// The squeezed lines that the present output row needs, each in the place `row % taps`.
template <class Pixel>
class SqueezedLines {
 public:
  SqueezedLines(const Picture& picture, int64_t kept, const Taps& columns)
      : picture_(picture),
        columns_(columns),
        row_size_(picture.width * picture.channels),
        line_size_(columns.outputs * picture.channels + 1),
        row_of_(static_cast<size_t>(kept), -1),
        floats_(static_cast<size_t>(row_size_ + 1)),
        lines_(static_cast<size_t>(kept * line_size_)) {}

  const float* line(int64_t row) {
    const int64_t place = row % static_cast<int64_t>(row_of_.size());
    float* squeezed = lines_.data() + place * line_size_;
    if (row_of_[place] == row) return squeezed;
    row_of_[place] = row;
    const Pixel* pixels = static_cast<const Pixel*>(picture_.pixels) + row * row_size_;
    if (picture_.channels == 3 && row + 1 < picture_.height) {  // behind the row lies the next one
      squeeze_three(pixels, columns_, squeezed);
      return squeezed;
    }
    for (int64_t k = 0; k < row_size_; ++k) floats_[k] = static_cast<float>(pixels[k]);
    if (picture_.channels == 3)
      squeeze_three(floats_.data(), columns_, squeezed);
    else
      squeeze_any(floats_.data(), columns_, picture_.channels, squeezed);
    return squeezed;
  }

 private:
  const Picture& picture_;
  const Taps& columns_;
  const int64_t row_size_, line_size_;
  std::vector<int64_t> row_of_;
  std::vector<float> floats_, lines_;
};

// The sum of the two lines of a bilinear filter; the same bits as adding them to zeros one by one.
void add_two(const float* above, const float* below, const float* weights, int64_t count, float* out) {
  const float first = weights[0], second = weights[1];
  for (int64_t k = 0; k < count; ++k) out[k] = (0.0f + first * above[k]) + second * below[k];
}

template <class Pixel>
void resize(const Picture& picture, const Taps& rows, const Taps& columns, float* out) {
  const int64_t line_size = columns.outputs * picture.channels;
  SqueezedLines<Pixel> lines(picture, rows.width, columns);
  for (int64_t p = 0; p < rows.outputs; ++p) {
    const float* weights = rows.weights + p * rows.width;
    float* out_row = out + p * line_size;
    if (rows.width == 2 && weights[0] != 0 && weights[1] != 0) {
      const float* above = lines.line(rows.starts[p]);
      add_two(above, lines.line(rows.starts[p] + 1), weights, line_size, out_row);
      continue;
    }
    std::fill_n(out_row, line_size, 0.0f);
    for (int64_t r = 0; r < rows.width; ++r) {
      if (weights[r] == 0) continue;  // padding of the weights
      const float* line = lines.line(rows.starts[p] + r);
      for (int64_t k = 0; k < line_size; ++k) out_row[k] += weights[r] * line[k];
    }
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
