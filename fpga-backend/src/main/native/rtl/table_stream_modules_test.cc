// What surrounds the table core, alone, every stream with random stalls: rows that are cut out of beats, words of
// indices, and the writing of bits.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "Vsubbit_descriptor_tables.h"
#include "Vsubbit_table_rows.h"
#include "Vsubbit_table_rows_narrow.h"
#include "Vsubbit_table_rows_wide.h"
#include "Vsubbit_table_words_narrow.h"
#include "Vsubbit_table_words_wide.h"
#include "Vsubbit_table_writer.h"
#include "Vsubbit_table_writer_narrow.h"
#include "Vsubbit_table_writer_wide.h"
#include "device/element.h"
#include "device/index_order.h"
#include "rtl/descriptor_bench.h"
#include "rtl/layer_fields.h"
#include "rtl/layer_port.h"
#include "rtl/module_bench.h"

namespace subbit::fpga {
namespace {

/// Pixels of the longest row.
constexpr int kWidth = 56;

std::vector<std::uint8_t> RandomBytes(std::mt19937& random, std::size_t count) {
  std::vector<std::uint8_t> bytes(count);
  for (auto& byte : bytes) {
    byte = static_cast<std::uint8_t>(random());
  }
  return bytes;
}

/// Places for rows, and channels of a group.
constexpr int kRowDepth = 1536;
constexpr int kGroup = 64;

/// The images of a layer.
struct RowImages {
  int channels;
  int height;
  int row_bytes;
  std::vector<std::vector<std::uint8_t>> images;

