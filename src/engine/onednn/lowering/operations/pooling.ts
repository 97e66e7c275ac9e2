/** Pooling over windows and over whole maps. */
import type { AveragePool, GlobalAveragePool, HeightWidth, MaxPool } from "../../../../network/layer.ts";
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
export function meanOverMap({ program, type }: LoweringContext, maps: MemoryDescriptor, dimensions: readonly number[]) {
  const kernel = maps.dimensions.slice(2) as readonly number[] as HeightWidth;
  const destination = program.descriptors.memory(dimensions, type, "any");
  const shapes = { source: maps, destination, kernel, stride: kernel, padding: [0, 0] } as const;
  return program.descriptors.pooling({ ...shapes, algorithm: "averageExcludePadding" }, "inference");
}

/** Lowers max pooling, by a kernel where one serves it. */
export const maxPool: LoweringRule<MaxPool> = (context, node, [input], place) => {
  const { name, operation, shape } = node;
  const { kernel, stride, padding } = operation;
  const [, height, width] = shape as readonly [number, number, number];
  return (
    byKernel("maxPool", { ...context, node, source: input!, maskGradient: place.maskGradient }) ??
    pooled(context, name, input!, place, { algorithm: "max", kernel, stride, padding, height, width })
  );
};

/** Lowers average pooling. */
export const averagePool: LoweringRule<AveragePool> = (context, { name, operation, shape }, [input], place) => {
  const { kernel, stride, padding } = operation;
  const [, height, width] = shape as readonly [number, number, number];
  const window = { algorithm: "averageExcludePadding", kernel, stride, padding, height, width } as const;
  return pooled(context, name, input!, place, window);
};

/** Lowers the mean of each channel's map, as a pooling whose window is the map. */
export const globalAveragePool: LoweringRule<GlobalAveragePool> = (context, { name, inputShapes }, [input], place) => {
  const [, height, width] = inputShapes[0] as readonly [number, number, number];
  const kernel: HeightWidth = [height, width];
  const window = { algorithm: "averageExcludePadding", kernel, stride: kernel, padding: [0, 0] } as const;
  return pooled(context, name, input!, place, { ...window, height: 1, width: 1 });
};
