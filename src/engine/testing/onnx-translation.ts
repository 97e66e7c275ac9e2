/** For tests: an ONNX node as layers of the catalogue, with a small network around it where one layer alone does not say the same. */
import {
  averagePool,
  batchNorm,
  concatenate,
  conv2d,
  dense,
  dropout,
  elu,
  flatten,
  gate,
  gelu,
  globalAveragePool,
  type HeightWidth,
  hardSigmoid,
  hardSwish,
  type Layer,
  leakyRelu,
  maxPool,
  relu,
  relu6,
  residual,
  sigmoid,
  softplus,
  tanh,
} from "../../network/layer.ts";
import { groupNorm, layerNorm } from "../../network/normalization.ts";
import { globalMaxPool } from "../../network/pooling.ts";
import type { Sides } from "../../network/windows.ts";
import { elements, type Tensor } from "../../tensor.ts";
import type { OnnxNode } from "./onnx-cases.ts";

/** A network that computes what a node does. */
export interface Translation {
  readonly batch: number;
  /** Channels, height and width of what goes in. */
  readonly maps: readonly number[];
  readonly layers: readonly Layer[];
  /** Values by the name of the parameter. */
  readonly parameters: Readonly<Record<string, ArrayLike<number>>>;
  readonly input: ArrayLike<number>;
  /** The node's output, of what the network gives. */
  readonly output?: (values: Float32Array) => Float32Array;
  /** Compare what a step of training gives, not what inference gives. */
  readonly training?: boolean;
}

type Values = Tensor<Float32Array>;
type Rule = (node: OnnxNode, x: Values, ...others: (Values | undefined)[]) => Translation | string;

const product = (values: readonly number[]): number => values.reduce((result, value) => result * value, 1);

/** The attribute of a node, or the operator's own default. */
const attribute = <T>(node: OnnxNode, name: string, otherwise: T): T => (node.attributes[name] as T) ?? otherwise;

/** The node's axis, counted from the front, and how many values lie before it. */
function splitAt(node: OnnxNode, { shape }: Values, otherwise: number): readonly [axis: number, before: number] {
  const axis = attribute(node, "axis", otherwise);
  const from = axis < 0 ? axis + shape.length : axis;
  return [from, product(shape.slice(0, from))];
}

/** Whatever axes there are, as the channels, rows and columns of one image. */
const mapsOf = (shape: readonly number[]): readonly number[] => [shape[0] ?? 1, shape[1] ?? 1, product(shape.slice(2))];

const ofOneImage = (x: Values, layers: readonly Layer[], parameters: Translation["parameters"] = {}): Translation => ({
  batch: 1,
  maps: mapsOf(x.shape),
  layers,
  parameters,
  input: x.data,
});

/** One image for each entry of the first axis. */
const ofImages = (x: Values, layers: readonly Layer[], parameters: Translation["parameters"] = {}): Translation => ({
  ...ofOneImage(x, layers, parameters),
  batch: x.shape[0]!,
  maps: mapsOf(x.shape.slice(1)),
});

const elementwise =
  (layer: (node: OnnxNode) => Layer): Rule =>
  (node, x) =>
    ofOneImage(x, [layer(node)]);

const constant = (length: number, value: number) => new Float32Array(length).fill(value);

/** factor * x + shift, as a convolution of each channel by itself. */
const affine = ({ shape }: Values): Layer => conv2d(shape[0]!, 1, { groups: shape[0]! });

/** Of {@link affine}, which is the layer of that name. */
const affineParameters = (name: string, { shape }: Values, factor: number, shift: number) => ({
  [`${name}.weight`]: constant(shape[0]!, factor),
  [`${name}.bias`]: constant(shape[0]!, shift),
});

/** Two tensors as channels of one image, which convolutions can take apart again; the second is repeated along the last axis where it is shorter. */
function together(x: Values, y: Values) {
  const [channels, height, width] = mapsOf(x.shape) as [number, number, number];
  const repeated = Array.from(x.data, (_, i) => y.data[i % y.data.length]!);
  return { batch: 1, maps: [2 * channels, height, width], input: [...x.data, ...repeated] };
}

