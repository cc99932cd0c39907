// Runs an ONNX model once in ONNX Runtime for Node.js, with nothing of Subbit installed.
// usage: node run.js MODEL TYPE SHAPE INPUT OUTPUT   (TYPE float32 or uint8, SHAPE like 1x24x12x12, raw little-endian files)
const fs = require('fs');
const ort = require('onnxruntime-node');

async function main([model, type, shape, input, output]) {
  const bytes = fs.readFileSync(input);
  const data = type === 'float32'
    ? new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
    : new Uint8Array(bytes);
  const session = await ort.InferenceSession.create(model);
  const x = new ort.Tensor(type, data, shape.split('x').map(Number));
  const results = await session.run({ [session.inputNames[0]]: x });
  const y = results[session.outputNames[0]].data;
  fs.writeFileSync(output, Buffer.from(y.buffer, y.byteOffset, y.byteLength));
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exit(1);
});
