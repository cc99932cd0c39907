#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "driver/driver.h"
#include "ep/conv_node.h"
#include "ep/fallback.h"
#include "ep/network_node.h"
#include "ep/ort_api.h"

namespace subbit::fpga {

/// The provider's options in a session.
struct EpOptions {
  /// Result of ChooseBackend.
  std::string backend;
  std::chrono::milliseconds timeout;
  /// Whether a request that the device fails is completed on the CPU.
  bool fallback_to_cpu;

  /// Reads the session's entries `ep.subbitfpga.backend`, `.timeout_ms` and `.fallback` ("none", the default, or
  /// "cpu"). Throws for unknown or unavailable backends, for a time-out that is not a positive number and for another
  /// fallback; the message names the option.
  static EpOptions Read(const OrtSessionOptions& options);
};

/// The execution provider of one session: claims the nodes that its device can run, and compiles them. Nodes that are
/// connected by 8 bits or signs are claimed as one subgraph, whose tensors stay in device memory; an integer network is
/// claimed whole.
class Ep final : public OrtEp {
 public:
  Ep(std::shared_ptr<Driver> driver, const EpOptions& options, const OrtEpApi& ep_api, const OrtLogger& logger);

 private:
  static const char* ORT_API_CALL GetNameImpl(const OrtEp* self) noexcept;
  static OrtStatus* ORT_API_CALL GetCapabilityImpl(OrtEp* self, const OrtGraph* graph,
                                                   OrtEpGraphSupportInfo* support) noexcept;
  static OrtStatus* ORT_API_CALL CompileImpl(OrtEp* self, const OrtGraph** graphs, const OrtNode** fused_nodes,
                                             size_t count, OrtNodeComputeInfo** compute_infos,
                                             OrtNode** context_nodes) noexcept;
  static void ORT_API_CALL ReleaseNodeComputeInfosImpl(OrtEp* self, OrtNodeComputeInfo** compute_infos,
                                                       size_t count) noexcept;

  void Claim(const OrtGraph* graph, OrtEpGraphSupportInfo* support);
  void Claim(const std::vector<Ort::ConstNode>& nodes, OrtEpGraphSupportInfo* support);
  bool Takes(const Ort::ConstNode& node);
  bool Takes(const NetworkNodes& nodes);
  /// Whether why_not() returns nothing; otherwise, and if it throws because of the node, logs where the node goes.
  bool IsTaken(const Ort::ConstNode& node, const char* to, const std::function<std::string()>& why_not);

  std::shared_ptr<Driver> driver_;
  std::chrono::milliseconds timeout_;
  std::shared_ptr<Fallback> fallback_;
  const OrtEpApi& ep_api_;
  Ort::Logger logger_;
  /// Seen while nodes were claimed. A session is made by one thread.
  FilledTensors filled_;
};

}  // namespace subbit::fpga