/** A matrix, turned where the second argument is 1. */
function transposed({ shape, data }: Values, whether: number): Values {
  if (whether === 0) return { shape, data };
  const [rows, columns] = shape as [number, number];
  const turned = Float32Array.from(data, (_, i) => data[(i % rows) * columns + Math.floor(i / rows)]!);
  return { shape: [columns, rows], data: turned };
}

/** The last axis of a tensor as the channels of a map that has all its other places in one column, and the way back. */
function lastAxisAsChannels({ shape, data }: Values) {
  const channels = shape.at(-1)!;
  const places = data.length / channels;
  return {
    map: { shape: [channels, places, 1], data: transposed({ shape: [places, channels], data }, 1).data },
    output: (values: Float32Array) => transposed({ shape: [channels, places], data: values }, 1).data,
  };
}

/** Weights of a 1x1 convolution that gives, for each of its filters, the channel of this number. */
const selecting = (of: number, channels: readonly number[]): Float32Array =>
  Float32Array.from(channels.flatMap((channel) => Array.from({ length: of }, (_, i) => (i === channel ? 1 : 0))));

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

/** Kernel, stride, dilation and padding of a convolution or pooling, on one or two axes. */
function windowOf(node: OnnxNode, x: Values) {
  const axes = x.shape.length - 2;
  const over = (name: string, otherwise: number): HeightWidth => {
    const values = attribute<readonly number[]>(node, name, new Array(axes).fill(otherwise));
    return axes === 1 ? [1, values[0]!] : [values[0]!, values[1]!];
  };
  const [kernel, stride, dilation] = [over("kernel_shape", 1), over("strides", 1), over("dilations", 1)];
  const automatic = attribute(node, "auto_pad", "NOTSET" as string);
  if (automatic === "SAME_UPPER") return { kernel, stride, dilation, padding: "sameUpper" as const };
  if (automatic === "SAME_LOWER") {
    // The same, but the odd one above and at the left.
    const added = ([0, 1] as const).map((axis) => {
      const size = x.shape[axis + 2]!;
      const reach = (kernel[axis] - 1) * dilation[axis] + 1;
      return Math.max(0, (Math.ceil(size / stride[axis]) - 1) * stride[axis] + reach - size);
    }) as [number, number];
    const [height, width] = added;
    const padding: Sides = [Math.ceil(height / 2), Math.ceil(width / 2), Math.floor(height / 2), Math.floor(width / 2)];
    return { kernel, stride, dilation, padding };
  }
  const pads = attribute<readonly number[]>(node, "pads", new Array(2 * axes).fill(0));
  const padding = (axes === 1 ? [0, pads[0]!, 0, pads[1]!] : pads) as Sides;
  return { kernel, stride, dilation, padding };
}

const pooling =
  (layer: typeof maxPool | typeof averagePool): Rule =>
  (node, x) => {
    const { kernel, stride, dilation, padding } = windowOf(node, x);
    if (dilation.some((value) => value > 1)) return "dilation of a pooling";
    const options = {
      stride,
      padding,
      ...(attribute<number>(node, "ceil_mode", 0) === 1 && { ceil: true }),
      ...(attribute<number>(node, "count_include_pad", 0) === 1 && { countPadding: true }),
    };
    const [batch, channels, ...places] = x.shape;
    const maps = [channels!, ...(places.length === 1 ? [1, places[0]!] : places)];
    return { ...ofImages(x, [layer(kernel, options)]), batch: batch!, maps };
  };

const scaled = (data: Float32Array, factor: number) => data.map((value) => value * factor);

