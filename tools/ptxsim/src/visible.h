// Which devices the program sees: CUDA_VISIBLE_DEVICES, a list of numbers.
#pragma once
#include <cstdlib>
#include <string>
#include <vector>

// Physical numbers by visible number.  As the driver does: the first entry that is no device's number ends the list
// ("-1" is the usual one), what follows a number's digits is ignored, and a number given twice hides all devices.
inline std::vector<int> visible_devices(int physical) {
  std::vector<int> visible;
  const char* list = std::getenv("CUDA_VISIBLE_DEVICES");
  if (!list) {
    for (int device = 0; device < physical; ++device) visible.push_back(device);
    return visible;
  }
  while (true) {
    char* end = nullptr;
    const long device = std::strtol(list, &end, 10);
    if (end == list || device < 0 || device >= physical) return visible;
    for (const int earlier : visible)
      if (earlier == device) return {};
    visible.push_back(int(device));
    while (*end && *end != ',') ++end;
    if (!*end) return visible;
    list = end + 1;
  }
}
