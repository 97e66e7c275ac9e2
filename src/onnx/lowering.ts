/** How every operation is said in ONNX's operators (operator set 17), in evaluation mode. */
import { eachActivation } from "../network/activations.ts";
import type { GraphNode, Operation } from "../network/graph.ts";
import type { Activation, HeightWidth, Sides } from "../network/layer.ts";
import { luminanceWeights } from "../network/luminance.ts";
import type { ParameterRole } from "../network/parameters.ts";
import { blurWeights, blurWindow } from "../network/pooling.ts";
import { lowerActivation } from "./lower-activation.ts";
import type { Lowered } from "./lowered.ts";
import { elementTypes, type OnnxNode } from "./onnx-format.ts";

interface Site<O extends Operation> {
  readonly node: GraphNode<O>;
  /** Names of the tensors to read. */
  readonly inputs: readonly string[];
}

type LoweringRule<O extends Operation> = (site: Site<O>) => Lowered;

/** The names of those parameters that the node has, in the order of the roles. */
const parameters = (node: GraphNode, ...roles: readonly ParameterRole[]): string[] =>
  roles.flatMap((role) => node.parameters.filter((spec) => spec.role === role).map(({ name }) => name));

interface Window {
  readonly kernel: HeightWidth;
  readonly stride: HeightWidth;
  readonly padding: Sides;
  readonly dilation?: HeightWidth;
}

const windowAttributes = ({ kernel, stride, padding, dilation = [1, 1] }: Window) => ({
  kernel_shape: kernel,
  strides: stride,
  pads: padding,
  ...(dilation.every((step) => step === 1) ? {} : { dilations: dilation }),
});

const single = (
  { node, inputs }: Site<Operation>,
  operator: string,
  attributes: NonNullable<OnnxNode["attributes"]> = {},
  ...roles: readonly ParameterRole[]
): Lowered => ({
  nodes: [
    { name: node.name, operator, inputs: [...inputs, ...parameters(node, ...roles)], outputs: [node.name], attributes },
  ],
  output: node.name,
});

const activation = ({ node, inputs }: Site<Activation>): Lowered =>
  lowerActivation(node.name, inputs[0]!, node.operation);

/** A tensor in another shape, in which 0 is the batch. */
const reshaped = (name: string, input: string, shape: readonly number[]): readonly OnnxNode[] => [
  {
    name: `${name}/shape`,
    operator: "Constant",
    inputs: [],
    outputs: [`${name}/shape`],
    attributes: { value_ints: shape },
  },
  { name, operator: "Reshape", inputs: [input, `${name}/shape`], outputs: [name] },
];

/** A tensor with axes of size 1 behind its own. */
const withAxes = (name: string, input: string, axes: readonly number[]): readonly OnnxNode[] => [
  {
    name: `${name}/axes`,
    operator: "Constant",
    inputs: [],
    outputs: [`${name}/axes`],
    attributes: { value_ints: axes },
  },
  { name, operator: "Unsqueeze", inputs: [input, `${name}/axes`], outputs: [name] },
];

/** A parameter of one number for each channel, such that it is broadcast over the places of a map. */
function overPlaces(node: GraphNode, role: ParameterRole): Lowered {
  const [parameter] = parameters(node, role) as [string];
  const axes = node.shape.slice(1).map((_, axis) => axis + 1);
  if (axes.length === 0) return { nodes: [], output: parameter };
  const seen = `${parameter}/places`;
  return { nodes: withAxes(seen, parameter, axes), output: seen };
}

/** A pooling of whole maps, and its result as vectors. */
const wholeMap = ({ name }: GraphNode, operator: string, inputs: readonly string[]): Lowered => {
  const pooled = `${name}/pooled`;
  return {
    nodes: [
      { name: pooled, operator, inputs, outputs: [pooled] },
      { name, operator: "Flatten", inputs: [pooled], outputs: [name], attributes: { axis: 1 } },
    ],
    output: name,
  };
};