  int places() const { return (height + 2) / 3; }
  /// The first place of an image: of two that fit, the second has a half of its own.
  int Base(std::size_t image) const {
    return 2 * channels * places() <= kRowDepth && image % 2 == 1 ? kRowDepth / 2 : 0;
  }
};

RowImages RandomImages(std::mt19937& random) {
  RowImages c{};
  do {
    c.channels = Between(random, 1, random() % 8 == 0 ? 200 : 9);
    c.height = Between(random, 1, random() % 4 == 0 ? 56 : 11);
  } while (c.channels * c.places() > kRowDepth);
  c.row_bytes = Between(random, 1, kWidth / 8);
  c.images.resize(static_cast<std::size_t>(Between(random, 1, 4)));
  for (auto& image : c.images) {
    image = RandomBytes(random, static_cast<std::size_t>(c.channels * c.height * c.row_bytes));
  }
  return c;
}

/// Compares three rows that are stored: those of place `stored` of an image.
template <class Rows>
void CheckStored(const Rows& m, const RowImages& c, std::size_t image, int stored) {
  ASSERT_EQ(m.store_address, c.Base(image) + stored) << "a place is left out";
  const int channel = stored / c.places();
  const int first = stored % c.places() * 3;
  for (int r = 0; r < 3 && first + r < c.height; ++r) {
    const int row = channel * c.height + first + r;
    for (int b = 0; b < c.row_bytes; ++b) {
      ASSERT_EQ(GetBits(m.store_rows, static_cast<std::size_t>(r * kWidth + 8 * b), 8),
                c.images[image][static_cast<std::size_t>(row * c.row_bytes + b)])
          << "image " << image << ", channel " << channel << ", row " << row << ", byte " << b << " of " << c.row_bytes;
    }
  }
  const bool channel_ends = first + 3 >= c.height;
  ASSERT_EQ(m.group_stored, channel_ends && (channel % kGroup == kGroup - 1 || channel == c.channels - 1));
}

template <class Rows>
void CutsRowsOutOfBeats() {
  constexpr std::size_t kBytes = sizeof(Rows::beat_data);
  Rows m;
  Reset(m);
  std::mt19937 random(6);
  for (int run = 0; run < 200; ++run) {
    const RowImages c = RandomImages(random);
    const bool stalls = random() % 2 == 0;
    m.channels = static_cast<std::uint16_t>(c.channels);
    m.height = static_cast<std::uint16_t>(c.height);
    m.row_bytes = static_cast<std::uint8_t>(c.row_bytes);
    m.beat_valid = 0;
    Cycle(m);
    Cycle(m);
    m.start = 1;
    Cycle(m);
    m.start = 0;
    const int all_stored = c.channels * c.places();
    std::size_t reading = 0;
    std::size_t at = 0;
    std::size_t storing = 0;
    int stored = 0;
    int cycle = 0;
    for (int quiet = 0; quiet < 3; ++cycle) {
      ASSERT_LT(cycle, 200000) << "does not end";
      m.beat_valid = reading < c.images.size() && (!stalls || Moves(random));
      if (m.beat_valid) {
        const auto& image = c.images[reading];
        auto* beat = reinterpret_cast<std::uint8_t*>(&m.beat_data);
        for (std::size_t i = 0; i < kBytes; ++i) {
          beat[i] = at + i < image.size() ? image[at + i] : static_cast<std::uint8_t>(random());
        }
        m.beat_last = at + kBytes >= image.size();
      }
      Settle(m);
      if (m.beat_valid && m.beat_ready) {
        at = m.beat_last ? 0 : at + kBytes;
        reading += m.beat_last;
      }
      if (m.store) {
        ASSERT_LT(storing, c.images.size()) << "more rows than there are";
        CheckStored(m, c, storing, stored);
        ++stored;
      }
      if (stored == all_stored) {
        stored = 0;
        ++storing;
      }
      quiet = storing == c.images.size() ? quiet + 1 : 0;
      Edge(m);
    }
    ASSERT_EQ(m.halves, 2 * all_stored <= kRowDepth);
    const auto beats = static_cast<int>((c.images[0].size() + kBytes - 1) / kBytes);
    if (!stalls) {
      ASSERT_LE(cycle, static_cast<int>(c.images.size()) * (std::max(beats, all_stored) + c.places() + 5))
          << "a beat, or three rows, in a cycle";
    }
  }
}

TEST(TableRowsModule, CutsRowsOutOfBeats) { CutsRowsOutOfBeats<Vsubbit_table_rows>(); }
TEST(TableRowsModule, CutsRowsOutOfBeatsOf32Bits) { CutsRowsOutOfBeats<Vsubbit_table_rows_narrow>(); }
TEST(TableRowsModule, CutsRowsOutOfBeatsOf128Bits) { CutsRowsOutOfBeats<Vsubbit_table_rows_wide>(); }

template <class Words>
void MakesWords() {
  constexpr std::size_t kBytes = sizeof(Words::beat_data);
  Words m;
  Reset(m);
  std::mt19937 random(7);
  for (int run = 0; run < 100; ++run) {
    // Whole words of 64 bits; a beat may have more at its end, which are not those of the next run.
    const auto bytes = RandomBytes(random, 8 * static_cast<std::size_t>(Between(random, 1, 40)));
    std::size_t at = 0;
    std::size_t taken = 0;
    m.beat_valid = 0;
    for (int cycle = 0; taken < bytes.size(); ++cycle) {
      ASSERT_LT(cycle, 5000) << "does not end";
      if (!m.beat_valid && at < bytes.size() && Moves(random)) {
        m.beat_valid = 1;
        std::memcpy(&m.beat_data, &bytes[at], std::min(kBytes, bytes.size() - at));
      }
      m.word_ready = Moves(random);
      m.word_last = taken + 8 == bytes.size();
      Settle(m);
      if (m.word_valid && m.word_ready) {
        ASSERT_EQ(std::memcmp(&m.word, &bytes[taken], 8), 0) << "word " << taken / 8;
        taken += 8;
      }
      const bool went = m.beat_valid && m.beat_ready;
      at += went ? kBytes : 0;
      Edge(m);
      m.beat_valid = m.beat_valid && !went;
    }
    ASSERT_GE(at, bytes.size());
  }
}

TEST(TableWordsModule, JoinsBeatsOf32Bits) { MakesWords<Vsubbit_table_words_narrow>(); }
TEST(TableWordsModule, CutsBeatsOf128Bits) { MakesWords<Vsubbit_table_words_wide>(); }

/// Lets the writer write the bands of small layers to a model of memory.
template <class Writer>
class WriterBench {
 public:
  WriterBench() : random_(8) { Reset(m_); }

