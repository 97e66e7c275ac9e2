/** The instructions of a convolution on AMX: its weights are packed, then every image is a task. */
import {
  type ConvolutionSource,
  convolutionArguments,
  convolutionKernel,
  workspaceBytes,
} from "../../../../x64/kernels/amx-convolution/convolution-kernel.ts";
import { type ConvolutionShape, tapOrder } from "../../../../x64/kernels/amx-convolution/geometry.ts";
import { packedBytes, packTasks, packWeightsKernel } from "../../../../x64/kernels/amx-convolution/pack-weights.ts";
import { bytesPerElement } from "../../../library/constants.ts";
import type { Program } from "../../../program/program.ts";
import type { Value } from "../../../program/value.ts";
import type { DeferredConvolution, DeferredMaps, Operand, SinkWork } from "./deferred.ts";

/** All that the instructions of one convolution need. */
export interface ConvolutionWork {
  readonly program: Program;
  readonly name: string;
  readonly batch: number;
  /** Of what it reads, with the direction in which it runs, and of what it gives. */
  readonly shape: ConvolutionShape;
  readonly resultShape: ConvolutionShape;
  /** Of the forward direction, in whose terms weights are packed. */
  readonly forward: ConvolutionShape;
  readonly operand: Operand;
  /** Tap by tap. */
  readonly weights: Value;
  readonly output: Value;
}

const bytesOf = ({ channels, height, width }: ConvolutionShape) => channels * height * width * bytesPerElement.bf16;

const sourceOf = (made: DeferredMaps | undefined): ConvolutionSource => made?.source ?? { kind: "maps" };

const readBy = ({ maps, made }: Operand): readonly Value[] => (made ? [...made.maps, made.coefficients] : [maps]);

/** Appends the convolution, what is to be done with its result, and another one whose result is added. */
export function addConvolution(convolution: ConvolutionWork, work?: SinkWork, projection?: DeferredConvolution): void {
  const { program, name, batch, shape, resultShape, operand, output } = convolution;
  const whole = projection ? { ...shape, projected: true } : shape;
  const workspace = threadMemory(program, whole);
  const packed = addPacking(convolution, whole, projection);
  const operands = [operand, ...(projection ? [projection.operand] : [])];
  const result = work?.into ?? output;
  const sinkMaps = [result, ...(work?.maps ?? [])];
  const reads = [...operands.flatMap(readBy), packed, ...(work?.maps ?? [])];
  const writes = [...operands.flatMap(({ made, maps }) => (made ? [maps] : [])), result, ...(work ? [work.sums] : [])];
  program.addKernel(
    `${name} ${shape.direction === "forward" ? "forward" : "backward data"}`,
    convolutionKernel(
      whole,
      sourceOf(operand.made),
      work?.sink ?? { kind: "plain" },
      projection && sourceOf(projection.operand.made),
    ),
    { reads: work ? [...reads, work.coefficients] : reads, writes },
    (locate) =>
      Array.from({ length: batch }, (_, task) => {
        const [source, further] = operands.map(({ maps, made }) => ({
          coefficients: made ? locate(made.coefficients) : 0,
          sums: 0,
          maps: [...(made?.maps ?? []), maps].map((map) => locate(map, task * bytesOf(shape))),
        }));
        return convolutionArguments({
          workspace: locate(workspace),
          weights: locate(packed),
          source: source!,
          projection: further,
          sink: {
            coefficients: work ? locate(work.coefficients) : 0,
            sums: work ? locate(work.sums, task * work.sumBytes) : 0,
            maps: sinkMaps.map((map) => locate(map, task * bytesOf(resultShape))),
          },
        });
      }),
  );
}

/** Appends the packing of the weights as the kernel reads them; returns them. */
function addPacking(
  { program, name, shape, forward, weights }: ConvolutionWork,
  whole: ConvolutionShape,
  projection: DeferredConvolution | undefined,
): Value {
  const sizes = [forward, ...(projection ? [{ ...forward, kernel: 1 }] : [])].map(packedBytes);
  const packed = program.value(program.rowMajor([sizes.reduce((sum, bytes) => sum + bytes)], "u8"));
  program.addKernel(
    `${name}.weight pack`,
    packWeightsKernel(forward.filters, shape.direction),
    { reads: [weights, ...(projection ? [projection.weights] : [])], writes: [packed] },
    (locate) => {
      const further = projection && locate(projection.weights);
      return packTasks(forward, shape.direction, tapOrder(whole), locate(weights), locate(packed), further);
    },
  );
  return packed;
}

/** Memory of each thread's own: the same for all convolutions of a shape. */
function threadMemory(program: Program, shape: ConvolutionShape): Value {
  return program.once(`AMX convolution ${Object.values(shape).join(" ")}`, () => {
    const bytes = program.runtime.description.threads * workspaceBytes(shape);
    return program.persistent(program.rowMajor([bytes], "u8"));
  });
}
