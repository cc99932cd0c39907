#include <onnxruntime_c_api.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "core/kernel/isa.h"
#include "library/export.h"
#include "ort/custom_op.h"
#include "ort/definitions.h"
#include "ort/status.h"

namespace subbit::ort {
namespace {

/// Marks session options that hold the domain already: ONNX Runtime would refuse the domain a second time, but only
/// when the session is made.
constexpr char kRegisteredKey[] = "subbit.ops.registered";

/// A session configuration entry: where it is "0", the operators on packed signs and those of integer networks get no
/// kernels, so that ONNX Runtime takes their function bodies and offers the BinarySubBitConv in these to an execution
/// provider.
constexpr char kPackedSignsKey[] = "subbit.ops.packed_signs";

/// The operators and two domains that offer them: all of them, and those without packed signs and integer networks.
/// ONNX Runtime keeps pointers to these for as long as any session lives, so they are never freed.
class Domains {
 public:
  explicit Domains(const OrtApi& api)
      : sub_bit_(api),
        staged_(api),
        binary_(api),
        qlinear_u8_(api),
        qlinear_i8_(api),
        qlinear_block_u8_(api),
        qlinear_block_i8_(api),
        pack_signs_(api),
        packed_binary_(api),
        block_(api),
        integer_stem_float_(api),
        integer_stem_u8_(api),
        integer_conv_(api),
        integer_block_(api),
        integer_shortcut_(api),
        integer_classifier_(api),
        integer_network_float_(api),
        integer_network_u8_(api) {
    for (OrtCustomOpDomain** domain : {&all_, &without_packed_signs_}) {
      Check(api, api.CreateCustomOpDomain(operators::kDomain, domain));
      for (const OrtCustomOp* op : std::initializer_list<const OrtCustomOp*>{
               &sub_bit_, &staged_, &binary_, &qlinear_u8_, &qlinear_i8_, &qlinear_block_u8_, &qlinear_block_i8_}) {
        Check(api, api.CustomOpDomain_Add(*domain, op));
      }
    }
    for (const OrtCustomOp* op : std::initializer_list<const OrtCustomOp*>{
             &pack_signs_, &packed_binary_, &block_, &integer_stem_float_, &integer_stem_u8_, &integer_conv_,
             &integer_block_, &integer_shortcut_, &integer_classifier_, &integer_network_float_,
             &integer_network_u8_}) {
      Check(api, api.CustomOpDomain_Add(all_, op));
    }
  }

  OrtCustomOpDomain* all() const { return all_; }
  OrtCustomOpDomain* without_packed_signs() const { return without_packed_signs_; }

 private:
  CustomOp<SubBitConvDefinition> sub_bit_;
  CustomOp<StagedSubBitConvDefinition> staged_;
  CustomOp<BinarySubBitConvDefinition> binary_;
  CustomOp<QLinearSubBitConvDefinition<std::uint8_t>> qlinear_u8_;
  CustomOp<QLinearSubBitConvDefinition<std::int8_t>> qlinear_i8_;
  CustomOp<QLinearSubBitBlockDefinition<std::uint8_t>> qlinear_block_u8_;
  CustomOp<QLinearSubBitBlockDefinition<std::int8_t>> qlinear_block_i8_;
  CustomOp<PackSignsDefinition> pack_signs_;
  CustomOp<PackedBinarySubBitConvDefinition> packed_binary_;
  CustomOp<BinarySubBitBlockDefinition> block_;
  CustomOp<IntegerStemDefinition<float>> integer_stem_float_;
  CustomOp<IntegerStemDefinition<std::uint8_t>> integer_stem_u8_;
  CustomOp<IntegerSubBitConvDefinition> integer_conv_;
  CustomOp<IntegerSubBitBlockDefinition> integer_block_;
  CustomOp<IntegerShortcutDefinition> integer_shortcut_;
  CustomOp<IntegerClassifierDefinition> integer_classifier_;
  CustomOp<IntegerNetworkDefinition<float>> integer_network_float_;
  CustomOp<IntegerNetworkDefinition<std::uint8_t>> integer_network_u8_;
  OrtCustomOpDomain* all_ = nullptr;
  OrtCustomOpDomain* without_packed_signs_ = nullptr;
};

/// The domains of each ONNX Runtime in this process (there is more than one only if several are loaded).
const Domains& DomainsFor(const OrtApi& api) {
  static std::mutex mutex;
  static auto& all = *new std::map<const OrtApi*, Domains*>;
  const std::lock_guard<std::mutex> lock(mutex);
  Domains*& domains = all[&api];
  if (domains == nullptr) domains = new Domains(api);
  return *domains;
}

/// Whether the options hold `key` with the value "0".
bool IsOff(const OrtApi& api, const OrtSessionOptions* options, const char* key) {
  int present = 0;
  Check(api, api.HasSessionConfigEntry(options, key, &present));
  if (present == 0) return false;
  std::size_t size = 0;
  Check(api, api.GetSessionConfigEntry(options, key, nullptr, &size));
  std::string value(size, '\0');
  Check(api, api.GetSessionConfigEntry(options, key, value.data(), &size));
  return value.c_str() == std::string("0");
}

void Register(const OrtApi& api, OrtSessionOptions* options) {
  ChosenIsa();  // a wrong SUBBIT_ISA is reported here, before any model is read
  int registered = 0;
  Check(api, api.HasSessionConfigEntry(options, kRegisteredKey, &registered));
  if (registered != 0) return;
  const Domains& domains = DomainsFor(api);
  const bool packed_signs = !IsOff(api, options, kPackedSignsKey);
  Check(api, api.AddCustomOpDomain(options, packed_signs ? domains.all() : domains.without_packed_signs()));
  Check(api, api.AddSessionConfigEntry(options, kRegisteredKey, "1"));
}

}  // namespace
}  // namespace subbit::ort

/// The entry point that SessionOptions.registerCustomOpLibrary calls: adds the operators of domain dev.subbit to
/// `options`. A second call with the same options does nothing. Thread-safe for different options.
extern "C" SUBBIT_EXPORT OrtStatus* ORT_API_CALL RegisterCustomOps(OrtSessionOptions* options, const OrtApiBase* base) {
  const OrtApi* api = base->GetApi(subbit::ort::kApiVersion);
  if (api == nullptr) {
    // The oldest table holds CreateStatus at the same place as every later one.
    return base->GetApi(1)->CreateStatus(ORT_NOT_IMPLEMENTED,
                                         "Subbit's operators need ONNX Runtime 1.24 or newer; update onnxruntime");
  }
  return subbit::ort::Guard(*api, [&] { subbit::ort::Register(*api, options); });
}