  void Run() {
    const int batch = Between(random_, 1, 2);
    const int channels = Between(random_, 1, 20);
    const int height = Between(random_, 1, 9);
    const int width = Between(random_, 1, kWidth);
    const bool pairs = width > kPixels;
    const int pieces = pairs ? (width + 2 * kPixels - 1) / (2 * kPixels) : 1;
    const int outputs = std::min(channels, kOutputs);
    const int band_rows = pairs ? Between(random_, 1, kSums / outputs) : 2 * Between(random_, 1, kSums / outputs);
    const bool whole_rows = random_() % 3 == 0;
    const int row_bytes = (width + 7) / 8;
    const int plane = height * row_bytes;
    const int begins = 64 * Between(random_, 0, 3);
    const std::size_t end = static_cast<std::size_t>(begins + batch * channels * plane);
    memory_ = RandomBytes(random_, end + 64);
    auto expected = memory_;
    m_.pairs = pairs;
    m_.whole_rows = whole_rows;
    m_.batch = static_cast<std::uint32_t>(batch);
    m_.out_channels = static_cast<std::uint16_t>(channels);
    m_.out_height = static_cast<std::uint16_t>(height);
    m_.out_width = static_cast<std::uint16_t>(width);
    m_.band_rows = static_cast<std::uint16_t>(band_rows);
    m_.band_bytes = static_cast<std::uint64_t>(band_rows * row_bytes);
    m_.output_address = static_cast<std::uint64_t>(begins);
    m_.plane_bytes = static_cast<std::uint64_t>(plane);
    m_.image_bytes = static_cast<std::uint64_t>(channels * plane);
    m_.store = m_.row_store = m_.band_done = 0;
    m_.start = 1;
    Step();
    m_.start = 0;
    held_ = 0;
    bool half = false;
    for (int image = 0; image < batch; ++image) {
      for (int first = 0; first < channels; first += kOutputs) {
        const int here = std::min(kOutputs, channels - first);
        for (int row = 0; row < height; row += band_rows) {
          const int rows = std::min(band_rows, height - row);
          for (int cycle = 0; held_ == 2 || (whole_rows && m_.band_busy); ++cycle) {
            ASSERT_LT(cycle, 20000) << "no half is given back";
            Step();
          }
          ASSERT_TRUE(!whole_rows || (held_ == 0 && left_ == 0)) << "a band is not complete";
          ++held_;
          for (int o = 0; o < here; ++o) {
            for (int r = 0; r < rows; ++r) {
              for (int x = 0; x < width; ++x) {
                const int byte = begins + ((image * channels + first + o) * height + row + r) * row_bytes + x / 8;
                auto& to = expected[static_cast<std::size_t>(byte)];
                to = static_cast<std::uint8_t>((x % 8 == 0 ? 0 : to) | (random_() % 2) << x % 8);
              }
            }
          }
          const auto pixel = [&](int o, int r, int x) -> std::uint32_t {
            if (r >= rows || x >= width) {
              return random_() % 2;
            }
            const int byte = begins + ((image * channels + first + o) * height + row + r) * row_bytes + x / 8;
            return expected[static_cast<std::size_t>(byte)] >> x % 8 & 1;
          };
          for (int r = 0; whole_rows && r < rows; ++r) {
            for (int o = 0; o < here; ++o) {
              m_.row_store = 1;
              m_.row_address = static_cast<std::uint8_t>(r * here + o);
              for (int x = 0; x < kWidth; ++x) {
                SetBits(m_.row_bits, static_cast<std::size_t>(x), 1, pixel(o, r, x));
              }
              Step();
            }
          }
          m_.row_store = 0;
          for (int step = 0; !whole_rows && step < (pairs ? rows : (rows + 1) / 2); ++step) {
            for (int piece = 0; piece < pieces; ++piece) {
              for (int o = 0; o < here; ++o) {
                m_.store = 1;
                m_.store_half = half;
                m_.store_piece = static_cast<std::uint8_t>(piece);
                m_.store_address = static_cast<std::uint8_t>(step * here + o);
                m_.store_bits = 0;
                for (int p = 0; p < 2 * kPixels; ++p) {
                  const auto bit =
                      pairs ? pixel(o, step, 2 * kPixels * piece + p) : pixel(o, 2 * step + p / kPixels, p % kPixels);
                  m_.store_bits = static_cast<std::uint16_t>(m_.store_bits | bit << p);
                }
                Step();
              }
            }
          }
          m_.store = 0;
          m_.band_done = 1;
          Step();
          m_.band_done = 0;
          half = !half;
        }
      }
    }
    for (int cycle = 0; m_.busy; ++cycle) {
      ASSERT_LT(cycle, 20000) << "does not end";
      Step();
    }
    ASSERT_EQ(held_, 0);
    ASSERT_EQ(left_, 0u) << "a run is not complete";
    ASSERT_EQ(memory_, expected) << channels << " channels, " << height << "x" << width << ", bands of " << band_rows;
  }

