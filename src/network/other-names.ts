/** What other programs call layers and their fields, and what is written for them here. */
import { nearestName } from "../text/nearest-name.ts";
import { valueInWords } from "../text/value-in-words.ts";

type Names = Readonly<Record<string, string>>;

/** Layers and fields of the same meaning, where the nearest name would not lead there. */
const renamed: Names = {
  linear: "dense",
  batchnormalization: "batchNorm",
  bn: "batchNorm",
  maxpooling2d: "maxPool",
  avgpool2d: "averagePool",
  averagepooling2d: "averagePool",
  adaptiveavgpool2d: "globalAveragePool",
  gap: "globalAveragePool",
  globalmaxpooling2d: "globalMaxPool",
  adaptivemaxpool2d: "globalMaxPool",
  gem: "generalizedMeanPool",
  blurpool2d: "blurPool",
  rescaling: "normalize",
  rectifier: "relu",
  leakyrelu: "leakyRelu",
  swish: "silu",
  hardswish: "hardSwish",
  hardsilu: "hardSwish",
  hardsigmoid: "hardSigmoid",
  negativeslope: "slope",
  alpha: "slope",
  poolsize: "kernel",
  cat: "concatenate",
  concat: "concatenate",
};

/** Layers that are written in another way, or not at all. */
const otherLayers: Names = {
  softmax: "leave it out, as the last layer gives logits: the loss and model.onnx apply the softmax",
  input: "leave it out: the network's own field input gives the height and the width",
  inputlayer: "leave it out: the network's own field input gives the height and the width",
  prelu: "its slope is not learned here; take leakyRelu",
  selu: "take elu, behind a batchNorm",
  mish: "take silu, which is close to it",
  activation: 'an activation is a layer of its own kind, such as {"kind": "relu"}',
  depthwiseconv2d: "take a conv2d with as many groups as channels",
  separableconv2d: "take a conv2d with as many groups as channels, then a conv2d with a kernel of 1",
  add: "take a residual, which adds the outputs of its body and its shortcut",
  multiply: "take a gate, which multiplies its input by what its body gives",
};

const otherFields: Names = {
  activation: "an activation is a layer of its own: put relu or another one behind it, and nothing for softmax",
  inputshape: "the network's own field input gives the height and the width",
};

const plain = (name: string): string => name.toLowerCase().replace(/[-_\s]/g, "");

const own = (names: Names, key: string): string | undefined => (Object.hasOwn(names, key) ? names[key] : undefined);

function sentence(what: string, given: string, names: readonly string[], takes: string, others: Names): string {
  const key = plain(given);
  const same = own(renamed, key);
  const near = same !== undefined && names.includes(same) ? same : nearestName(given, names);
  const cure = own(others, key) ?? (near === undefined ? takes : `did you mean ${near}?`);
  return `unknown ${what} ${valueInWords(given)}; ${cure}`;
}

/** A sentence on a kind of layer that there is not. */
export const unknownLayer = (given: string, names: readonly string[], takes: string): string =>
  sentence("layer", given, names, takes, otherLayers);

/** A sentence on a field or an option that a layer does not take. */
export const unknownField = (what: string, given: string, names: readonly string[], takes: string): string =>
  sentence(what, given, names, takes, otherFields);
