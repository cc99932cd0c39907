// Runs ONNX models in ONNX Runtime for JavaScript, with nothing of Subbit installed.
// usage: node run.js run MODEL TYPE SHAPE INPUT OUTPUT
//        node run.js all PACKAGE FOLDER
// run: one run in onnxruntime-node; TYPE is float32 or uint8, SHAPE like 1x24x12x12, files raw and little-endian.
// all: every model that FOLDER/cases.txt lists, in PACKAGE (onnxruntime-node or onnxruntime-web), as run.py does it;
// prints the package's version.
const fs = require('fs');
const path = require('path');

async function output(ort, model, type, shape, input) {
  const bytes = fs.readFileSync(input);
  const data = type === 'float32'
    ? new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
    : new Uint8Array(bytes);
  const session = await ort.InferenceSession.create(model);
  const x = new ort.Tensor(type, data, shape.split('x').map(Number));
  const results = await session.run({ [session.inputNames[0]]: x });
  const y = results[session.outputNames[0]].data;
  return Buffer.from(y.buffer, y.byteOffset, y.byteLength);
}

async function all(name, folder) {
  const ort = require(name);
  if (ort.env.wasm !== undefined) {
    ort.env.wasm.numThreads = 1;
  }
  for (const line of fs.readFileSync(path.join(folder, 'cases.txt'), 'utf8').trim().split('\n')) {
    const [model, type, shape, input] = line.split(' ');
    const to = path.join(folder, `${model}.${name}`);
    try {
      const bytes = fs.readFileSync(path.join(folder, `${model}.onnx`));
      fs.writeFileSync(`${to}.output`, await output(ort, bytes, type, shape, path.join(folder, input)));
    } catch (error) {
      fs.writeFileSync(`${to}.error`, String(error));
    }
  }
  const file = require.resolve(name);
  const root = file.slice(0, file.lastIndexOf(`${name}${path.sep}`) + name.length);
  console.log(JSON.parse(fs.readFileSync(path.join(root, 'package.json'))).version);
}

async function main([command, ...rest]) {
  if (command === 'all') {
    await all(...rest);
  } else {
    const [model, type, shape, input, to] = rest;
    fs.writeFileSync(to, await output(require('onnxruntime-node'), model, type, shape, input));
  }
}

main(process.argv.slice(2)).then(() => process.exit(0), (error) => {
  console.error(error);
  process.exit(1);
});
