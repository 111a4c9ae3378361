// Files of exported cases (scripts/export_cases.py writes them; little-endian).
//
//   magic "fastconv cases 1\n", then one record a case:
//     u32 length of the header, u64 length of the data
//     header, lines of text:
//       case LABEL
//       stem STEM
//       attribute NAME VALUE...          as many numbers as there are, or a word
//       input DTYPE SIZE...              outermost axis first; nothing for a single number
//       output DTYPE SIZE...
//       widened OUTPUT IMPLEMENTATION TOLERANCE     instead of the elements' own, for this implementation
//     data: the inputs, then for each output the expected values (float64 for floating ones, else its dtype)
//       and, for floating ones, the largest error allowed, float32 an element
//
// Every length is checked before it is used: a damaged file ends in an Error, never in a read behind its end.
#pragma once
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/shape.h"
#include "plan/registry.h"

namespace fastconv {

struct CaseOutput {
  TensorDesc desc;
  std::vector<double> expected;          // of floating outputs
  std::vector<float> tolerance;          // of floating outputs
  std::vector<uint8_t> exact;            // of the others
  std::map<std::string, float> widened;  // by implementation
};

struct CaseRecord {
  std::string label, stem;
  std::map<std::string, std::vector<std::string>> attributes;
  std::vector<TensorDesc> input_descs;
  std::vector<std::vector<uint8_t>> inputs;
  std::vector<CaseOutput> outputs;
};

class CaseAttributes : public AttributeSource {
 public:
  explicit CaseAttributes(const CaseRecord& record) : record_(record) {}
  int64_t get_int(const char* name) override { return number<int64_t>(name, one(name)); }
  double get_double(const char* name) override { return number<double>(name, one(name)); }
  bool get_bool(const char* name) override { return get_int(name) != 0; }
  std::string get_string(const char* name) override { return one(name); }
  std::vector<int64_t> get_ints(const char* name) override {
    std::vector<int64_t> values;
    for (const std::string& word : all(name)) values.push_back(number<int64_t>(name, word));
    return values;
  }

 private:
  const std::vector<std::string>& all(const char* name) const {
    const auto found = record_.attributes.find(name);
    if (found == record_.attributes.end())
      throw Error(ErrorKind::data, record_.stem + ": attribute '" + name + "' is missing");
    return found->second;
  }
  const std::string& one(const char* name) const {
    if (all(name).size() != 1)
      throw Error(ErrorKind::data, record_.stem + ": attribute '" + name + "' is not one value");
    return all(name)[0];
  }
  template <class Number>
  Number number(const char* name, const std::string& word) const {
    std::istringstream text(word);
    Number value{};
    if (!(text >> value) || !text.eof())
      throw Error(ErrorKind::data, record_.stem + ": attribute '" + name + "' is no number: " + word);
    return value;
  }
  const CaseRecord& record_;
};

class CaseReader {
 public:
  explicit CaseReader(const std::string& path) : path_(path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) fail("cannot be opened");
    bytes_.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    const std::string magic = "fastconv cases 1\n";
    if (bytes_.size() < magic.size() || std::memcmp(bytes_.data(), magic.data(), magic.size()) != 0)
      fail("is no file of cases");
    at_ = magic.size();
  }

  bool done() const { return at_ == bytes_.size(); }

  CaseRecord next() {
    const size_t header_bytes = take<uint32_t>();
    const uint64_t data_bytes = take<uint64_t>();
    const uint8_t* text = take_bytes(header_bytes);
    CaseRecord record = parse_header(std::string(reinterpret_cast<const char*>(text), header_bytes));
    if (data_bytes > bytes_.size() - at_) fail("ends in the middle of a case");
    const size_t end = at_ + static_cast<size_t>(data_bytes);
    for (const TensorDesc& desc : record.input_descs)
      record.inputs.push_back(copy<uint8_t>(byte_count(desc), end));
    for (CaseOutput& output : record.outputs) read_expected(output, end);
    if (at_ != end) fail("has data left over in case '" + record.label + "'");
    return record;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { throw Error(ErrorKind::data, path_ + " " + what); }

  const uint8_t* take_bytes(size_t count) {
    if (count > bytes_.size() - at_) fail("ends in the middle of a case");
    const uint8_t* start = reinterpret_cast<const uint8_t*>(bytes_.data()) + at_;
    at_ += count;
    return start;
  }
  template <class Value>
  Value take() {
    Value value;
    std::memcpy(&value, take_bytes(sizeof value), sizeof value);
    return value;
  }
  template <class Value>
  std::vector<Value> copy(size_t byte_size, size_t end) {
    if (byte_size > end - at_) fail("has too little data for a shape");
    std::vector<Value> values(byte_size / sizeof(Value));
    const uint8_t* start = take_bytes(byte_size);
    if (byte_size) std::memcpy(values.data(), start, byte_size);
    return values;
  }

  void read_expected(CaseOutput& output, size_t end) {
    if (output.desc.dtype != DType::float32) {
      output.exact = copy<uint8_t>(byte_count(output.desc), end);
      return;
    }
    const size_t count = byte_count(output.desc) / sizeof(float);
    if (count > SIZE_MAX / sizeof(double)) fail("has an output that is too large");
    output.expected = copy<double>(count * sizeof(double), end);
    output.tolerance = copy<float>(count * sizeof(float), end);
  }

  CaseRecord parse_header(const std::string& header) {
    CaseRecord record;
    std::istringstream lines(header);
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string kind;
      words >> kind;
      if (kind == "case")
        record.label = line.size() > 5 ? line.substr(5) : "";
      else if (kind == "stem")
        words >> record.stem;
      else if (kind == "attribute")
        parse_attribute(words, record);
      else if (kind == "input")
        record.input_descs.push_back(parse_desc(words));
      else if (kind == "output")
        record.outputs.push_back({parse_desc(words), {}, {}, {}, {}});
      else if (kind == "widened")
        parse_widened(words, record);
      else
        fail("has a line that is not understood: " + line);
    }
    if (record.stem.empty()) fail("has a case without a stem");
    return record;
  }
  void parse_attribute(std::istringstream& words, CaseRecord& record) {
    std::string name, word;
    if (!(words >> name)) fail("has an attribute without a name");
    std::vector<std::string>& values = record.attributes[name];
    while (words >> word) values.push_back(word);
  }
  void parse_widened(std::istringstream& words, CaseRecord& record) {
    size_t index = 0;
    std::string name;
    float tolerance = 0;
    if (!(words >> index >> name >> tolerance) || index >= record.outputs.size())
      fail("has a wrong 'widened' line");
    record.outputs[index].widened[name] = tolerance;
  }
  TensorDesc parse_desc(std::istringstream& words) {
    std::string dtype;
    std::vector<int64_t> dims;
    words >> dtype;
    for (int64_t size; words >> size;) {
      if (size < 0) fail("has a negative size");
      dims.push_back(size);
    }
    if (!words.eof()) fail("has a shape that is no list of numbers");
    if (dims.size() > static_cast<size_t>(max_rank)) fail("has a shape of too many axes");
    const TensorDesc desc = make_desc(dtype_from_name(dtype), dims);
    byte_count(desc);  // throws when the product overflows
    return desc;
  }

  std::string path_;
  std::vector<char> bytes_;
  size_t at_ = 0;
};

}  // namespace fastconv
