#include <onnxruntime_c_api.h>

#include <map>
#include <memory>
#include <mutex>

#include "core/isa.h"
#include "ort/custom_op.h"
#include "ort/definitions.h"
#include "ort/status.h"

namespace subbit::ort {
namespace {

constexpr char kDomain[] = "dev.subbit";
/// Marks session options that hold the domain already: ONNX Runtime would refuse the domain a second time, but only
/// when the session is made.
constexpr char kRegisteredKey[] = "subbit.ops.registered";

/// The domain with its operators. ONNX Runtime keeps pointers to both for as long as any session lives, so they are
/// never freed.
class Domain {
 public:
  explicit Domain(const OrtApi& api)
      : sub_bit_(api),
        binary_(api),
        qlinear_u8_(api),
        qlinear_i8_(api),
        pack_signs_(api),
        packed_binary_(api),
        block_(api) {
    Check(api, api.CreateCustomOpDomain(kDomain, &domain_));
    for (const OrtCustomOp* op : std::initializer_list<const OrtCustomOp*>{
             &sub_bit_, &binary_, &qlinear_u8_, &qlinear_i8_, &pack_signs_, &packed_binary_, &block_}) {
      Check(api, api.CustomOpDomain_Add(domain_, op));
    }
  }

  OrtCustomOpDomain* get() const { return domain_; }

 private:
  CustomOp<SubBitConvDefinition> sub_bit_;
  CustomOp<BinarySubBitConvDefinition> binary_;
  CustomOp<QLinearSubBitConvDefinition<std::uint8_t>> qlinear_u8_;
  CustomOp<QLinearSubBitConvDefinition<std::int8_t>> qlinear_i8_;
  CustomOp<PackSignsDefinition> pack_signs_;
  CustomOp<PackedBinarySubBitConvDefinition> packed_binary_;
  CustomOp<BinarySubBitBlockDefinition> block_;
  OrtCustomOpDomain* domain_ = nullptr;
};

/// The one domain of each ONNX Runtime in this process (there is more than one only if several are loaded).
OrtCustomOpDomain* DomainFor(const OrtApi& api) {
  static std::mutex mutex;
  static auto& domains = *new std::map<const OrtApi*, Domain*>;
  const std::lock_guard<std::mutex> lock(mutex);
  Domain*& domain = domains[&api];
  if (domain == nullptr) domain = new Domain(api);
  return domain->get();
}

void Register(const OrtApi& api, OrtSessionOptions* options) {
  ChosenIsa();  // a wrong SUBBIT_ISA is reported here, before any model is read
  int registered = 0;
  Check(api, api.HasSessionConfigEntry(options, kRegisteredKey, &registered));
  if (registered != 0) return;
  Check(api, api.AddCustomOpDomain(options, DomainFor(api)));
  Check(api, api.AddSessionConfigEntry(options, kRegisteredKey, "1"));
}

}  // namespace
}  // namespace subbit::ort

/// The entry point that SessionOptions.registerCustomOpLibrary calls: adds the operators of domain dev.subbit to
/// `options`. A second call with the same options does nothing. Thread-safe for different options.
extern "C" __attribute__((visibility("default"))) OrtStatus* ORT_API_CALL RegisterCustomOps(OrtSessionOptions* options,
                                                                                            const OrtApiBase* base) {
  const OrtApi* api = base->GetApi(subbit::ort::kApiVersion);
  if (api == nullptr) {
    // The oldest table holds CreateStatus at the same place as every later one.
    return base->GetApi(1)->CreateStatus(ORT_NOT_IMPLEMENTED,
                                         "Subbit's operators need ONNX Runtime 1.24 or newer; update onnxruntime");
  }
  return subbit::ort::Guard(*api, [&] { subbit::ort::Register(*api, options); });
}
