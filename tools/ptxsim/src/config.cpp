// The environment: which device is emulated, what is checked, what fails.
#include <algorithm>
#include <cstdlib>
#include <thread>
#include "ptxsim.h"
#include "visible.h"

Config cfg;

namespace {

// A variable that is set to something; null otherwise.
const char* env(const char* name) {
  const char* value = getenv(name);
  return value && *value ? value : nullptr;
}
void read(const char* name, bool& value) {
  if (const char* text = env(name)) value = atoi(text) != 0;
}
void read(const char* name, u64& value) {
  if (const char* text = env(name)) value = strtoull(text, nullptr, 0);
}
void read(const char* name, std::string& value) {
  if (const char* text = env(name)) value = text;
}

std::vector<std::string> split(const std::string& list) {
  std::vector<std::string> words;
  for (size_t start = 0; start < list.size();) {
    const size_t comma = std::min(list.find(',', start), list.size());
    if (comma > start) words.push_back(list.substr(start, comma - start));
    start = comma + 1;
  }
  return words;
}

// "4G", "3M", "512k", "1000"
u64 bytes(const char* text) {
  char* unit;
  const double number = strtod(text, &unit);
  switch (*unit) {
    case 'k':
    case 'K': return u64(number * (1ull << 10));
    case 'm':
    case 'M': return u64(number * (1ull << 20));
    case 'g':
    case 'G': return u64(number * (1ull << 30));
    default: return u64(number);
  }
}

void read_checkers(const std::string& list) {
  for (const std::string& checker : split(list)) {
    const bool all = checker == "all";
    if (all) cfg.memcheck = cfg.leak = cfg.init = cfg.race = cfg.sync = cfg.poison = true;
    if (checker == "memcheck" || checker == "mem")
      cfg.memcheck = cfg.leak = true;
    else if (checker == "init" || checker == "initcheck")
      cfg.init = true;
    else if (checker == "race" || checker == "racecheck")
      cfg.race = true;
    else if (checker == "sync" || checker == "synccheck")
      cfg.sync = true;
    else if (checker == "leak" || checker == "-leak")
      cfg.leak = checker == "leak";
    else if (!all && checker != "bounds")  // which are always checked
      fprintf(stderr, "ptxsim: PTXSIM_CHECK: unknown checker '%s'\n", checker.c_str());
  }
}

// "malloc:3,memcpy:2=77"
void read_failures(const std::string& list) {
  for (const std::string& failure : split(list)) {
    const size_t colon = failure.find(':'), equals = failure.find('=');
    if (colon == failure.npos) continue;
    const u64 call = strtoull(failure.c_str() + colon + 1, nullptr, 0);
    const u64 error = equals == failure.npos ? 0 : strtoull(failure.c_str() + equals + 1, nullptr, 0);
    cfg.fail[failure.substr(0, colon)].push_back(call | error << 32);
  }
}

void read_device() {
  static const std::map<std::string, std::pair<int, int>> devices = {
      {"sm_80", {80, 108}}, {"sm_86", {86, 82}}, {"sm_89", {89, 128}}, {"sm_90", {90, 132}}};
  const char* name = env("PTXSIM_DEVICE");
  auto device = devices.find(name ? name : "sm_80");
  if (device == devices.end()) {
    fprintf(stderr, "ptxsim: PTXSIM_DEVICE: unknown device '%s'\n", name);
    device = devices.begin();
  }
  std::tie(cfg.sm, cfg.nsm) = device->second;
  const char* number = env("PTXSIM_DEVICES");
  cfg.visible = visible_devices(number ? std::clamp(atoi(number), 1, 8) : 1);
  const char* memory = env("PTXSIM_MEMORY");
  cfg.memory = memory ? bytes(memory) : 16ull << 30;
  read("PTXSIM_GPU", cfg.gpu);
  if (cfg.gpu.substr(0, 4) == "lost")  // "lost:N"
    cfg.lost_after = cfg.gpu.size() > 5 ? strtoull(cfg.gpu.c_str() + 5, nullptr, 0) : 0;
}

void read_all() {
  cfg.threads = std::max(1u, std::thread::hardware_concurrency());
  if (const char* threads = env("PTXSIM_THREADS")) cfg.threads = std::max(1, atoi(threads));
  read("PTXSIM_ORDER", cfg.order);
  read("PTXSIM_LAZY", cfg.lazy);
  read("PTXSIM_POISON", cfg.poison);
  read("PTXSIM_ASYNC", cfg.async_copy);
  if (const char* checkers = env("PTXSIM_CHECK")) read_checkers(checkers);
  if (cfg.init || cfg.race) cfg.threads = 1;
  if (const char* timeout = env("PTXSIM_TIMEOUT")) cfg.timeout = atof(timeout);
  if (const char* blocks = env("PTXSIM_BLOCKS")) cfg.blocks = strtoull(blocks, nullptr, 0);

  read("PTXSIM_REPORT", cfg.report);
  cfg.count = !cfg.report.empty();
  read("PTXSIM_REPORT_LAUNCHES", cfg.report_launches);
  read("PTXSIM_TRACE", cfg.trace);
  read("PTXSIM_LOG", cfg.log);
  read("PTXSIM_FATAL", cfg.fatal);
  read("PTXSIM_STRICT", cfg.strict);
  if (const char* status = env("PTXSIM_STRICT"); status && atoi(status) > 1) cfg.strict_code = atoi(status);

  read_device();
  if (const char* failures = env("PTXSIM_FAIL")) read_failures(failures);
}

}  // namespace

void config_init() {
  static std::once_flag once;
  std::call_once(once, [] {
    read_all();
    mem_init();
  });
}
