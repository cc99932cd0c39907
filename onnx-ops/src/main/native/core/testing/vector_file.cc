#include "core/testing/vector_file.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace subbit {
namespace {

float FloatOfBits(const std::string& hex) {
  const auto bits = static_cast<std::uint32_t>(std::stoul(hex, nullptr, 16));
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

template <class T, class Parse>
std::vector<T> ReadValues(std::istringstream& words, Parse parse) {
  std::vector<T> values;
  for (std::string word; words >> word;) values.push_back(static_cast<T>(parse(word)));
  return values;
}

VectorTensor ReadTensor(std::istringstream& words) {
  std::string type, dims, colon;
  if (!(words >> type >> dims >> colon) || colon != ":") throw std::runtime_error("TYPE DIMS : expected");
  VectorTensor tensor;
  std::size_t size = 1;
  if (dims != "-") {
    std::istringstream list(dims);
    for (std::string dim; std::getline(list, dim, 'x');) {
      tensor.shape.push_back(std::stoll(dim));
      size *= static_cast<std::size_t>(tensor.shape.back());
    }
  }
  const auto integer = [](const std::string& word) { return std::stoi(word); };
  if (type == "f32") {
    tensor.values = ReadValues<float>(words, FloatOfBits);
  } else if (type == "u8") {
    tensor.values = ReadValues<std::uint8_t>(words, integer);
  } else if (type == "i8") {
    tensor.values = ReadValues<std::int8_t>(words, integer);
  } else if (type == "i32") {
    tensor.values = ReadValues<std::int32_t>(words, integer);
  } else if (type == "i16") {
    tensor.values = ReadValues<std::int16_t>(words, integer);
  } else {
    throw std::runtime_error("unknown type " + type);
  }
  const std::size_t found = std::visit([](const auto& values) { return values.size(); }, tensor.values);
  if (found != size) throw std::runtime_error(std::to_string(found) + " values for " + dims);
  return tensor;
}

void ReadLine(const std::string& line, std::vector<VectorCase>* cases) {
  std::istringstream words(line);
  std::string keyword, name;
  words >> keyword >> name;
  if (keyword.empty() || keyword[0] == '#' || keyword == "end") return;
  if (keyword == "case") {
    cases->push_back({name, "", {}, {}, {}});
    return;
  }
  if (cases->empty()) throw std::runtime_error("case expected");
  VectorCase& current = cases->back();
  if (keyword == "op") {
    current.op = name;
  } else if (keyword == "attr") {
    current.attributes[name] =
        ReadValues<std::int64_t>(words, [](const std::string& word) { return std::stoll(word); });
  } else if (keyword == "in") {
    current.inputs[name] = ReadTensor(words);
  } else if (keyword == "out") {
    current.outputs[name] = ReadTensor(words);
  } else {
    throw std::runtime_error("unknown keyword " + keyword);
  }
}

}  // namespace

std::vector<VectorCase> ReadVectorFolder(const std::string& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".vec") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<VectorCase> cases;
  for (const auto& file : files) {
    std::ifstream stream(file);
    int number = 0;
    for (std::string line; std::getline(stream, line);) {
      ++number;
      try {
        ReadLine(line, &cases);
      } catch (const std::exception& error) {
        throw std::runtime_error(file.string() + ":" + std::to_string(number) + ": " + error.what());
      }
    }
  }
  return cases;
}

}  // namespace subbit
