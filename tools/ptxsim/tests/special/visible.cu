// The devices that the program sees, by their numbers on the bus, each of them used.
#include "../t.h"
__global__ void put(int* p) { *p = 7; }
int main() {
  int count = -1;
  std::printf("%s", cudaGetErrorName(cudaGetDeviceCount(&count)));
  for (int device = 0; device < count; ++device) {
    cudaDeviceProp properties;
    char text[32];
    int found = -1;
    CK(cudaGetDeviceProperties(&properties, device));
    CK(cudaDeviceGetPCIBusId(text, sizeof text, device));
    CK(cudaDeviceGetByPCIBusId(&found, text));
    CK(cudaSetDevice(device));
    Dev<int> p(1);
    put<<<1, 1>>>(p.p);
    std::printf(" %d%s", properties.pciBusID - 1, found == device && p.get()[0] == 7 ? "" : "?");
  }
  std::printf(", then %s\n", cudaGetErrorName(cudaSetDevice(count)));
  return 0;
}