const rules: { readonly [K in Operation["kind"]]: LoweringRule<Extract<Operation, { kind: K }>> } = {
  // (value / 255 - mean) / deviation = value * scale + shift
  normalize: ({ node, inputs }) => {
    const { mean, standardDeviation } = node.operation;
    const name = (part: string) => `${node.name}/${part}`;
    const shape = [1, mean.length, 1, 1];
    const [scale, shift] = [name("scale"), name("shift")];
    const [cast, transpose, scaled] = [name("cast"), name("transpose"), name("scaled")];
    return {
      nodes: [
        { name: cast, operator: "Cast", inputs, outputs: [cast], attributes: { to: elementTypes.float32 } },
        {
          name: transpose,
          operator: "Transpose",
          inputs: [cast],
          outputs: [transpose],
          attributes: { perm: [0, 3, 1, 2] },
        },
        { name: scaled, operator: "Mul", inputs: [transpose, scale], outputs: [scaled] },
        { name: node.name, operator: "Add", inputs: [scaled, shift], outputs: [node.name] },
      ],
      output: node.name,
      constants: [
        { name: scale, shape, data: standardDeviation.map((deviation) => 1 / (255 * deviation)) },
        { name: shift, shape, data: mean.map((value, channel) => -value / standardDeviation[channel]!) },
      ],
    };
  },
  luminance: ({ node, inputs }) => {
    const weights = `${node.name}/weights`;
    const window = { kernel: [1, 1], stride: [1, 1], padding: [0, 0, 0, 0] } as const;
    return {
      nodes: [
        {
          name: node.name,
          operator: "Conv",
          inputs: [...inputs, weights],
          outputs: [node.name],
          attributes: { ...windowAttributes(window), group: 1 },
        },
      ],
      output: node.name,
      constants: [{ name: weights, shape: [1, luminanceWeights.length, 1, 1], data: luminanceWeights }],
    };
  },
  conv2d: (site) => {
    const { operation } = site.node;
    return single(site, "Conv", { ...windowAttributes(operation), group: operation.groups }, "weight", "bias");
  },
  batchNorm: (site) =>
    single(
      site,
      "BatchNormalization",
      { epsilon: { float: site.node.operation.epsilon } },
      "scale",
      "shift",
      "runningMean",
      "runningVariance",
    ),
  layerNorm: (site) => {
    const { node, inputs } = site;
    const attributes = { axis: -1, epsilon: { float: node.operation.epsilon } };
    if (node.shape.length === 1) return single(site, "LayerNormalization", attributes, "scale", "shift");
    const [last, normalized] = [`${node.name}/last`, `${node.name}/normalized`];
    const operands = [last, ...parameters(node, "scale", "shift")];
    return {
      nodes: [
        { name: last, operator: "Transpose", inputs, outputs: [last], attributes: { perm: [0, 2, 3, 1] } },
        { name: normalized, operator: "LayerNormalization", inputs: operands, outputs: [normalized], attributes },
        {
          name: node.name,
          operator: "Transpose",
          inputs: [normalized],
          outputs: [node.name],
          attributes: { perm: [0, 3, 1, 2] },
        },
      ],
      output: node.name,
    };
  },
  // An instance of normalisation is a group, after which every channel has its scale and shift.
  groupNorm: ({ node, inputs }) => {
    const { groups, epsilon } = node.operation;
    const name = (part: string) => `${node.name}/${part}`;
    const [ones, zeros, sets, normalized, maps, scaled] = [
      name("ones"),
      name("zeros"),
      name("groups"),
      name("normalized"),
      name("maps"),
      name("scaled"),
    ];
    const [toSets, back] = [
      reshaped(sets, inputs[0]!, [0, groups, -1]),
      reshaped(maps, normalized, [0, ...node.shape]),
    ];
    const [scale, shift] = (["scale", "shift"] as const).map((role) => overPlaces(node, role));
    return {
      nodes: [
        ...toSets,
        {
          name: normalized,
          operator: "InstanceNormalization",
          inputs: [sets, ones, zeros],
          outputs: [normalized],
          attributes: { epsilon: { float: epsilon } },
        },
        ...back,
        ...scale!.nodes,
        { name: scaled, operator: "Mul", inputs: [maps, scale!.output], outputs: [scaled] },
        ...shift!.nodes,
        { name: node.name, operator: "Add", inputs: [scaled, shift!.output], outputs: [node.name] },
      ],
      output: node.name,
      constants: [
        { name: ones, shape: [groups], data: new Array<number>(groups).fill(1) },
        { name: zeros, shape: [groups], data: new Array<number>(groups).fill(0) },
      ],
    };
  },
  layerScale: ({ node, inputs }) => {
    const scale = overPlaces(node, "scale");
    const product = { name: node.name, operator: "Mul", inputs: [inputs[0]!, scale.output], outputs: [node.name] };
    return { nodes: [...scale.nodes, product], output: node.name };
  },
  ...eachActivation(() => activation),
  maxPool: (site) => single(site, "MaxPool", windowAttributes(site.node.operation)),
  averagePool: (site) => {
    const { node, inputs } = site;
    const { padding, counted } = node.operation;
    const window = windowAttributes(node.operation);
    const every = counted.some((border) => border > 0) && counted.every((border, side) => border === padding[side]);
    if (every || counted.every((border) => border === 0)) {
      return single(site, "AveragePool", { ...window, count_include_pad: every ? 1 : 0 });
    }
    // What counts is written as zeros first: what is left of the padding does not.
    const [pads, padded] = [`${node.name}/pads`, `${node.name}/padded`];
    const [top, left, bottom, right] = counted;
    const rest = padding.map((border, side) => border - counted[side]!);
    return {
      nodes: [
        {
          name: pads,
          operator: "Constant",
          inputs: [],
          outputs: [pads],
          attributes: { value_ints: [0, 0, top, left, 0, 0, bottom, right] },
        },
        { name: padded, operator: "Pad", inputs: [inputs[0]!, pads], outputs: [padded] },
        {
          name: node.name,
          operator: "AveragePool",
          inputs: [padded],
          outputs: [node.name],
          attributes: { ...window, pads: rest, count_include_pad: 0 },
        },
      ],
      output: node.name,
    };
  },
  globalAveragePool: ({ node, inputs }) => wholeMap(node, "GlobalAveragePool", inputs),
  globalMaxPool: ({ node, inputs }) => wholeMap(node, "GlobalMaxPool", inputs),
  generalizedMeanPool: ({ node, inputs }) => {
    const [p] = parameters(node, "power") as [string];
    const parts = ["epsilon", "clipped", "powers", "means", "inverse", "roots"].map((part) => `${node.name}/${part}`);
    const [epsilon, clipped, powers, means, inverse, roots] = parts as [string, string, string, string, string, string];
    return {
      nodes: [
        { name: clipped, operator: "Max", inputs: [inputs[0]!, epsilon], outputs: [clipped] },
        { name: powers, operator: "Pow", inputs: [clipped, p], outputs: [powers] },
        { name: means, operator: "GlobalAveragePool", inputs: [powers], outputs: [means] },
        { name: inverse, operator: "Reciprocal", inputs: [p], outputs: [inverse] },
        { name: roots, operator: "Pow", inputs: [means, inverse], outputs: [roots] },
        { name: node.name, operator: "Flatten", inputs: [roots], outputs: [node.name], attributes: { axis: 1 } },
      ],
      output: node.name,
      constants: [{ name: epsilon, shape: [1], data: [node.operation.epsilon] }],
    };
  },
  blurPool: ({ node, inputs }) => {
    const weights = `${node.name}/weights`;
    const { operation } = node;
    const [channels] = node.shape as readonly [number];
    const filter = blurWeights(operation);
    const attributes = { ...windowAttributes(blurWindow(operation)), group: channels };
    return {
      nodes: [{ name: node.name, operator: "Conv", inputs: [...inputs, weights], outputs: [node.name], attributes }],
      output: node.name,
      constants: [
        {
          name: weights,
          shape: [channels, 1, operation.kernel, operation.kernel],
          data: Array.from({ length: channels }, () => filter).flat(),
        },
      ],
    };
  },
  flatten: (site) => single(site, "Flatten", { axis: 1 }),
  dense: (site) => single(site, "Gemm", { transB: 1 }, "weight", "bias"),
  // Nothing outside of training.
  dropout: ({ inputs }) => ({ nodes: [], output: inputs[0]! }),
  add: (site) => single(site, "Add"),
  multiply: (site) => {
    const { node, inputs } = site;
    const [values, factors] = inputs as readonly [string, string];
    // What has the rank of the maps is broadcast as it is.
    const over = node.shape.slice(node.inputShapes[1]!.length).map((_, axis) => axis + 2);
    if (over.length === 0) return single(site, "Mul");
    const seen = `${node.name}/factors`;
    return {
      nodes: [
        ...withAxes(seen, factors, over),
        { name: node.name, operator: "Mul", inputs: [values, seen], outputs: [node.name] },
      ],
      output: node.name,
    };
  },
  join: (site) => single(site, "Concat", { axis: 1 }),
};

/** The ONNX nodes of one node of a graph; the last of them carries its name, and so does the tensor with its result. */
export const lower = (node: GraphNode, inputs: readonly string[]): Lowered =>
  (rules[node.operation.kind] as LoweringRule<Operation>)({ node, inputs });
