/** Bytes of images to values about zero. */
import type { Normalize } from "../../../../network/layer.ts";
import type { PostOperation } from "../../library/descriptors.ts";
import { byKernel } from "../kernels/kernel-table.ts";
import type { LoweringRule } from "../lowering-rule.ts";

/** Lowers the normalisation of input bytes by constants, which has no gradient. */
export const normalize: LoweringRule<Normalize> = (context, { name, operation, shape }, [input]) => {
  const { program, type } = context;
  const { mean, standardDeviation } = operation;
  const factors = standardDeviation.map((deviation) => 1 / (255 * deviation));
  const terms = mean.map((value, channel) => -value / standardDeviation[channel]!);
  const normalized = byKernel("normalize", { ...context, name, input: input!, scale: factors, shift: terms });
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
};
