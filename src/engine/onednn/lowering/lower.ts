/** How every operation becomes oneDNN primitives, forward and backward: one table over the catalogue. */
import type { GraphNode, Operation } from "../../../network/graph.ts";
import type { HeightWidth } from "../../../network/layer.ts";
import { dropoutMask } from "../../dropout.ts";
import { bytesPerElement, type ElementwiseAlgorithm } from "../library/constants.ts";
import type { MemoryDescriptor, Pooling, PostOperation } from "../library/descriptors.ts";
import type { Value } from "../program/value.ts";
import { maxPoolByKernels } from "./kernels/max-pool.ts";
import { normalizeByKernel } from "./kernels/normalize-bytes.ts";
import {
  addition,
  asVectors,
  elementwiseBackward,
  type Lowered,
  type LoweringContext,
  type LoweringRule,
  maskByRelu,
  type NodeContext,
  toType,
  unflatten,
} from "./lowering-rule.ts";
import { batchNormalization } from "./operations/batch-normalization.ts";
import { weighted } from "./operations/weighted-layers.ts";

function pooled(
  context: LoweringContext,
  name: string,
  input: Value,
  place: NodeContext,
  {
    height,
    width,
    ...window
  }: Pick<Pooling, "algorithm" | "kernel" | "stride" | "padding"> & {
    readonly height: number;
    readonly width: number;
  },
): Lowered {
  const { program, mode, type } = context;
  const { descriptors } = program;
  const source = toType(context, name, input);
  const dimensions = [...source.descriptor.dimensions.slice(0, 2), height, width];
  const shapes = { ...window, source: source.descriptor, destination: descriptors.memory(dimensions, type, "any") };
  const forward = descriptors.pooling(shapes, mode);
  const output = program.value(program.chosen(forward, "destination", shapes.destination));
  const workspace = mode === "training" ? program.workspace(forward) : undefined;
  program.add(`${name} forward`, forward, { source, destination: output, workspace });
  return {
    output,
    backward(incoming) {
      const masked = place.maskGradient ? maskByRelu(context, name, incoming, output) : incoming;
      const backward = descriptors.poolingBackward({ ...shapes, destination: output.descriptor }, forward);
      const inputGradient = program.value(source.descriptor);
      program.add(`${name} backward`, backward, {
        diffDestination: program.convert(name, masked, output.descriptor),
        diffSource: inputGradient,
        workspace,
      });
      return [inputGradient];
    },
  };
}

/** Average pooling of whole maps to `dimensions`, (batch, channels, 1, 1), outside of any layer. */
function meanOverMap({ program, type }: LoweringContext, maps: MemoryDescriptor, dimensions: readonly number[]) {
  const kernel = maps.dimensions.slice(2) as readonly number[] as HeightWidth;
  const destination = program.descriptors.memory(dimensions, type, "any");
  const shapes = { source: maps, destination, kernel, stride: kernel, padding: [0, 0] } as const;
  return program.descriptors.pooling({ ...shapes, algorithm: "averageExcludePadding" }, "inference");
}

function elementwise(context: LoweringContext, name: string, algorithm: ElementwiseAlgorithm, input: Value): Lowered {
  const { program, mode } = context;
  const source = toType(context, name, input);
  const { descriptor } = source;
  const output = program.value(descriptor);
  const forward = program.descriptors.elementwise(algorithm, descriptor, mode);
  program.add(`${name} forward`, forward, { source, destination: output });
  return { output, backward: (gradient) => [elementwiseBackward(context, name, algorithm, gradient, output)] };
}

