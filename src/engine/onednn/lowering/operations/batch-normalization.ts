/** Batch normalisation, alone or with the sum that follows it: by kernels of our own where they serve, else by oneDNN. */
import type { BatchNorm } from "../../../../network/layer.ts";
import { elements } from "../../../../tensor.ts";
import type { Parameter } from "../../program/parameter-store.ts";
import { floats, type Value } from "../../program/value.ts";
import { byKernel } from "../kernels/kernel-table.ts";
import type { BatchNormalizationSite } from "../kernels/sites.ts";
import { asPixels, toType } from "../layout.ts";
import type { Lowered, LoweringContext, LoweringRule } from "../lowering-rule.ts";
import { addition } from "./addition.ts";

/** The parameters of a normalisation, and what it knows about a batch in training. */
type Normalization = Pick<BatchNormalizationSite, "node" | "scale" | "shift" | "mean" | "variance" | "runningMean">;

/** The inputs are the maps, or vectors, and, where the sum with a shortcut is part of it, the shortcut. */
export const batchNormalization: LoweringRule<BatchNorm> = (context, node, [input, shortcut], place) => {
  const { program, store, mode } = context;
  const perChannel = program.rowMajor([node.shape[0]!], "f32");
  const [scale, shift, runningMean, runningVariance] = node.parameters.map((spec) => store.add(spec, perChannel));
  const ofBatch = mode === "training" && !node.frozen;
  const mean = ofBatch ? program.persistent(perChannel) : runningMean!.value;
  const variance = ofBatch ? program.persistent(perChannel) : runningVariance!.value;
  const normalization = { node, scale: scale!, shift: shift!, mean, variance, runningMean: runningMean!.value };
  if (ofBatch) moveRunningStatistics(context, normalization, runningVariance!.value);

  const { relu, ownsInput, ownsShortcut } = place;
  const isMap = node.shape.length > 1;
  const source = isMap ? toType(context, node.name, input!) : input!;
  if (isMap) {
    const fused = { relu, ownsInput, ownsShortcut: ownsShortcut === true };
    const lowered = byKernel("batchNormalization", { ...context, ...normalization, source, shortcut, ...fused });
    if (lowered) return lowered;
  }
  const normalized = (fuseRelu: boolean): Lowered => {
    const lower = (maps: Value) => byPrimitives(context, normalization, maps, fuseRelu);
    return isMap ? lower(source) : asPixels(context, node.name, source, lower);
  };
  if (shortcut === undefined) return normalized(relu);
  const body = normalized(false);
  const sum = addition(context, node.name, [body.output, shortcut], relu);
  return {
    output: sum.output,
    backward(incoming) {
      const [toBody, toShortcut] = sum.backward(incoming);
      return [...body.backward(toBody!), toShortcut];
    },
  };
};

/** After each forward pass running statistics move towards the (unbiased) ones of the batch. */
function moveRunningStatistics(
  { batch, afterForward }: LoweringContext,
  { node, mean, variance, runningMean }: Normalization,
  runningVariance: Value,
): void {
  const { momentum } = node.operation;
  const count = batch * elements(node.shape.slice(1));
  const unbiased = count > 1 ? count / (count - 1) : 1;
  afterForward.push(() => {
    const [means, variances] = [floats(mean), floats(variance)];
    const [runningMeans, runningVariances] = [floats(runningMean), floats(runningVariance)];
    return (share = momentum) => {
      moveTowards(runningMeans, means, share, 1);
      moveTowards(runningVariances, variances, share, unbiased);
    };
  });
}

function moveTowards(running: Float32Array, batch: Float32Array, momentum: number, factor: number): void {
  for (let i = 0; i < running.length; i++) running[i] = (1 - momentum) * running[i]! + momentum * factor * batch[i]!;
}

function byPrimitives(
  { program, mode }: LoweringContext,
  { node: { name, operation, frozen }, scale, shift, mean, variance }: Normalization,
  source: Value,
  fuseRelu: boolean,
): Lowered {
  const training = mode === "training";
  const data = source.descriptor;
  const what = { data, epsilon: operation.epsilon, globalStatistics: !training || frozen, fuseRelu };
  const forward = program.descriptors.batchNormalization(what, mode);
  const output = program.value(data);
  const workspace = training ? program.workspace(forward) : undefined;
  const common = { source, mean, variance, scale: scale.value, workspace };
  program.add(`${name} forward`, forward, { ...common, shift: shift.value, destination: output });
  return {
    output,
    backward(incoming) {
      const inputGradient = program.value(data);
      // The primitive writes these whether they are wanted or not.
      const gradientOf = ({ value, gradient }: Parameter) => gradient ?? program.value(value.descriptor);
      program.add(`${name} backward`, program.descriptors.batchNormalizationBackward(what, forward), {
        ...common,
        shift: program.descriptors.batchNormalizationBackwardReadsShift ? shift.value : undefined,
        diffDestination: program.convert(name, incoming, data),
        diffSource: inputGradient,
        diffScale: gradientOf(scale),
        diffShift: gradientOf(shift),
      });
      return [inputGradient];
    },
  };
}
