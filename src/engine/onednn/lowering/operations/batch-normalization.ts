/** Batch normalisation, alone or with the sum that follows it: by kernels of our own where they can, else by oneDNN. */
import type { GraphNode, Operation } from "../../../../network/graph.ts";
import {
  gradientSumsKernel,
  inputGradientKernel,
  normalizeKernel,
  pixelArguments,
  statisticsKernel,
} from "../../../x64/kernels/batch-normalization.ts";
import {
  CHANNELS_PER_REGISTER,
  COEFFICIENT_ROWS,
  type CoefficientRow,
  coefficientRows,
  passArguments,
  SUM_ROWS,
} from "../../../x64/kernels/channel-pass.ts";
import { columnSumArguments, columnSumKernel } from "../../../x64/kernels/partial-sum.ts";
import type { Kernel } from "../../../x64/kernels/task-kernel.ts";
import { bytesPerElement } from "../../library/constants.ts";
import type { Parameter } from "../../program/parameter-store.ts";
import type { Program } from "../../program/program.ts";
import { floats, type Value } from "../../program/value.ts";
import { type DeferredConvolution, type DeferredMaps, takeConvolution } from "../kernels/amx-convolution.ts";
import {
  addition,
  type Lowered,
  type LoweringContext,
  type LoweringRule,
  type NodeContext,
  toType,
} from "../lowering-rule.ts";

type BatchNormNode = GraphNode<Extract<Operation, { kind: "batchNorm" }>>;

/** The parameters of a normalisation, and what it knows about a batch in training. */
interface Normalization {
  readonly node: BatchNormNode;
  readonly scale: Parameter;
  readonly shift: Parameter;
  /** Of the batch in training, else the running ones. */
  readonly mean: Value;
  readonly variance: Value;
  readonly runningMean: Value;
}

/** The inputs are the maps and, where the sum with a shortcut is part of it, the shortcut. */
export const batchNormalization: LoweringRule<BatchNormNode["operation"]> = (
  context,
  node,
  [input, shortcut],
  place,
) => {
  const { program, store, mode, afterForward, batch } = context;
  const source = toType(context, node.name, input!);
  const perChannel = program.rowMajor([node.shape[0]!], "f32");
  const [scale, shift, runningMean, runningVariance] = node.parameters.map((spec) => store.add(spec, perChannel));
  const training = mode === "training";
  const mean = training ? program.persistent(perChannel) : runningMean!.value;
  const variance = training ? program.persistent(perChannel) : runningVariance!.value;
  if (training) {
    const { momentum } = node.operation;
    const count = batch * node.shape[1]! * node.shape[2]!;
    const unbiased = count > 1 ? count / (count - 1) : 1;
    afterForward.push(() => {
      const [means, variances] = [floats(mean), floats(variance)];
      const [runningMeans, runningVariances] = [floats(runningMean!.value), floats(runningVariance!.value)];
      return () => {
        moveTowards(runningMeans, means, momentum, 1);
        moveTowards(runningVariances, variances, momentum, unbiased);
      };
    });
  }
  const normalization = { node, scale: scale!, shift: shift!, mean, variance, runningMean: runningMean!.value };
  if (training && servesNormalization(program, source)) {
    const addend = shortcut && program.convert(node.name, toType(context, node.name, shortcut), source.descriptor);
    return byKernels(context, normalization, source, addend, place);
  }
  if (shortcut === undefined) return byPrimitives(context, normalization, source, place.relu);
  const normalized = byPrimitives(context, normalization, source, false);
  const sum = addition(context, node.name, [normalized.output, shortcut], place.relu);
  return {
    output: sum.output,
    backward(incoming) {
      const [body, other] = sum.backward(incoming);
      return [...normalized.backward(body!), other];
    },
  };
};

function moveTowards(running: Float32Array, batch: Float32Array, momentum: number, factor: number): void {
  for (let i = 0; i < running.length; i++) running[i] = (1 - momentum) * running[i]! + momentum * factor * batch[i]!;
}

/** Whether kernels can have `maps`: bfloat16, channels last, and whole registers of them. */
function servesNormalization(program: Program, { descriptor }: Value): boolean {
  const channels = descriptor.dimensions[1]!;
  if (program.runtime.mapKernels === undefined || descriptor.type !== "bf16" || channels % CHANNELS_PER_REGISTER !== 0)
    return false;
  return program.isChannelsLast(descriptor);
}

function byPrimitives(
  { program, mode }: LoweringContext,
  { node: { name, operation }, scale, shift, mean, variance }: Normalization,
  source: Value,
  fuseRelu: boolean,
): Lowered {
  const training = mode === "training";
  const data = source.descriptor;
  const what = { data, epsilon: operation.epsilon, globalStatistics: !training, fuseRelu };
  const forward = program.descriptors.batchNormalization(what, mode);
  const output = program.value(data);
  const workspace = training ? program.workspace(forward) : undefined;
  const common = { source, mean, variance, scale: scale.value, workspace };
  program.add(`${name} forward`, forward, { ...common, shift: shift.value, destination: output });
  return {
    output,
    backward(incoming) {
      const inputGradient = program.value(data);
      program.add(`${name} backward`, program.descriptors.batchNormalizationBackward(what, forward), {
        ...common,
        shift: program.descriptors.batchNormalizationBackwardReadsShift ? shift.value : undefined,
        diffDestination: program.convert(name, incoming, data),
        diffSource: inputGradient,
        diffScale: scale.gradient,
        diffShift: shift.gradient,
      });
      return [inputGradient];
    },
  };
}

