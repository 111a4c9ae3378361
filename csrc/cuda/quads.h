// What the rows `quads` of max_pool2d and its gradient take: whole windows of 2x2 side by side, channels by four.
#pragma once
#include <string>

#include "plan/registry.h"

namespace fastconv {

template <class Pool>
Refusal refuse_other_than_quads(const Pool& pool, int64_t channels) {
  const auto pair = [](int64_t h, int64_t w) { return std::to_string(h) + "x" + std::to_string(w); };
  if (pool.window_h != 2 || pool.window_w != 2)
    return "window " + pair(pool.window_h, pool.window_w) + "; this one needs 2x2";
  if (pool.stride_h != 2 || pool.stride_w != 2)
    return "stride " + pair(pool.stride_h, pool.stride_w) + "; this one needs 2x2";
  if (pool.pad_top || pool.pad_bottom || pool.pad_left || pool.pad_right) return "padding; this one has none";
  if (channels % 4) return std::to_string(channels) + " channels; this one needs a multiple of 4";
  return std::nullopt;
}

}  // namespace fastconv
