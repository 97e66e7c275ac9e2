/** Pooling over windows and over whole maps. */

import type { GraphNode } from "../../../../network/graph.ts";
import type {
  GlobalAveragePool,
  HeightWidth,
  ResolvedAveragePool,
  ResolvedMaxPool,
} from "../../../../network/layer.ts";
import type { GlobalMaxPool } from "../../../../network/pooling.ts";
import { countedValues } from "../../../../network/windows.ts";
import { elements } from "../../../../tensor.ts";
import type { MemoryDescriptor, Pooling } from "../../library/descriptors.ts";
import type { Value } from "../../program/value.ts";
import { byKernel } from "../kernels/kernel-table.ts";
import { toType } from "../layout.ts";
import type { Lowered, LoweringContext, LoweringRule, NodeContext } from "../lowering-rule.ts";
import { maskByRelu } from "./elementwise.ts";

function pooled(
  context: LoweringContext,
  name: string,
  input: Value,
  place: Pick<NodeContext, "maskGradient">,
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
export function meanOverMap({ program, type }: LoweringContext, maps: MemoryDescriptor, dimensions: readonly number[]) {
  const kernel = maps.dimensions.slice(2) as readonly number[] as HeightWidth;
  const destination = program.descriptors.memory(dimensions, type, "any");
  const shapes = { source: maps, destination, kernel, stride: kernel, padding: [0, 0, 0, 0] } as const;
  return program.descriptors.pooling({ ...shapes, algorithm: "averageExcludePadding" }, "inference");
}

/** Lowers max pooling, by a kernel where one serves it. */
export const maxPool: LoweringRule<ResolvedMaxPool> = (context, node, [input], place) => {
  const { name, operation, shape } = node;
  const { kernel, stride, padding } = operation;
  const [, height, width] = shape as readonly [number, number, number];
  return (
    byKernel("maxPool", { ...context, node, source: input!, maskGradient: place.maskGradient }) ??
    pooled(context, name, input!, place, { algorithm: "max", kernel, stride, padding, height, width })
  );
};

/** Lowers average pooling. Where only a part of the padding counts, the mean over the map's values is scaled. */
export const averagePool: LoweringRule<ResolvedAveragePool> = (context, node, [input], place) => {
  const { name, operation, shape } = node;
  const { kernel, stride, padding, counted } = operation;
  const [, height, width] = shape as readonly [number, number, number];
  const window = { kernel, stride, padding, height, width };
  if (counted.every((border) => border === 0)) {
    return pooled(context, name, input!, place, { ...window, algorithm: "averageExcludePadding" });
  }
  const including = { ...window, algorithm: "averageIncludePadding" } as const;
  if (counted.every((border, side) => border === padding[side])) return pooled(context, name, input!, place, including);
  // The mean over all of the window, times what that has more than what counts.
  const all = pooled(context, name, input!, place, including);
  const scaled = scaleByPlace(context, name, all.output.descriptor, windowShares(node));
  return {
    output: scaled("scaling", all.output),
    backward: (gradient) => all.backward(scaled("scaling backward", gradient)),
  };
};

/** Of each place: the window's values over those that count. */
function windowShares(node: GraphNode<ResolvedAveragePool>): Float64Array {
  const all = elements(node.operation.kernel);
  return countedValues(node).map((values) => all / values);
}

/** Appends the product of maps of one layout and a factor for each place, the same for all channels and images. */
function scaleByPlace({ program }: LoweringContext, name: string, maps: MemoryDescriptor, factors: Float64Array) {
  // A factor for every value: oneDNN has no fast broadcast of places over blocks of channels.
  const { value: constants, array } = program.host(maps.dimensions);
  for (let i = 0; i < array.length; i++) array[i] = factors[i % factors.length]!;
  const value = program.convert(name, constants, maps);
  return (label: string, from: Value): Value => {
    const source = program.convert(name, from, maps);
    const to = program.value(maps);
    const multiply = program.descriptors.binary("multiply", maps, maps, maps, []);
    program.add(`${name} ${label}`, multiply, { source, source1: value, destination: to });
    return to;
  };
}

/** A pooling whose window is the map. */
function wholeMap(
  context: LoweringContext,
  name: string,
  input: Value,
  place: Pick<NodeContext, "maskGradient">,
  algorithm: Pooling["algorithm"],
): Lowered {
  const kernel = input.descriptor.dimensions.slice(2) as readonly number[] as HeightWidth;
  const window = { algorithm, kernel, stride: kernel, padding: [0, 0, 0, 0] } as const;
  return pooled(context, name, input, place, { ...window, height: 1, width: 1 });
}

/** The mean of each channel's map and its gradient, as a part of another layer. */
export const meanOfMaps = (context: LoweringContext, name: string, input: Value): Lowered =>
  wholeMap(context, `${name} mean`, input, { maskGradient: false }, "averageExcludePadding");

/** Lowers the mean of each channel's map. */
export const globalAveragePool: LoweringRule<GlobalAveragePool> = (context, { name }, [input], place) =>
  wholeMap(context, name, input!, place, "averageExcludePadding");

/** Lowers the largest value of each channel's map. */
export const globalMaxPool: LoweringRule<GlobalMaxPool> = (context, { name }, [input], place) =>
  wholeMap(context, name, input!, place, "max");