const rules: { readonly [K in Operation["kind"]]: LoweringRule<Extract<Operation, { kind: K }>> } = {
  // (x / 255 - mean) / deviation as x * scale + shift; bytes are exact in bf16.
  normalize: (context, { name, operation, shape }, [input]) => {
    const { program, type } = context;
    const { mean, standardDeviation } = operation;
    const factors = standardDeviation.map((deviation) => 1 / (255 * deviation));
    const terms = mean.map((value, channel) => -value / standardDeviation[channel]!);
    const normalized = normalizeByKernel(context, name, input!, factors, terms);
    if (normalized) return { output: normalized, backward: () => [undefined] };
    const constant = (values: readonly number[]) => {
      const { value, array } = program.host([1, values.every((v) => v === values[0]) ? 1 : values.length, 1, 1]);
      array.set(values.slice(0, array.length));
      return value;
    };
    const scale = constant(factors);
    const shift = constant(terms);
    const [batch] = input!.descriptor.dimensions;
    const { descriptor } = program.value(program.rowMajor([batch!, ...shape], type));
    const output = program.convert(name, input!, descriptor);
    const shifted = mean.some((value) => value !== 0);
    const post: readonly PostOperation[] = shifted
      ? [{ kind: "binary", algorithm: "add", operand: shift.descriptor }]
      : [];
    const multiply = program.descriptors.binary("multiply", descriptor, scale.descriptor, descriptor, post);
    program.add(
      `${name} forward`,
      multiply,
      { source: output, source1: scale, destination: output },
      shifted ? [[0, shift]] : [],
    );
    return { output, backward: () => [undefined] };
  },

  conv2d: (context, node, [input], place) => {
    const { filters, kernel, stride, padding, groups, bias } = node.operation;
    const channels = node.inputShapes[0]![0]!;
    return weighted(context, node, input!, place, {
      kind: "convolution",
      weightDimensions:
        groups === 1 ? [filters, channels, ...kernel] : [groups, filters / groups, channels / groups, ...kernel],
      outputDimensions: [context.batch, ...node.shape],
      stride,
      padding,
      hasBias: bias,
    });
  },

  dense: (context, node, [input], place) =>
    weighted(context, node, input!, place, {
      kind: "innerProduct",
      // A flattened input keeps its feature maps, so that it need not leave its layout.
      weightDimensions: [node.operation.units, ...input!.descriptor.dimensions.slice(1)],
      outputDimensions: [context.batch, node.operation.units],
      stride: [1, 1],
      padding: [0, 0],
      hasBias: node.operation.bias,
    }),

  batchNorm: batchNormalization,

  relu: (context, { name }, [input]) => elementwise(context, name, "relu", input!),

  sigmoid: (context, { name }, [input]) => elementwise(context, name, "sigmoid", input!),

  maxPool: (context, node, [input], place) => {
    const { name, operation, shape } = node;
    const { kernel, stride, padding } = operation;
    const [, height, width] = shape as readonly [number, number, number];
    return (
      maxPoolByKernels(context, node, input!, place) ??
      pooled(context, name, input!, place, { algorithm: "max", kernel, stride, padding, height, width })
    );
  },

  averagePool: (context, { name, operation, shape }, [input], place) => {
    const { kernel, stride, padding } = operation;
    const [, height, width] = shape as readonly [number, number, number];
    const window = { algorithm: "averageExcludePadding", kernel, stride, padding, height, width } as const;
    return pooled(context, name, input!, place, window);
  },

  globalAveragePool: (context, { name, inputShapes }, [input], place) => {
    const [, height, width] = inputShapes[0] as readonly [number, number, number];
    const kernel: HeightWidth = [height, width];
    const window = { algorithm: "averageExcludePadding", kernel, stride: kernel, padding: [0, 0] } as const;
    return pooled(context, name, input!, place, { ...window, height: 1, width: 1 });
  },

  flatten: (_, __, [input]) => ({ output: input!, backward: (gradient) => [gradient] }),

  dropout: (context, { name, operation }, [input], place) => {
    const { program, mode, type, batch, beforeForward } = context;
    if (mode === "inference") return { output: input!, backward: (gradient) => [gradient] };
    const source = toType(context, name, input!);
    const { descriptor } = source;
    // Layouts block channels, never images, so that an image is one stretch of memory. Seen as the channels of a single image, all of them
    // are scaled by the primitive that broadcasts a number per channel, the only fast one for this.
    const imageValues = program.runtime.byteLength(descriptor) / bytesPerElement[type] / batch;
    const perImage = operation.per === "image" ? program.rowMajor([1, batch, imageValues, 1], type) : undefined;
    const seen = perImage ?? descriptor;
    const { value: canonical, array } = program.host(perImage ? [1, batch, 1, 1] : descriptor.dimensions);
    beforeForward.push((updates) => {
      dropoutMask(array, operation.rate, [place.seed, updates, place.index]);
      // The mask is 0 or 1, exact in bf16; the primitive scales.
      for (let i = 0; i < array.length; i++) array[i] = array[i] === 0 ? 0 : 1;
    });
    const mask = perImage ? canonical : program.convert(`${name} mask`, canonical, descriptor);
    const post: PostOperation = { kind: "linear", scale: 1 / (1 - operation.rate), shift: 0 };
    const masked = (label: string, from: Value) => {
      const to = program.value(descriptor);
      const multiply = program.descriptors.binary("multiply", seen, mask.descriptor, seen, [post]);
      program.add(`${name} ${label}`, multiply, {
        source: program.view(from, seen),
        source1: mask,
        destination: program.view(to, seen),
      });
      return to;
    };
    return {
      output: masked("forward", source),
      backward: (gradient) => [masked("backward", program.convert(name, gradient, descriptor))],
    };
  },

  add: (context, { name }, inputs, place) => addition(context, name, inputs, place.relu, place.maskGradient),

  multiply: (context, { name, shape }, [input, gate], place) => {
    const { program, batch, type } = context;
    const { descriptors } = program;
    const [channels, ...extent] = shape as readonly [number, ...number[]];
    const isMap = extent.length > 0;
    const source = toType(context, name, isMap ? input! : asVectors(context, name, input!));
    const { descriptor } = source;
    const vectors = program.rowMajor([batch, channels], type);
    const perChannel = program.rowMajor([batch, channels, ...extent.map(() => 1)], type);
    const mean = isMap ? meanOverMap(context, descriptor, perChannel.dimensions) : undefined;
    // Broadcasting is fast only where both operands have the same layout, which is the one that pooling the maps gives.
    const factorLayout = mean ? program.chosen(mean, "destination", perChannel) : perChannel;
    const rows = program.convert(name, asVectors(context, name, gate!), vectors);
    const factors = program.convert(name, program.view(rows, perChannel), factorLayout);
    const product = (label: string, from: Value, by: Value, post: readonly PostOperation[] = []) => {
      const to = program.value(descriptor);
      const multiply = descriptors.binary("multiply", descriptor, by.descriptor, descriptor, post);
      program.add(`${name} ${label}`, multiply, { source: from, source1: by, destination: to });
      return to;
    };
    /** The sum of gradient x input over each channel's map: the mean of as many times the products. */
    const factorGradient = (gradient: Value): Value => {
      if (!mean) return product("factors backward", gradient, source);
      const area = extent.reduce((count, size) => count * size, 1);
      const products = product("factors backward", gradient, source, [{ kind: "linear", scale: area, shift: 0 }]);
      const sums = program.value(factorLayout);
      program.add(`${name} factors sum`, mean, { source: products, destination: sums });
      return program.view(program.convert(name, sums, perChannel), vectors);
    };
    /** Vectors in the form of an input that is kept as feature maps, as a flattened one is. */
    const shaped = (value: Value, { descriptor: { dimensions } }: Value) =>
      dimensions.length === value.descriptor.dimensions.length ? value : unflatten(context, name, value, dimensions);
    return {
      output: product("forward", source, factors),
      backward(incoming) {
        const gradient = program.convert(name, incoming, descriptor);
        const [toInput, toGate] = place.wantsGradient;
        return [
          toInput ? shaped(product("backward", gradient, factors), input!) : undefined,
          toGate ? shaped(factorGradient(gradient), gate!) : undefined,
        ];
      },
    };
  },
};

/** Appends a node's forward primitives to the program. */
export const lower = (
  context: LoweringContext,
  node: GraphNode,
  inputs: readonly Value[],
  place: NodeContext,
): Lowered => (rules[node.operation.kind] as LoweringRule<Operation>)(context, node, inputs, place);
