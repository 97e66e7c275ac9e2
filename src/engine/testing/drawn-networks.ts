/** Random networks of every kind of layer, in shapes and compositions that the shape rules allow and no course network has. */
import { harmonicConv2d } from "../../network/harmonic-conv2d.ts";
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
  type Network,
  normalize,
  type Padding,
  relu,
  relu6,
  residual,
  sigmoid,
  silu,
  softplus,
  tanh,
} from "../../network/layer.ts";
import { groupNorm, layerNorm, layerScale } from "../../network/normalization.ts";
import { operationOf } from "../../network/resolve-windows.ts";
import { outputShape, type Shape } from "../../network/shape.ts";
import { Random } from "../../random.ts";
import { elements } from "../../tensor.ts";
import type { ConformanceCase } from "./conformance-case.ts";
import { conformanceCases } from "./conformance-cases.ts";

type Maps = readonly [channels: number, height: number, width: number];

/** How many layers may hold each other. */
const DEPTH = 3;
/** Values of a map of one image, above which a layer is drawn anew: the reference engine is slow. */
const MOST_VALUES = 20_000;

const pick = <T>(random: Random, values: readonly T[]): T => values[random.integer(values.length)]!;
const isMaps = (shape: Shape): shape is Maps => shape.length === 3;
const each = (draw: () => number): HeightWidth => [draw(), draw()];

/** A window of any length, stride and padding; a stride may pass over values. */
function window(random: Random) {
  const kernel = each(() => pick(random, [1, 1, 2, 3, 3, 4, 5, 7]));
  const stride = each(() => pick(random, [1, 1, 2, 3, 6]));
  return { kernel, stride };
}

function convolution(random: Random, [channels]: Maps): Layer {
  const { kernel, stride } = window(random);
  const groups = pick(random, [1, 1, channels, channels % 2 === 0 ? 2 : 1]);
  const filters = groups * (groups === 1 ? pick(random, [1, 3, 8, 16, 17]) : pick(random, [1, 2]));
  const border = () => pick(random, [0, 0, 1, 3]);
  const padding = pick<() => Padding>(random, [
    () => each(border),
    () => each(border),
    () => [border(), border(), border(), border()],
    () => "sameUpper",
  ])();
  const dilation = each(() => pick(random, [1, 1, 1, 2, 3]));
  const options = { stride, padding, dilation, groups, bias: random.integer(2) === 0 };
  const frequencies = 1 + random.integer(kernel[0] + kernel[1] - 1);
  return random.integer(4) === 0
    ? harmonicConv2d(filters, kernel, { ...options, frequencies })
    : conv2d(filters, kernel, options);
}

function pooling(random: Random): Layer {
  const { kernel, stride } = window(random);
  const within = (axis: 0 | 1) => random.integer(kernel[axis]);
  const padding = pick<() => number | Padding>(random, [
    () => 0,
    () => [within(0), within(1)],
    () => [within(0), within(1), within(0), within(1)],
    () => "sameUpper",
  ])();
  const ceil = random.integer(2) === 0;
  return random.integer(2) === 0
    ? maxPool(kernel, { stride, padding, ceil })
    : averagePool(kernel, { stride, padding, ceil, countPadding: random.integer(2) === 0 });
}

const activation = (random: Random): Layer =>
  pick<() => Layer>(random, [
    () => leakyRelu({ slope: pick(random, [0, 0.1, 0.3]) }),
    relu6,
    () => elu({ alpha: pick(random, [0.5, 1]) }),
    silu,
    gelu,
    () => gelu({ approximate: "tanh" }),
    hardSwish,
    hardSigmoid,
    tanh,
    softplus,
  ])();

/** Layers that give the shape which they get. */
function keeping(random: Random, shape: Shape, depth: number): Layer {
  const length = pick(random, [1, 3, 5]);
  const plain: readonly (() => Layer)[] = [
    relu,
    sigmoid,
    () => activation(random),
    () => dropout(0.3, { per: pick(random, ["value", "channel", "image"] as const) }),
    () => nested(random, shape, depth),
  ];
  // Of few values, the gradient by mean and deviation cancels to what rounding leaves.
  const ofPlaces = () => (shape[0]! > 4 ? layerNorm() : layerScale());
  if (!isMaps(shape)) return pick(random, [...plain, batchNorm, ofPlaces, layerScale, () => dense(shape[0]!)])();
  const same = { stride: 1, padding: (length - 1) / 2 };
  return pick(random, [
    ...plain,
    batchNorm,
    ofPlaces,
    layerScale,
    () => groupNorm(pick(random, shape[0] % 2 === 0 ? [1, 2] : [1])),
    () => conv2d(shape[0], length, { groups: pick(random, [1, shape[0]]), bias: random.integer(2) === 0 }),
    () => maxPool(length, same),
    () => averagePool(length, same),
  ])();
}

const body = (random: Random, shape: Shape, depth: number, most: number): Layer[] =>
  Array.from({ length: random.integer(most + 1) }, () => keeping(random, shape, depth + 1));

