// Runs exported cases through every implementation, without Python: for the sanitizers, for other processors under an
// emulator, for debuggers.
//
//   fastconv_runner [--threads 1,2,8] [--implementation NAME] [--device cpu|cuda] [--bare] FILE_OR_FOLDER...
//
// Each implementation that supports a case runs with each number of threads, outputs and workspace filled with NaN
// before.  The first result is compared with the expected one, the others with the first, bit by bit.  Every tensor is
// a heap block of exactly its size, so that a sanitizer sees the first byte that is read or written behind it.
//
// --device cuda runs the GPU's implementations twice, guard bytes around outputs and workspace, all of it NaN before.
// With --bare they run once, every tensor an allocation of exactly its size that nobody has written: for
// compute-sanitizer, which watches the memory itself.
//
// Exit status: 0 all passed, 1 some failed, 2 a file or argument is wrong or the device is lost.  The last line:
// "N passed, M failed".
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <memory>
#include <mutex>
#include <new>
#include <utility>

#include "case_file.h"
#include "core/isa.h"
#include "core/thread_pool.h"
#include "device_memory.h"
#include "plan/device.h"

namespace fastconv {
namespace {

// A heap block of exactly `bytes` behind `shift` unused ones.
class Memory {
 public:
  Memory(size_t bytes, size_t shift)
      : block_(::operator new(bytes + shift, std::align_val_t(64))), shift_(shift), bytes_(bytes) {}
  Memory(Memory&& other) noexcept
      : block_(std::exchange(other.block_, nullptr)), shift_(other.shift_), bytes_(other.bytes_) {}
  Memory& operator=(Memory&&) = delete;
  ~Memory() { ::operator delete(block_, std::align_val_t(64)); }
  void* data() const { return static_cast<char*>(block_) + shift_; }
  size_t bytes() const { return bytes_; }
  void poison() const {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    std::memset(data(), 0xff, bytes_);
    std::fill_n(static_cast<float*>(data()), bytes_ / sizeof nan, nan);
  }

 private:
  void* block_;
  size_t shift_, bytes_;
};

struct Totals {
  int passed = 0, failed = 0;
};

// What one implementation made of a case.
using Results = std::vector<std::vector<uint8_t>>;

class CaseRun {
 public:
  explicit CaseRun(const CaseRecord& record) : record_(record), type_(registry().type(record.stem)) {
    CaseAttributes source(record);
    attributes_ = type_.read(source);
    for (const CaseOutput& output : record.outputs) output_descs_.push_back(output.desc);
    signature_ = {record.input_descs.data(), static_cast<int>(record.input_descs.size()),
                  output_descs_.data(), static_cast<int>(output_descs_.size())};
  }

  bool supported(const Implementation& row) const { return !row.supports(attributes_.get(), signature_); }

  // misplaced: inputs lie one element behind a 64-byte boundary.
  Results run(const Implementation& row, int threads, bool misplaced) const {
    const Workspace workspace = row.workspace(attributes_.get(), signature_);
    std::vector<Memory> memory;
    std::vector<Tensor> inputs, outputs;
    memory.reserve(record_.inputs.size() + output_descs_.size() + 1);
    for (size_t i = 0; i < record_.inputs.size(); ++i) {
      memory.emplace_back(record_.inputs[i].size(),
                          misplaced ? dtype_bytes(record_.input_descs[i].dtype) : 0);
      if (memory.back().bytes())
        std::memcpy(memory.back().data(), record_.inputs[i].data(), memory.back().bytes());
      inputs.push_back({memory.back().data(), record_.input_descs[i]});
    }
    for (const TensorDesc& desc : output_descs_) {
      memory.emplace_back(byte_count(desc), 0);
      memory.back().poison();
      outputs.push_back({memory.back().data(), desc});
    }
    memory.emplace_back(workspace.shared_bytes, 0);
    memory.back().poison();
    Device& cpu = device("cpu");
    {
      const std::lock_guard<std::mutex> lock(cpu.run_lock());
      set_thread_count(threads);
      cpu.begin_run(workspace.per_thread_bytes);
      row.run(attributes_.get(), {inputs.data(), static_cast<int>(inputs.size()), outputs.data(),
                                  static_cast<int>(outputs.size()), memory.back().data(), nullptr, nullptr});
      cpu.end_run();
    }
    Results results;
    for (const Tensor& output : outputs) {
      const uint8_t* start = static_cast<const uint8_t*>(output.data);
      results.emplace_back(start, start + byte_count(output.desc));
    }
    return results;
  }

