// Findings and notes: what is said, once, and what it does to the exit status.
#include <cxxabi.h>
#include <unistd.h>
#include <cstdarg>
#include <cstdlib>
#include "ptxsim.h"

std::atomic<u64> g_findings{0};

static std::mutex lock;
using Counts = std::map<std::string, u64>;
static Counts& occurrences = undestroyed<Counts>();  // by key: only the first is said
static Counts& kinds = undestroyed<Counts>();

std::string sfmt(const char* format, ...) {
  char text[1024];
  va_list values;
  va_start(values, format);
  const int length = vsnprintf(text, sizeof text, format, values);
  va_end(values);
  if (length < int(sizeof text)) return text;
  std::string longer(length + 1, 0);
  va_start(values, format);
  vsnprintf(&longer[0], length + 1, format, values);
  va_end(values);
  longer.resize(length);
  return longer;
}

std::string demangle(const std::string& symbol) {
  int status;
  char* text = abi::__cxa_demangle(symbol.c_str(), nullptr, nullptr, &status);
  const std::string name = status ? symbol : text;
  free(text);
  return name;
}

static FILE* log_file() {
  static FILE* const file = cfg.log.empty() ? stderr : fopen(cfg.log.c_str(), "a");
  return file ? file : stderr;
}

void note(const char* format, ...) {
  char text[4096];
  va_list values;
  va_start(values, format);
  vsnprintf(text, sizeof text, format, values);
  va_end(values);
  fprintf(log_file(), "ptxsim: %s\n", text);
  fflush(log_file());
}

void finding(const char* kind, const std::string& key, const std::string& message) {
  const std::lock_guard<std::mutex> guard(lock);
  ++g_findings;
  if (occurrences[key]++) return;
  ++kinds[kind];
  if (occurrences.size() <= cfg.max_findings) {
    fflush(stdout);
    fprintf(log_file(), "ptxsim: [%s] %s\n", kind, message.c_str());
    fflush(log_file());
  }
  if (!cfg.fatal) return;
  fprintf(log_file(), "ptxsim: PTXSIM_FATAL is set: stopping\n");
  fflush(nullptr);
  _exit(cfg.strict_code);
}

static std::string kinds_found() {
  std::string text;
  for (const auto& [kind, number] : kinds)
    text += sfmt("%s%llu %s", text.empty() ? "" : ", ", (unsigned long long)number, kind.c_str());
  return text;
}

// Runs when the library is unloaded: after the program's own static destructors.
__attribute__((destructor)) static void finish() {
  if (cfg.leak) mem_leaks();
  report_write();
  if (occurrences.empty()) return;
  fprintf(log_file(), "ptxsim: %zu distinct finding(s), %llu occurrence(s): %s\n", occurrences.size(),
          (unsigned long long)g_findings.load(), kinds_found().c_str());
  fflush(log_file());
  if (!cfg.strict) return;
  fflush(nullptr);
  _exit(cfg.strict_code);
}