const rules: Readonly<Record<string, Rule>> = {
  Add: (_, x, y) => {
    const [channels] = mapsOf(x.shape) as [number];
    const select = conv2d(channels, 1, { bias: false });
    return {
      ...together(x, y!),
      layers: [residual([select], [select])],
      parameters: {
        "0.body.0.weight": selecting(2 * channels, range(0, channels)),
        "0.shortcut.0.weight": selecting(2 * channels, range(channels, 2 * channels)),
      },
    };
  },
  AveragePool: pooling(averagePool),
  BatchNormalization: (node, x, scale, shift, mean, variance) => ({
    ...ofImages(x, [batchNorm({ epsilon: attribute(node, "epsilon", 1e-5) })], {
      "0.scale": scale!.data,
      "0.shift": shift!.data,
      "0.runningMean": mean!.data,
      "0.runningVariance": variance!.data,
    }),
    training: attribute<number>(node, "training_mode", 0) === 1,
  }),
  Clip: (_, x, low, high) => {
    const [least, most] = [low?.data[0], high?.data[0]];
    if (least === 0 && most === undefined) return ofOneImage(x, [relu()]);
    if (least === undefined || most === undefined) return "bounded above alone, or not at all";
    // Other bounds are those of relu6 on a line that takes them to 0 and 6.
    const factor = 6 / (most - least);
    return ofOneImage(x, [affine(x), relu6(), affine(x)], {
      ...affineParameters("0", x, factor, -least * factor),
      ...affineParameters("2", x, 1 / factor, least),
    });
  },
  Concat: (node, x, y) => {
    // What lies before the axis is images, what lies behind it places.
    const [from, before] = splitAt(node, x, 0);
    const [channels, others] = [x.shape[from]!, y!.shape[from]!];
    const places = product(x.shape.slice(from + 1));
    const input = range(0, before).flatMap((image) => [
      ...x.data.subarray(image * channels * places, (image + 1) * channels * places),
      ...y!.data.subarray(image * others * places, (image + 1) * others * places),
    ]);
    const all = channels + others;
    return {
      batch: before,
      maps: [all, places, 1],
      input,
      layers: [concatenate([[conv2d(channels, 1, { bias: false })], [conv2d(others, 1, { bias: false })]])],
      parameters: {
        "0.branches.0.0.weight": selecting(all, range(0, channels)),
        "0.branches.1.0.weight": selecting(all, range(channels, all)),
      },
    };
  },
  Conv: (node, x, weight, bias) => {
    const { kernel, ...window } = windowOf(node, x);
    const options = { ...window, groups: attribute(node, "group", 1), bias: bias !== undefined };
    return ofImages(x, [conv2d(weight!.shape[0]!, kernel, options)], {
      "0.weight": weight!.data,
      ...(bias && { "0.bias": bias.data }),
    });
  },
  Dropout: (node, x, ratio, training) => {
    if (training?.data[0] === 1 && ratio!.data[0]! > 0) return "the random numbers of another generator";
    return {
      ...ofOneImage(x, [dropout(training ? ratio!.data[0]! : attribute(node, "ratio", ratio?.data[0] ?? 0.5))]),
      training: training !== undefined,
    };
  },
  Elu: elementwise((node) => elu({ alpha: attribute(node, "alpha", 1) })),
  Flatten: (node, x) => {
    const [from, batch] = splitAt(node, x, 1);
    return { ...ofOneImage(x, [flatten()]), batch, maps: mapsOf(x.shape.slice(from)) };
  },
  Gelu: elementwise((node) =>
    attribute<string>(node, "approximate", "none") === "tanh" ? gelu({ approximate: "tanh" }) : gelu(),
  ),
  Gemm: (node, a, b, c) => {
    const left = transposed(a, attribute(node, "transA", 0));
    const weight = transposed(b!, 1 - attribute(node, "transB", 0));
    const units = weight.shape[0]!;
    if (c !== undefined && c.data.length !== units && c.data.length !== 1) return "a bias for each image";
    const bias = c && scaled(c.data.length === 1 ? constant(units, c.data[0]!) : c.data, attribute(node, "beta", 1));
    return ofImages(left, [flatten(), dense(units, { bias: bias !== undefined })], {
      "1.weight": scaled(weight.data, attribute(node, "alpha", 1)),
      ...(bias && { "1.bias": bias }),
    });
  },
  GlobalAveragePool: (_, x) => ofImages(x, [globalAveragePool()]),
  GlobalMaxPool: (_, x) => ofImages(x, [globalMaxPool()]),
  GroupNormalization: (node, x, scale, shift) =>
    ofImages(x, [groupNorm(attribute(node, "num_groups", 1), { epsilon: attribute(node, "epsilon", 1e-5) })], {
      "0.scale": scale!.data,
      "0.shift": shift!.data,
    }),
  // max(0, min(1, alpha x + beta)) of the layer, whose alpha is 1/6 and whose beta is 1/2.
  HardSigmoid: (node, x) =>
    ofOneImage(x, [affine(x), hardSigmoid()], {
      ...affineParameters("0", x, 6 * attribute(node, "alpha", 0.2), 6 * (attribute(node, "beta", 0.5) - 0.5)),
    }),
  HardSwish: elementwise(hardSwish),
  // One group for each channel.
  InstanceNormalization: (node, x, scale, shift) =>
    ofImages(x, [groupNorm(x.shape[1]!, { epsilon: attribute(node, "epsilon", 1e-5) })], {
      "0.scale": scale!.data,
      "0.shift": shift!.data,
    }),
  LayerNormalization: (node, x, scale, shift) => {
    const [from, batch] = splitAt(node, x, -1);
    const layer = layerNorm({ epsilon: attribute(node, "epsilon", 1e-5) });
    if (from === x.shape.length - 1 && from > 1) {
      // Over the last axis: over the channels of a map.
      const { map, output } = lastAxisAsChannels(x);
      return { ...ofOneImage(map, [layer], { "0.scale": scale!.data, "0.shift": shift!.data }), output };
    }
    const vector = { shape: [batch, x.data.length / batch], data: x.data };
    return ofImages(vector, [flatten(), layer], { "1.scale": scale!.data, "1.shift": shift!.data });
  },
  LeakyRelu: elementwise((node) => leakyRelu({ slope: attribute(node, "alpha", 0.01) })),
  MatMul: (_, a, b) =>
    a.shape.length > 2
      ? "products of many matrices"
      : ofImages(a, [flatten(), dense(b!.shape[1]!, { bias: false })], { "1.weight": transposed(b!, 1).data }),
  MaxPool: pooling(maxPool),
  Mul: (_, x, y) => {
    // A gate over both in which each gets the other as its factor, and then the first half.
    const other = (channels: number) =>
      selecting(2 * channels, [...range(channels, 2 * channels), ...range(0, channels)]);
    if (y!.data.length === x.data.length) {
      const length = elements(x.shape);
      return {
        ...together(x, y!),
        maps: [2 * length, 1, 1],
        layers: [flatten(), gate([dense(2 * length, { bias: false })]), dense(length, { bias: false })],
        parameters: { "1.body.0.weight": other(length), "2.weight": selecting(2 * length, range(0, length)) },
      };
    }
    // One factor for each channel: the mean of a map that is the same everywhere.
    const channels = y!.data.length;
    const { map, output } = lastAxisAsChannels(x);
    const factors = Float32Array.from(map.data, (_, i) => y!.data[Math.floor((i * channels) / map.data.length)]!);
    return {
      ...together(map, { shape: map.shape, data: factors }),
      layers: [
        gate([conv2d(2 * channels, 1, { bias: false }), globalAveragePool()]),
        conv2d(channels, 1, { bias: false }),
      ],
      parameters: { "0.body.0.weight": other(channels), "1.weight": selecting(2 * channels, range(0, channels)) },
      output,
    };
  },
  Relu: elementwise(relu),
  Selu: (node, x) =>
    ofOneImage(x, [elu({ alpha: attribute(node, "alpha", 1.6732632) }), affine(x)], {
      ...affineParameters("1", x, attribute(node, "gamma", 1.050701), 0),
    }),
  Sigmoid: elementwise(sigmoid),
  Softplus: elementwise(softplus),
  Tanh: elementwise(tanh),
};

/** A network that computes what the node does, or why the catalogue has none. */
export function translate(node: OnnxNode): Translation | string {
  const rule = rules[node.operator];
  const [x, ...others] = node.inputs;
  return rule === undefined ? "no such layer" : rule(node, x!, ...others);
}
