/** The weights of a harmonic convolution: formed from their factors before each forward pass, and their gradient taken back to the factors. */
import { cosineFilters, type Harmonics } from "../../../../network/harmonics.ts";
import type { ParameterSpec } from "../../../../network/parameters.ts";
import { elements } from "../../../../tensor.ts";
import type { MemoryDescriptor } from "../../library/descriptors.ts";
import type { Parameter } from "../../program/parameter-store.ts";
import type { Value } from "../../program/value.ts";
import type { LoweringContext } from "../lowering-rule.ts";

/** Weights that are computed, as if they were a parameter. */
export interface HarmonicWeight {
  readonly weight: Parameter;
  /** Appends the gradient of the factors, once that of the weights is written. */
  appendGradient(): void;
}

/** `into` = `rows` times the vectors, each row by itself: (rows, n) and (n, m) give (rows, m). */
function product(
  { program }: LoweringContext,
  label: string,
  rows: Value,
  vectors: readonly ArrayLike<number>[],
  into: Value,
): void {
  const { descriptors } = program;
  const [columns, length] = [vectors[0]!.length, vectors.length];
  const matrix = program.host([columns, length]);
  for (let i = 0; i < matrix.array.length; i++) matrix.array[i] = vectors[i % length]![Math.floor(i / length)]!;
  const template = descriptors.memory([columns, length], "f32", "any");
  const shapes = { source: rows.descriptor, weights: template, bias: undefined, destination: into.descriptor };
  const multiply = descriptors.innerProduct(shapes, "inference", []);
  const weights = program.convert(label, matrix.value, program.chosen(multiply, "weights", template));
  program.add(label, multiply, { source: rows, weights, destination: into });
}

/**
 * The weights of a convolution in one plan, however many parts its batch has.
 *
 * @param dimensions of the weights, as the convolution has them
 * @param layout of their gradient, where there is one
 */
export const harmonicWeight = (
  context: LoweringContext,
  spec: ParameterSpec,
  harmonics: Harmonics,
  dimensions: readonly number[],
  layout: MemoryDescriptor | undefined,
): HarmonicWeight =>
  context.program.once(`harmonic ${spec.name}`, () => {
    const { program, store } = context;
    const filters = cosineFilters(harmonics);
    const area = elements(harmonics.kernel);
    const kernels = elements(dimensions) / area;
    const factors = store.add(spec, program.rowMajor([kernels, filters.length], "f32"));
    const rowMajor = program.rowMajor(dimensions, "f32");
    const asRows = program.rowMajor([kernels, area], "f32");
    const value = program.value(rowMajor);
    product(context, `${spec.name} forming`, factors.value, filters, program.view(value, asRows));
    const gradient = layout && factors.gradient && program.value(layout);
    return {
      weight: { spec, value, gradient },
      appendGradient() {
        if (gradient === undefined || factors.gradient === undefined) return;
        const label = `${spec.name} factors`;
        const rows = program.view(program.convert(label, gradient, rowMajor), asRows);
        const places = Array.from({ length: area }, (_, i) => filters.map((filter) => filter[i]!));
        product(context, label, rows, places, factors.gradient);
      },
    };
  });