  // bare: outputs and workspace as the driver gives them, without guards.
  Results run_on(const CudaLibrary& cuda, const Implementation& row, bool bare) const {
    const Workspace workspace = row.workspace(attributes_.get(), signature_);
    std::vector<DeviceMemory> memory;
    std::vector<Tensor> inputs, outputs;
    memory.reserve(record_.inputs.size() + output_descs_.size() + 1);
    for (size_t i = 0; i < record_.inputs.size(); ++i) {
      memory.emplace_back(cuda, record_.inputs[i].size(), false);
      memory.back().write(record_.inputs[i]);
      inputs.push_back({memory.back().data(), record_.input_descs[i]});
    }
    for (const TensorDesc& desc : output_descs_) {
      memory.emplace_back(cuda, byte_count(desc), !bare);
      outputs.push_back({memory.back().data(), desc});
    }
    memory.emplace_back(cuda, workspace.shared_bytes, !bare);
    Device& device = cuda.device();
    const std::lock_guard<std::mutex> lock(device.run_lock());
    device.begin_run(workspace.per_thread_bytes);
    row.run(attributes_.get(),
            {inputs.data(), static_cast<int>(inputs.size()), outputs.data(), static_cast<int>(outputs.size()),
             memory.back().data(), device.queue(), nullptr});
    device.synchronize();
    device.end_run();
    Results results;
    for (size_t i = 0; i < outputs.size(); ++i) results.push_back(memory[inputs.size() + i].read());
    if (!bare) memory.back().read();  // its guards; what it holds, if anything, is the row's own
    return results;
  }

  // What differs from the expected outputs, or nothing.
  std::string difference(const Implementation& row, const Results& results) const {
    for (size_t i = 0; i < results.size(); ++i) {
      const std::string text = record_.outputs[i].desc.dtype == DType::float32
                                   ? floats_differ(record_.outputs[i], row.name, results[i])
                               : results[i] == record_.outputs[i].exact ? ""
                                                                        : "differs";
      if (!text.empty()) return "output " + std::to_string(i) + ": " + text;
    }
    return "";
  }

 private:
  static std::string floats_differ(const CaseOutput& output, const std::string& name,
                                   const std::vector<uint8_t>& bytes) {
    const auto widened = output.widened.find(name);
    // Transforms carry a NaN to the neighbours of its tile.
    const bool spreads =
        widened != output.widened.end() &&
        std::any_of(output.expected.begin(), output.expected.end(), [](double v) { return v != v; });
    for (size_t i = 0; i < output.expected.size(); ++i) {
      float value;
      std::memcpy(&value, bytes.data() + i * sizeof value, sizeof value);
      const double expected = output.expected[i];
      const float tolerance = widened != output.widened.end() ? widened->second : output.tolerance[i];
      const bool both_nan = value != value && (expected != expected || spreads);
      if (both_nan || value == expected || std::abs(value - expected) <= tolerance) continue;
      char text[160];
      std::snprintf(text, sizeof text, "element %zu: expected %.9g within %.3g, came %.9g", i, expected,
                    static_cast<double>(tolerance), static_cast<double>(value));
      return text;
    }
    return "";
  }

