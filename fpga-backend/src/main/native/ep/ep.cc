#include "ep/ep.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "driver/backends.h"
#include "ep/conv_graph.h"
#include "ep/network_compute.h"
#include "ep/network_node.h"
#include "ep/node_compute.h"

namespace subbit::fpga {
namespace {

/// How long a device may take for one request if the session does not say.
constexpr std::chrono::milliseconds kDefaultTimeout{30000};

std::chrono::milliseconds ReadTimeout(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  constexpr std::int64_t kMost = 24 * 60 * 60 * 1000;
  if (error != std::errc() || end != text.data() + text.size() || value < 1 || value > kMost) {
    throw std::invalid_argument("Provider option 'timeout_ms' is '" + text + "'; allowed are 1 to " +
                                std::to_string(kMost) + " milliseconds.");
  }
  return std::chrono::milliseconds(value);
}

bool ReadFallback(const std::string& text) {
  if (text != "none" && text != "cpu") {
    throw std::invalid_argument("Provider option 'fallback' is '" + text + "'; allowed are: none, cpu.");
  }
  return text == "cpu";
}

}  // namespace

EpOptions EpOptions::Read(const OrtSessionOptions& options) {
  const Ort::ConstSessionOptions session{&options};
  const std::string prefix = kOptionPrefix;
  const std::string backend = session.GetConfigEntryOrDefault((prefix + "backend").c_str(), kAutoBackend);
  const std::string timeout = session.GetConfigEntryOrDefault((prefix + "timeout_ms").c_str(), "");
  const std::string fallback = session.GetConfigEntryOrDefault((prefix + "fallback").c_str(), "none");
  return {ChooseBackend(backend), timeout.empty() ? kDefaultTimeout : ReadTimeout(timeout), ReadFallback(fallback)};
}

Ep::Ep(std::shared_ptr<Driver> driver, const EpOptions& options, const OrtEpApi& ep_api, const OrtLogger& logger)
    : OrtEp{},
      driver_(std::move(driver)),
      timeout_(options.timeout),
      fallback_(std::make_shared<Fallback>(options.fallback_to_cpu, logger)),
      ep_api_(ep_api),
      logger_(&logger) {
  ort_version_supported = kOrtApiVersion;
  GetName = GetNameImpl;
  GetCapability = GetCapabilityImpl;
  Compile = CompileImpl;
  ReleaseNodeComputeInfos = ReleaseNodeComputeInfosImpl;
}

const char* ORT_API_CALL Ep::GetNameImpl(const OrtEp*) noexcept { return kEpName; }

OrtStatus* ORT_API_CALL Ep::GetCapabilityImpl(OrtEp* self, const OrtGraph* graph,
                                              OrtEpGraphSupportInfo* support) noexcept {
  return AsStatus([&] { static_cast<Ep*>(self)->Claim(graph, support); });
}

void Ep::Claim(const OrtGraph* graph, OrtEpGraphSupportInfo* support) {
  const auto takes = [this](const Ort::ConstNode& node) { return Takes(node); };
  for (const std::vector<Ort::ConstNode>& group : GroupsToClaim(Ort::ConstGraph{graph}, takes)) {
    Claim(group, support);
  }
  for (const NetworkNodes& network : FindNetworks(Ort::ConstGraph{graph})) {
    if (Takes(network)) {
      Claim(network.All(), support);
    }
  }
}

void Ep::Claim(const std::vector<Ort::ConstNode>& nodes, OrtEpGraphSupportInfo* support) {
  OrtNodeFusionOptions options{};
  options.ort_version_supported = kOrtApiVersion;
  // The weights live in device memory; ONNX Runtime need not keep them, and the fused node has variable inputs only.
  options.drop_constant_initializers = true;
  const std::vector<const OrtNode*> claimed(nodes.begin(), nodes.end());
  Ort::ThrowOnError(ep_api_.EpGraphSupportInfo_AddNodesToFuse(support, claimed.data(), claimed.size(), &options));
  const std::string message = "SubBitFpga takes " + std::to_string(nodes.size()) + " node" +
                              (nodes.size() == 1 ? "" : "s as one request") + ", '" + nodes.front().GetName() +
                              "' first";
  ORT_CXX_LOG_NOEXCEPT(logger_, ORT_LOGGING_LEVEL_INFO, message.c_str());
}

bool Ep::Takes(const Ort::ConstNode& node) {
  // The function body of a node on packed signs has a BinarySubBitConv, which will be offered next.
  return IsTaken(node, ReadsPackedSigns(node) ? "' to its function body: " : "' to the CPU: ", [&] {
    return driver_->WhyNot(ReadConvNode(node, &filled_).layer);
  });
}

bool Ep::Takes(const NetworkNodes& nodes) {
  return IsTaken(nodes.network, "' to its function body: ", [&] {
    for (const DeviceLayer& layer : ReadNetwork(nodes).device_layers) {
      const std::string reason = std::visit([&](const auto& of_kind) { return driver_->WhyNot(of_kind); }, layer.layer);
      if (!reason.empty()) {
        return layer.op.type + " of " + layer.op.node + ": " + reason;
      }
    }
    return std::string();
  });
}

bool Ep::IsTaken(const Ort::ConstNode& node, const char* to, const std::function<std::string()>& why_not) {
  std::string reason;
  try {
    reason = why_not();
  } catch (const NodeNotTaken& e) {
    reason = e.what();
  } catch (const NetworkNotTaken& e) {
    reason = e.what();
  } catch (const InvalidOperator& e) {
    reason = e.what();
  }
  if (reason.empty()) {
    return true;
  }
  const std::string message = "SubBitFpga leaves node '" + node.GetName() + to + reason;
  ORT_CXX_LOG_NOEXCEPT(logger_, ORT_LOGGING_LEVEL_WARNING, message.c_str());
  return false;
}

OrtStatus* ORT_API_CALL Ep::CompileImpl(OrtEp* self, const OrtGraph** graphs, const OrtNode** fused_nodes, size_t count,
                                        OrtNodeComputeInfo** compute_infos, OrtNode**) noexcept {
  return AsStatus([&] {
    auto* ep = static_cast<Ep*>(self);
    std::vector<std::unique_ptr<ComputeInfo>> compiled;
    for (size_t i = 0; i < count; ++i) {
      if (std::optional<NetworkNodes> network = FindNetwork(Ort::ConstGraph{graphs[i]}.GetNodes())) {
        compiled.push_back(
            std::make_unique<NetworkCompute>(ep->driver_, ReadNetwork(*network), ep->timeout_, ep->fallback_));
        continue;
      }
      ConvGraph graph = ReadConvGraph(Ort::ConstGraph{graphs[i]}, Ort::ConstNode{fused_nodes[i]}, &ep->filled_);
      compiled.push_back(std::make_unique<NodeCompute>(ep->driver_, std::move(graph), ep->timeout_, ep->fallback_));
    }
    for (size_t i = 0; i < count; ++i) {
      compute_infos[i] = compiled[i].release();
    }
  });
}

void ORT_API_CALL Ep::ReleaseNodeComputeInfosImpl(OrtEp*, OrtNodeComputeInfo** compute_infos, size_t count) noexcept {
  for (size_t i = 0; i < count; ++i) {
    delete static_cast<ComputeInfo*>(compute_infos[i]);
  }
}

}  // namespace subbit::fpga