/** A residual layer or a gate, empty ones included. */
function nested(random: Random, shape: Shape, depth: number): Layer {
  if (depth >= DEPTH) return relu();
  if (random.integer(2) === 0) {
    const stochasticDepth = pick(random, [0, 0, 0.4]);
    return residual(body(random, shape, depth, 3), body(random, shape, depth, 1), { stochasticDepth });
  }
  // A factor for each value, or for each place.
  if (random.integer(3) === 0) return gate(body(random, shape, depth, 2));
  if (isMaps(shape) && random.integer(3) === 0)
    return gate([...body(random, shape, depth, 1), conv2d(1, 1), sigmoid()]);
  const factors: readonly [number] = [shape[0]!];
  const before = body(random, shape, depth, 1);
  const reduced = isMaps(shape) ? [shape[1] * shape[2] === 1 ? flatten() : globalAveragePool()] : [];
  return gate([...before, ...reduced, ...body(random, factors, depth, 2)]);
}

/** Branches of several widths, empty ones included. */
function joined(random: Random, shape: Shape): Layer {
  const width = () => pick(random, [1, 5, 8, 16, 32]);
  const widened = () => (isMaps(shape) ? conv2d(width(), pick(random, [1, 3])) : dense(width()));
  return concatenate(
    Array.from({ length: 1 + random.integer(3) }, () => [
      ...body(random, shape, 1, 1),
      ...(random.integer(2) === 0 ? [widened()] : []),
    ]),
  );
}

function anyLayer(random: Random, shape: Shape): Layer {
  const kept = () => pick(random, [keeping, keeping, keeping, joined])(random, shape, 0);
  if (!isMaps(shape)) return pick(random, [kept, () => dense(pick(random, [1, 4, 19])), flatten])();
  const maps = shape;
  const reduced = () => pick(random, [flatten, globalAveragePool])();
  return pick(random, [kept, kept, kept, () => convolution(random, maps), () => pooling(random), reduced])();
}

/** The shape after a layer, or undefined where it does not fit or is too large to be tried. */
function after(shape: Shape, layer: Layer): Shape | undefined {
  if (layer.kind === "residual" || layer.kind === "gate") return shape;
  if (layer.kind === "concatenate") {
    const ends = layer.branches.map((branch) =>
      branch.reduce<Shape | undefined>((from, inner) => from && after(from, inner), shape),
    );
    const joined = ends.every((end) => end !== undefined) ? outputShape({ kind: "join" }, ends) : undefined;
    return joined !== undefined && elements(joined) <= MOST_VALUES ? joined : undefined;
  }
  try {
    const next = outputShape(operationOf(layer, shape), [shape]);
    return elements(next) <= MOST_VALUES ? next : undefined;
  } catch {
    return undefined;
  }
}

const sizes: readonly HeightWidth[] = [
  [1, 1],
  [1, 9],
  [7, 3],
  [8, 8],
  [5, 6],
  [13, 10],
  [24, 32],
];

/** The network of a seed, the same always. Half of them read bytes, some of those as luminance. */
export function drawnNetwork(seed: number): Network {
  const random = Random.of(seed, 8);
  const bytes = random.integer(2) === 0;
  const [height, width] = pick(random, sizes);
  const channels = bytes ? pick(random, [3, 3, 1]) : pick(random, [1, 2, 6, 16]);
  const layers: Layer[] = bytes ? [normalize(new Array(channels).fill(0.5), new Array(channels).fill(0.25))] : [];
  let shape: Shape = [channels, height, width];
  const count = random.integer(7);
  for (let i = 0; i < count; i++) {
    const layer = anyLayer(random, shape);
    const next = after(shape, layer);
    if (next === undefined) continue;
    layers.push(layer);
    shape = next;
  }
  if (isMaps(shape)) {
    const reduced = pick(random, [flatten(), globalAveragePool()]);
    layers.push(reduced);
    shape = outputShape(reduced as ReturnType<typeof flatten>, [shape]);
  }
  // A network may end without a dense layer, where it has logits enough.
  if (shape[0]! < 2 || shape[0]! > 200 || random.integer(2) === 0) layers.push(dense(4));
  return { name: `drawn ${seed}`, input: { channels, height, width }, layers };
}

/** A drawn network as a conformance case: now and then a batch of one image, now and then with its first layers frozen. */
export function drawnCase(seed: number): ConformanceCase {
  const { name, input, layers } = drawnNetwork(seed);
  const drawn = { ...conformanceCases[0]!, name, input, layers, options: { seed: 3 } };
  const lastTrained = layers.findLastIndex(({ kind }) => kind === "dense" || kind === "conv2d" || kind === "batchNorm");
  const frozen = seed % 3 === 0 ? Math.max(0, Math.min(layers.length >> 1, lastTrained)) : 0;
  // A normalisation has nothing to learn from a single value.
  const normalizes = JSON.stringify(layers).includes("batchNorm");
  const batch = seed % 4 === 0 && !normalizes ? 1 : 2 + (seed % 3);
  return { ...drawn, frozen, batch };
}