 private:
  static constexpr int kPixels = 7;
  static constexpr int kOutputs = 16;
  static constexpr int kSums = 64;
  static constexpr std::size_t kBytes = sizeof(Writer::beat_data);

  void Step() {
    m_.command_ready = left_ == 0 && Moves(random_);
    m_.beat_ready = left_ > 0 && Moves(random_);
    Settle(m_);
    if (m_.beat_valid && m_.beat_ready) {
      const auto* data = reinterpret_cast<const std::uint8_t*>(&m_.beat_data);
      for (std::size_t b = 0; b < kBytes; ++b) {
        if ((m_.beat_strobe >> b & 1) != 0) {
          memory_.at(at_ + b) = data[b];
        }
      }
      at_ += kBytes;
      --left_;
    }
    if (m_.command_valid && m_.command_ready) {
      at_ = m_.command_address;
      left_ = m_.command_beats;
    }
    held_ -= m_.band_read;
    Edge(m_);
  }

  Writer m_;
  std::mt19937 random_;
  std::vector<std::uint8_t> memory_;
  std::size_t at_ = 0;
  std::size_t left_ = 0;
  int held_ = 0;
};

template <class Writer>
void WritesBands() {
  WriterBench<Writer> bench;
  for (int run = 0; run < 200; ++run) {
    bench.Run();
    ASSERT_FALSE(::testing::Test::HasFatalFailure()) << "run " << run;
  }
}

TEST(TableWriterModule, WritesBandsOfRows) { WritesBands<Vsubbit_table_writer>(); }
TEST(TableWriterModule, WritesBandsOfRowsOn32Bits) { WritesBands<Vsubbit_table_writer_narrow>(); }
TEST(TableWriterModule, WritesBandsOfRowsOn128Bits) { WritesBands<Vsubbit_table_writer_wide>(); }

/// Layers that tables take, and such that differ from one in what tables alone refuse.
/// Gives one byte another value, but not those that the device answers in.
void ChangeAByte(DescriptorBytes& bytes, std::mt19937& random) {
  const auto at = static_cast<std::size_t>(random() % bytes.size());
  const bool answer = at >= fields::kStatus.at && at < fields::kStatus.at + 4;
  bytes[at] = static_cast<std::uint8_t>(answer ? bytes[at] : random() % 2 == 0 ? random() % 4 : random());
}

TEST(DescriptorModule, TakesForTablesWhatTheDriverTakes) {
  Capabilities capabilities = RtlCapabilities("tables");
  capabilities.memory_bytes = std::uint64_t{1} << 28;
  std::mt19937 random(3);
  Vsubbit_descriptor_tables m;
  Reset(m);
  std::map<ErrorCode, int> seen;
  for (int run = 0; run < 5000; ++run) {
    LayerDescriptor d;
    d.input_format = random() % 8 == 0 ? InputFormat::kS8 : InputFormat::kBits;
    d.output_format = random() % 8 == 0 ? OutputFormat::kI32 : OutputFormat::kBits;
    d.mode = random() % 8 == 0 ? Mode::kDirect : Mode::kTable;
    d.tau = static_cast<std::uint8_t>(Between(random, 1, 6));
    d.in_channels = static_cast<std::uint32_t>(Between(random, 1, random() % 2 == 0 ? 512 : 70));
    d.out_channels = static_cast<std::uint32_t>(Between(random, 1, 512));
    d.in_height = static_cast<std::uint32_t>(Between(random, 3, random() % 8 == 0 ? 65535 : 40));
    d.in_width = static_cast<std::uint32_t>(Between(random, 3, 58));
    d.out_height = d.in_height - 2;
    d.out_width = d.in_width - 2;
    d.input_address = 64;
    d.output_address = std::uint64_t{1} << 27;
    // Now and then the index ends just behind device memory, or the output just before it.
    d.index_address =
        capabilities.memory_bytes - IndexBytes(d, IndexOrder::kTables) / 64 * 64 - (random() % 4 == 0 ? 0 : 64);
    d.codebook_address = 1 << 26;
    d.multiplier_address = d.output_format == OutputFormat::kBits ? (1 << 26) + 4096 : 0;
    d.bias_address = random() % 8 == 0 ? 1 << 25 : 0;
    const ErrorCode expected = d.Validate(capabilities);
    ASSERT_EQ(Judge(m, Encode(d, random)), expected)
        << "run " << run << ", " << d.in_channels << " channels of " << d.in_height << "x" << d.in_width;
    ++seen[expected];
    if (expected == ErrorCode::kNone) {
      EXPECT_EQ(GetLayer(m.layer, "index_bytes"), static_cast<std::int64_t>(IndexBytes(d, IndexOrder::kTables)));
      EXPECT_EQ(GetLayer(m.layer, "row_places"), (d.in_height + 2) / 3);
    }
  }
  for (const auto error : {ErrorCode::kNone, ErrorCode::kUnsupported, ErrorCode::kShape, ErrorCode::kAddress}) {
    EXPECT_GT(seen[error], 100) << Describe(error);
  }
}

/// A classifier that tables take.
LayerDescriptor Classifier(std::mt19937& random) {
  LayerDescriptor d;
  d.version = 3;
  d.input_format = {};
  d.output_format = {};
  d.tau = 0;
  d.batch = static_cast<std::uint32_t>(Between(random, 1, 9));
  d.in_channels = static_cast<std::uint32_t>(Between(random, 1, 512));
  d.out_channels = static_cast<std::uint32_t>(Between(random, 1, random() % 8 == 0 ? 65535 : 1000));
  d.in_height = static_cast<std::uint32_t>(Between(random, 1, 16));
  d.in_width = static_cast<std::uint32_t>(Between(random, 1, 16));
  d.integer.emplace().kind = Kind::kClassifier;
  d.integer->value_bits = 0;
  d.integer->shift = static_cast<std::uint8_t>(random() % 16);
  d.input_address = 64;
  d.output_address = std::uint64_t{1} << 27;
  d.index_address = (std::uint64_t{1} << 28) - d.dense_bytes() / 64 * 64;
  return d;
}

/// An integer convolution that tables take.
LayerDescriptor IntegerConv(std::mt19937& random) {
  LayerDescriptor d;
  d.version = 3;
  d.input_format = {};
  d.output_format = {};
  IntegerStage& stage = d.integer.emplace();
  d.tau = static_cast<std::uint8_t>(Between(random, 1, 5));
  d.batch = static_cast<std::uint32_t>(Between(random, 1, 9));
  d.stride_h = static_cast<std::uint16_t>(Between(random, 1, 2));
  d.stride_w = static_cast<std::uint16_t>(Between(random, 1, 2));
  d.pad_top = d.pad_left = d.pad_bottom = d.pad_right = static_cast<std::uint16_t>(Between(random, 1, 2));
  d.in_height = static_cast<std::uint32_t>(Between(random, 1, 40));
  d.in_width = static_cast<std::uint32_t>(Between(random, 1, 54));
  // At times as many channels as just fit.
  const auto most = static_cast<int>(1536 / ((d.in_height + 2) / 3));
  d.in_channels =
      static_cast<std::uint32_t>(random() % 4 == 0 ? std::min(512, most) : Between(random, 1, std::min(512, most)));
  d.out_channels = static_cast<std::uint32_t>(Between(random, 1, 512));
  const ImageSize out = d.OutputSize({d.in_height, d.in_width});
  d.out_height = out.height;
  d.out_width = out.width;
  while (stage.shift < 11 && std::uint64_t{18} * d.in_channels << stage.shift <= 32767 && random() % 8 != 0) {
    ++stage.shift;
  }
  stage.value_bits = static_cast<std::uint8_t>(Between(random, 9, 16));
  // Regions one behind the other, the last at the end of device memory.
  std::uint64_t end = std::uint64_t{1} << 28;
  const auto place = [&](std::uint64_t bytes) { return end = (end - bytes) / 64 * 64; };
  d.adds_residual = random() % 2 == 0;
  stage.slope_shift = static_cast<std::uint8_t>(d.adds_residual ? Between(random, 0, 3) : 0);
  stage.gives_signs = random() % 2 == 0;
  d.signs_address = stage.gives_signs ? place(d.batch * d.signs_image_bytes()) : 0;
  d.output_address = place(d.batch * d.output_image_bytes());
  d.residual_address = d.adds_residual ? place(d.batch * d.output_image_bytes()) : 0;
  d.input_address = place(d.batch * d.input_image_bytes());
  d.multiplier_address = place(d.parameter_bytes());
  d.codebook_address = place(d.codebook_bytes());
  d.index_address = place(IndexBytes(d, IndexOrder::kTables));
  return d;
}

/// A stem or shortcut that tables take.
LayerDescriptor StemOrShortcut(std::mt19937& random) {
  for (;;) {
    LayerDescriptor d;
    d.version = 3;
    d.input_format = {};
    d.output_format = {};
    d.tau = 0;
    IntegerStage& stage = d.integer.emplace();
    stage.kind = random() % 2 == 0 ? Kind::kStem : Kind::kShortcut;
    const bool stem = stage.kind == Kind::kStem;
    stage.beside = stem && random() % 2 == 0 ? 1 : 0;
    d.batch = static_cast<std::uint32_t>(Between(random, 1, 9));
    d.in_height = static_cast<std::uint32_t>(Between(random, 1, random() % 8 == 0 ? 65535 : 200));
    d.in_width = static_cast<std::uint32_t>(Between(random, 1, stem ? 256 : 56));
    d.out_channels = static_cast<std::uint32_t>(Between(random, 1, random() % 2 == 0 ? 512 : 64));
    stage.shift = static_cast<std::uint8_t>(Between(random, 1, stem ? 17 : 23));
    stage.value_bits = static_cast<std::uint8_t>(Between(random, 9, 16));
    stage.gives_signs = random() % 2 == 0;
    if (stem) {
      d.in_channels = static_cast<std::uint32_t>(Between(random, 1, 4));
      stage.kernel = static_cast<std::uint8_t>(Between(random, 1, 8));
      for (std::uint16_t* stride : {&d.stride_h, &d.stride_w}) {
        *stride = static_cast<std::uint16_t>(Between(random, 1, stage.kernel));
      }
      for (std::uint16_t* pad : {&d.pad_top, &d.pad_left, &d.pad_bottom, &d.pad_right}) {
        *pad = static_cast<std::uint16_t>(Between(random, 0, stage.kernel - 1));
      }
      if (d.stride_w == contract::kMaxKernel) {
        d.pad_left = static_cast<std::uint16_t>(d.pad_left / 2 * 2);
      }
      stage.taps = static_cast<std::uint16_t>(Between(random, 1, contract::kStemTaps));
      for (std::size_t axis = 0; axis < 2; ++axis) {
        stage.pool[axis] = static_cast<std::uint8_t>(Between(random, 1, 3));
        stage.pool_strides[axis] =
            static_cast<std::uint8_t>(Between(random, std::max(1, stage.pool[axis] - 1), stage.pool[axis]));
        stage.pool_pads[axis] = static_cast<std::uint8_t>(Between(random, 0, stage.pool[axis] - 1));
        stage.pool_pads[axis + 2] = static_cast<std::uint8_t>(Between(random, 0, stage.pool[axis] - 1));
      }
    } else {
      stage.pool[0] = stage.pool[1] = static_cast<std::uint8_t>(Between(random, 1, 2));
      stage.pool_strides = stage.pool;
      // At times as many channels as just fit.
      const int pairs = (static_cast<int>(d.in_width) / stage.pool[0] + 2) / 2;
      const int most = std::min(256, 2048 / pairs);
      d.in_channels = static_cast<std::uint32_t>(random() % 4 == 0 ? most : Between(random, 1, most));
    }
    const ImageSize out = d.OutputSize({d.in_height, d.in_width});
    d.out_height = out.height;
    d.out_width = out.width;
    Capabilities capabilities = RtlCapabilities("tables");
    capabilities.memory_bytes = std::uint64_t{1} << 28;
    // Regions one behind the other, the last at the end of device memory.
    std::uint64_t end = capabilities.memory_bytes;
    const auto place = [&](std::uint64_t bytes) { return end = (end - bytes) / 64 * 64; };
    if (d.ValidateImages(capabilities) == ErrorCode::kNone &&
        d.batch * (d.input_image_bytes() + 2 * d.output_image_bytes()) < std::uint64_t{1} << 27) {
      d.signs_address = stage.gives_signs ? place(d.batch * d.signs_image_bytes()) : 0;
      d.output_address = place(d.batch * d.output_image_bytes());
      d.input_address = place(d.batch * d.input_image_bytes());
      d.multiplier_address = place(d.parameter_bytes());
      d.codebook_address = stem ? place(d.stem_codebook_bytes()) : 0;
      d.index_address = place(d.dense_bytes());
      return d;
    }
  }
}

/// Judges descriptors as the driver does, three of four of them with another byte: all kinds of errors come at least
/// `least` times. `change` may change the bytes of a run further, and `check` looks at a descriptor that was taken.
template <typename Make, typename Change, typename Check>
void ExpectTheDriversJudgement(std::uint32_t seed, int runs, int least, Make&& make, Change&& change, Check&& check) {
  Capabilities capabilities = RtlCapabilities("tables");
  capabilities.memory_bytes = std::uint64_t{1} << 28;
  std::mt19937 random(seed);
  Vsubbit_descriptor_tables m;
  Reset(m);
  std::map<ErrorCode, int> seen;
  for (int run = 0; run < runs; ++run) {
    DescriptorBytes bytes = Encode(make(random), random);
    if (run % 4 != 0) {
      ChangeAByte(bytes, random);
    }
    change(run, bytes, random);
    LayerDescriptor d;
    const ErrorCode expected = ExpectedError(bytes, capabilities, &d);
    ASSERT_EQ(Judge(m, bytes), expected) << "run " << run;
    ++seen[expected];
    if (expected == ErrorCode::kNone && d.integer.has_value()) {
      SCOPED_TRACE("run " + std::to_string(run));
      ASSERT_NO_FATAL_FAILURE(check(m, d));
    }
  }
  for (const auto error :
       {ErrorCode::kNone, ErrorCode::kHeader, ErrorCode::kUnsupported, ErrorCode::kShape, ErrorCode::kAddress}) {
    EXPECT_GT(seen[error], least) << Describe(error);
  }
}

void ExpectFields(Vsubbit_descriptor_tables& m, const LayerDescriptor& d, const std::set<std::string>& others) {
  for (const auto& [name, value] : LayerFields(d, {14, 512, 1536})) {
    ASSERT_TRUE(others.count(name) != 0 || GetLayer(m.layer, name) == value)
        << name << " is " << GetLayer(m.layer, name) << ", not " << value;
  }
}

constexpr auto kNoFurtherChange = [](int, DescriptorBytes&, std::mt19937&) {};

TEST(DescriptorModule, JudgesStemsAndShortcutsAsTheDriverDoesWhateverIsWrong) {
  ExpectTheDriversJudgement(
      6, 20000, 200, StemOrShortcut, kNoFurtherChange, [](Vsubbit_descriptor_tables& m, const LayerDescriptor& d) {
        if (d.integer->kind == Kind::kConv) {
          return;
        }
        // What other engines read; a stem's strides and pads have fields of their own.
        ExpectFields(
            m, d, {"slots", "tile_rows", "tile_columns", "row_places", "stride_h", "stride_w", "pad_top", "pad_left"});
      });
}

TEST(DescriptorModule, JudgesIntegerConvolutionsAsTheDriverDoesWhateverIsWrong) {
  // An address is often moved by a little, into its neighbours.
  const auto move_an_address = [](int run, DescriptorBytes& bytes, std::mt19937& random) {
    if (run % 4 != 1) {
      return;
    }
    const std::size_t addresses[] = {fields::kInputAddress.at,      fields::kOutputAddress.at,
                                     fields::kIndexAddress.at,      fields::kCodebookAddress.at,
                                     fields::kMultiplierAddress.at, fields::kResidualAddress.at,
                                     fields::kSignsAddress.at};
    std::uint64_t address = 0;
    std::memcpy(&address, &bytes[addresses[random() % 7]], sizeof address);
    address += 64 * static_cast<std::uint64_t>(Between(random, -2, 2));
    std::memcpy(&bytes[addresses[random() % 7]], &address, sizeof address);
  };
  ExpectTheDriversJudgement(
      5, 20000, 200, IntegerConv, move_an_address, [](Vsubbit_descriptor_tables& m, const LayerDescriptor& d) {
        if (d.integer->kind != Kind::kConv) {
          return;
        }
        // What an engine with sums alone reads.
        ExpectFields(m, d, {"slots", "tile_rows", "tile_columns", "index_plane_bytes", "index_bytes"});
        ASSERT_EQ(GetLayer(m.layer, "index_bytes"), static_cast<std::int64_t>(IndexBytes(d, IndexOrder::kTables)));
      });
}

TEST(DescriptorModule, JudgesClassifiersAsTheDriverDoesWhateverIsWrong) {
  // The byte may also be one that the driver does not look at.
  ExpectTheDriversJudgement(
      4, 6000, 50, Classifier, kNoFurtherChange, [](Vsubbit_descriptor_tables& m, const LayerDescriptor& d) {
        ASSERT_EQ(GetLayer(m.layer, "classifier"), 1);
        ASSERT_EQ(GetLayer(m.layer, "shift"), d.integer->shift);
        ASSERT_EQ(GetLayer(m.layer, "row_bytes"), static_cast<std::int64_t>(d.input_row_bytes()));
        ASSERT_EQ(GetLayer(m.layer, "in_image_bytes"), static_cast<std::int64_t>(d.input_image_bytes()));
        ASSERT_EQ(GetLayer(m.layer, "out_image_bytes"), static_cast<std::int64_t>(d.output_image_bytes()));
      });
}

}  // namespace
}  // namespace subbit::fpga