/** A batch is cut into so many tasks, however many threads there are, so that sums do not depend on their number. */
const MOST_TASKS = 32;
const LEAST_PIXELS = 256;

function byKernels(
  { program, batch, type }: LoweringContext,
  { node, scale, shift, mean, variance, runningMean }: Normalization,
  source: Value,
  shortcut: Value | undefined,
  { relu, ownsInput, ownsShortcut = false }: Pick<NodeContext, "relu" | "ownsInput" | "ownsShortcut">,
): Lowered {
  const { name, operation } = node;
  const [channels, height, width] = node.shape as readonly [number, number, number];
  const pixels = batch * height * width;
  const flatTasks = cut(pixels, Math.max(1, Math.min(MOST_TASKS, Math.floor(pixels / LEAST_PIXELS))));
  const table = (...rows: readonly number[]) => program.persistent(program.rowMajor([...rows, channels], "f32"));
  const coefficients = table(COEFFICIENT_ROWS);
  const sums = table(Math.max(flatTasks.length, batch), SUM_ROWS);
  const sumBytes = SUM_ROWS * channels * bytesPerElement.f32;
  const columns = SUM_ROWS * channels;
  const totals = doubles(program, columns);
  const row = (which: CoefficientRow) => rowOf(floats(coefficients), which, channels);

  /** `maps` as the kernel has them; it writes the first so many of them. */
  const pass = (
    label: string,
    kernel: Kernel,
    maps: readonly Value[],
    written: number,
    { rows = coefficients, writesSums = false } = {},
  ) => {
    const reads = [...maps.slice(written), rows];
    const writes = [...maps.slice(0, written), ...(writesSums ? [sums] : [])];
    program.addKernel(`${name} ${label}`, kernel, { reads, writes }, (locate) =>
      flatTasks.map(({ from, pixels: count }, task) => [
        ...pixelArguments(count),
        ...passArguments({
          coefficients: locate(rows),
          sums: locate(sums, task * sumBytes),
          maps: maps.map((map) => locate(map, from * channels * bytesPerElement[type])),
        }),
      ]),
    );
  };

  /** Adds up what so many tasks left in `sums`: by one thread, as two are no faster. */
  const addSums = (rows: number) =>
    program.addKernel(`${name} sums`, columnSumKernel(columns), { reads: [sums], writes: [totals.value] }, (locate) => [
      columnSumArguments({ from: locate(sums), to: locate(totals.value), rows }),
    ]);

  const scaled = shortcut && ownsShortcut ? takeNormalization(program, shortcut) : undefined;
  const convolution = program.takeDeferred<DeferredConvolution>(source, "convolution");
  if (convolution) {
    convolution.emit({ sink: { kind: "statistics" }, coefficients: runningMean, sums, sumBytes, maps: [] });
  } else pass("statistics", statisticsKernel(channels), [source], 0, { rows: runningMean, writesSums: true });
  addSums(convolution ? batch : flatTasks.length);
  program.addCalculation(
    `${name} coefficients`,
    {
      reads: [totals.value, scale.value, shift.value, ...(scaled ? [scaled.coefficients] : [])],
      writes: [coefficients, mean, variance],
    },
    () => {
      const [means, variances, pivots] = [floats(mean), floats(variance), floats(runningMean)];
      const [scales, shifts, weights, biases] = [row("scale"), row("shift"), floats(scale.value), floats(shift.value)];
      const [meanRow, shortcutScales] = [row("mean"), row("shortcutScale")];
      const ofShortcut = scaled && floats(scaled.coefficients);
      const [sum, squares] = [totals.array.subarray(0, channels), totals.array.subarray(channels)];
      return () => {
        for (let channel = 0; channel < channels; channel++) {
          const offset = sum[channel]! / pixels;
          means[channel] = pivots[channel]! + offset;
          variances[channel] = Math.max(0, squares[channel]! / pixels - offset * offset);
          scales[channel] = weights[channel]! / Math.sqrt(variances[channel]! + operation.epsilon);
          shifts[channel] = biases[channel]! - means[channel]! * scales[channel]!;
        }
        meanRow.set(means);
        if (ofShortcut === undefined) return;
        shortcutScales.set(rowOf(ofShortcut, "scale", channels));
        for (const [channel, term] of rowOf(ofShortcut, "shift", channels).entries()) shifts[channel]! += term;
      };
    },
  );
  const output = program.value(source.descriptor);
  const shape = { relu, shortcut: scaled ? "scaled" : shortcut !== undefined } as const;
  const addend = scaled ? scaled.maps[0]! : shortcut;
  const operands = addend ? [source, addend] : [source];
  const normalized: DeferredMaps = {
    kind: "maps",
    source: { kind: "normalize", ...shape },
    coefficients,
    maps: operands,
    reads: operands,
    emit: () => pass("normalize", normalizeKernel(channels, shape), [output, ...operands], 1),
  };
  program.defer([output], normalized);

  const backward = (gradients: readonly Value[]) => {
    const incoming = gradients.map((gradient) => program.convert(name, gradient, source.descriptor));
    const mask = relu ? (shortcut ? "output" : "input") : "none";
    const convolved = takeConvolution(program, incoming);
    const [first, second] = convolved ? [convolved.gradient, convolved.other] : [incoming[0]!, incoming[1]];
    const stores = second !== undefined || (relu && shortcut !== undefined);
    const sumsShape = { mask, second: second !== undefined, stores } as const;
    const others = [source, ...(second ? [second] : []), ...(mask === "output" ? [output] : [])];
    let masked = first;
    if (convolved) {
      // A line that was just read is written without being fetched once more.
      const into = second && program.mayOverwrite(second) ? second : undefined;
      const sink = { kind: "gradientSums", ...sumsShape } as const;
      convolved.convolution.emit({ sink, coefficients, sums, sumBytes, maps: others, into }, convolved.projection);
      masked = into ?? first;
    } else {
      if (stores) masked = program.value(source.descriptor);
      pass("gradient sums", gradientSumsKernel(channels, sumsShape), [masked, first, ...others], stores ? 1 : 0, {
        writesSums: true,
      });
    }
    addSums(convolved ? batch : flatTasks.length);
    program.addCalculation(
      `${name} gradient coefficients`,
      { reads: [totals.value, mean, variance], writes: [coefficients, scale.gradient!, shift.gradient!] },
      () => {
        const [means, variances, scales] = [floats(mean), floats(variance), row("scale")];
        const [scaleGradients, shiftGradients] = [floats(scale.gradient!), floats(shift.gradient!)];
        const [sum, products] = [totals.array.subarray(0, channels), totals.array.subarray(channels)];
        const [ofGradient, ofInput, constant] = [row("ofGradient"), row("ofInput"), row("constant")];
        return () => {
          for (let channel = 0; channel < channels; channel++) {
            const inverse = 1 / Math.sqrt(variances[channel]! + operation.epsilon);
            shiftGradients[channel] = sum[channel]!;
            scaleGradients[channel] = products[channel]! * inverse;
            // scale (g - mean of g - (x - mean) / deviation * mean of g (x - mean) / deviation)
            const slope = (-scales[channel]! * inverse * inverse * products[channel]!) / pixels;
            ofGradient[channel] = scales[channel]!;
            ofInput[channel] = slope;
            constant[channel] = (-scales[channel]! * sum[channel]!) / pixels - slope * means[channel]!;
          }
        };
      },
    );
    const inputGradient = ownsInput ? source : program.value(source.descriptor);
    const gradientShape = { mask: stores || mask !== "input" ? "none" : "input" } as const;
    const deferred: DeferredMaps = {
      kind: "maps",
      source: { kind: "inputGradient", ...gradientShape },
      coefficients,
      maps: [source, masked],
      reads: [source, masked],
      emit: () =>
        pass("input gradient", inputGradientKernel(channels, gradientShape), [inputGradient, source, masked], 1),
    };
    program.defer([inputGradient], deferred);
    return shortcut ? [inputGradient, masked] : [inputGradient];
  };
  return {
    output,
    backward: (gradient) => backward([gradient]),
    backwardOfSum: (first, second) => backward([first, second]),
  };
}

/** A shortcut that is nothing but a normalisation which was put off: the caller's to do now. */
function takeNormalization(program: Program, shortcut: Value): DeferredMaps | undefined {
  const deferred = program.takeDeferred<DeferredMaps>(shortcut, "maps");
  if (deferred === undefined) return undefined;
  const { source } = deferred;
  if (source.kind === "normalize" && !source.relu && !source.shortcut) return deferred;
  deferred.emit();
  return undefined;
}

const rowOf = (coefficients: Float32Array, which: CoefficientRow, channels: number) =>
  coefficients.subarray(channels * coefficientRows[which], channels * (coefficientRows[which] + 1));

/** Consecutive parts of so many pixels. */
const cut = (pixels: number, tasks: number) =>
  Array.from({ length: tasks }, (_, task) => {
    const from = Math.floor((task * pixels) / tasks);
    return { from, pixels: Math.floor(((task + 1) * pixels) / tasks) - from };
  });

/** Memory for doubles, with its typed array. */
function doubles(program: Program, count: number) {
  const value = program.persistent(program.rowMajor([count * Float64Array.BYTES_PER_ELEMENT], "u8"));
  const { buffer, byteOffset } = value.storage.array!;
  return { value, array: new Float64Array(buffer, byteOffset, count) };
}
