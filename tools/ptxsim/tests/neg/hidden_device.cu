// A program takes its device's number on the bus for the number that it sees.
// ENV: PTXSIM_DEVICES=3 CUDA_VISIBLE_DEVICES=2,0
#include "../t.h"
int main(int, char** v) {
  const int wanted = v[1][0] == 'b' ? 2 : 0;
  char bus[32];
  if (cudaSetDevice(wanted) != cudaSuccess) return 1;
  Dev<int> a(std::vector<int>(64, 1));
  CK(cudaDeviceGetPCIBusId(bus, sizeof bus, wanted));
  return strcmp(bus, "0000:03:00.0") != 0;
}