  const CaseRecord& record_;
  const PrimitiveType& type_;
  std::shared_ptr<const void> attributes_;
  std::vector<TensorDesc> output_descs_;
  Signature signature_;
};

struct Options {
  std::vector<int> threads{1, 2, 8};
  std::string only;                         // an implementation
  std::unique_ptr<const CudaLibrary> cuda;  // nothing: on the CPU
  bool bare = false;
};

std::string check_on_cpu(const CaseRun& run, const Implementation& row, const Options& options) {
  const Results first = run.run(row, options.threads[0], true);
  const std::string text = run.difference(row, first);
  if (!text.empty()) return text;
  for (int count : options.threads)
    if (run.run(row, count, false) != first) return "other bits with " + std::to_string(count) + " threads";
  return "";
}

std::string check_on_cuda(const CaseRun& run, const Implementation& row, const Options& options) {
  try {
    const Results first = run.run_on(*options.cuda, row, options.bare);
    const std::string text = run.difference(row, first);
    if (!text.empty() || options.bare) return text;
    return run.run_on(*options.cuda, row, false) == first ? "" : "other bits the second time";
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::device) throw;
    return error.what();
  }
}

std::string check(const CaseRun& run, const CaseRecord& record, const Implementation& row,
                  const Options& options) {
  try {
    return options.cuda ? check_on_cuda(run, row, options) : check_on_cpu(run, row, options);
  } catch (const Error& error) {
    throw Error(error.kind(),
                record.stem + " " + row.full_name() + " [" + record.label + "]: " + error.what());
  }
}

void run_file(const std::string& path, const Options& options, Totals& totals) {
  for (CaseReader reader(path); !reader.done();) {
    const CaseRecord record = reader.next();
    const CaseRun run(record);
    for (const auto& row : registry().implementations(options.cuda ? "cuda" : "cpu", record.stem)) {
      if ((!options.only.empty() && row->name != options.only) || !run.supported(*row)) continue;
      const std::string text = check(run, record, *row, options);
      (text.empty() ? totals.passed : totals.failed)++;
      if (!text.empty())
        std::printf("FAILED %s %s [%s]: %s\n", record.stem.c_str(), row->full_name().c_str(),
                    record.label.c_str(), text.c_str());
    }
  }
}

std::vector<std::string> files_of(const std::string& path) {
  if (!std::filesystem::is_directory(path)) return {path};
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(path))
    if (entry.path().extension() == ".cases") files.push_back(entry.path().string());
  std::sort(files.begin(), files.end());
  if (files.empty()) throw Error(ErrorKind::data, path + " holds no .cases file");
  return files;
}

std::vector<int> numbers(const std::string& list) {
  std::vector<int> values;
  std::istringstream text(list);
  for (std::string word; std::getline(text, word, ',');) values.push_back(std::atoi(word.c_str()));
  if (values.empty() || *std::min_element(values.begin(), values.end()) < 1)
    throw Error(ErrorKind::value, "--threads: expected whole numbers above 0, came " + list);
  return values;
}

void choose_device(const std::string& name, Options& options) {
  if (name == "cuda")
    options.cuda = std::make_unique<const CudaLibrary>();
  else if (name != "cpu")
    throw Error(ErrorKind::value, "--device: expected cpu or cuda, came " + name);
}

int run(int count, char** arguments) {
  Options options;
  std::vector<std::string> paths;
  for (int i = 1; i < count; ++i) {
    const std::string word = arguments[i];
    const bool has_value = i + 1 < count;
    if (word == "--threads" && has_value)
      options.threads = numbers(arguments[++i]);
    else if (word == "--implementation" && has_value)
      options.only = arguments[++i];
    else if (word == "--device" && has_value)
      choose_device(arguments[++i], options);
    else if (word == "--bare")
      options.bare = true;
    else
      paths.push_back(word);
  }
  if (paths.empty()) throw Error(ErrorKind::value, "expected files of cases, or folders of them");
  if (!isa_problem().empty()) throw Error(ErrorKind::value, isa_problem());
  Totals totals;
  for (const std::string& path : paths)
    for (const std::string& file : files_of(path)) run_file(file, options, totals);
  std::printf("%d passed, %d failed (%s)\n", totals.passed, totals.failed,
              options.cuda ? "cuda" : isa_name(active_isa()));
  return totals.failed ? 1 : totals.passed ? 0 : 2;
}

}  // namespace
}  // namespace fastconv

int main(int count, char** arguments) {
  try {
    return fastconv::run(count, arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "fastconv_runner: %s\n", error.what());
    return 2;
  }
}
