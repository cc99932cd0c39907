#!/usr/bin/env bash
# A ResNet and a MobileNet of another framework, trained on Fashion-MNIST, made sub-bit (0.56 bits per weight), and trained on by labels for
# as many epochs as they had as float networks. Prints the test accuracy of both, and of the float network trained for all these epochs.
#
#     integration-tests/foreign-networks/labels.sh FASHION_MNIST_FOLDER OUT_FOLDER [EPOCHS [IMAGES]]
#
# EPOCHS is 10 unless given, and IMAGES 60000, all of the published data. PYTHON names an interpreter with what make.py needs.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
data="$1" out="$2" epochs="${3:-10}" images="${4:-60000}"
make="$here/make.py"
python="${PYTHON:-python3}"

for network in resnet mobilenet; do
  "$python" "$make" "$network" "$data" "$out/twice" $((2 * epochs)) "$images"
  "$python" "$make" "$network" "$data" "$out" "$epochs" "$images"
  "$here/../../subbit" quantize "$out/$network.onnx" "$out/$network-subbit.onnx" --data "$data" \
    --tune "$epochs" --tune-images "$images" --labels 1 --tune-batch-norm
  "$python" "$make" accuracy "$data" "$out/$network.onnx" "$out/twice/$network.onnx" "$out/$network-subbit.onnx"
done
