/** What becomes of the gradients before an optimizer reads them: they are centralised, and their norm is taken. */
import { elements } from "../../../../tensor.ts";
import type { Optimizer } from "../../../optimizer.ts";
import type { PostOperation } from "../../library/descriptors.ts";
import type { Parameter } from "../../program/parameter-store.ts";
import type { Program } from "../../program/program.ts";
import type { Value } from "../../program/value.ts";
import { sumMaker } from "./finite-sums.ts";
import type { FlatArrays } from "./optimizer-update.ts";
import { piecesOf, stepMaker } from "./pieces.ts";

/** Appends the norm of all gradients, in one pass over them; asked for once it has run. */
export function addGradientNorm(program: Program, arrays: FlatArrays): () => number {
  const step = stepMaker(program);
  const pieces = [...piecesOf(program, arrays)];
  const { addSum, total } = sumMaker(program, pieces.length);
  for (const piece of pieces) {
    const squares = program.value(piece.descriptor);
    step("squares", piece, "multiply", [piece.gradients, piece.gradients, squares]);
    addSum(squares);
  }
  return () => Math.sqrt(total());
}

/** Appends L2's part of the gradients; what it gives tells of none any more. */
function addRegularization(program: Program, arrays: FlatArrays): FlatArrays {
  const step = stepMaker(program);
  for (const piece of piecesOf(program, arrays)) {
    if (piece.l2 === 0) continue;
    const factor = program.once(`L2 by ${piece.l2}`, () => {
      const { value, array } = program.host([1]);
      array[0] = 2 * piece.l2;
      return value;
    });
    step("L2", piece, "multiply", [piece.weights, factor, piece.gradients], [{ kind: "sum", scale: 1 }]);
  }
  return { ...arrays, trained: arrays.trained.map((region) => ({ ...region, l2: 0 })) };
}

/** A weight with its gradient. */
export type WeightWithGradient = Parameter & { readonly gradient: Value };

/**
 * Appends, for every weight, the subtraction of the mean over each filter's or unit's gradient (Yong et al. 2020): as two products of the matrix
 * (filters, numbers of a filter) with a vector, which oneDNN computes many times faster than a reduction of a blocked layout.
 */
function addCentralization(program: Program, weights: readonly WeightWithGradient[]): void {
  for (const { spec, gradient } of weights) {
    if (spec.role !== "weight") continue;
    const filters = spec.shape[0]!;
    const length = elements(spec.shape) / filters;
    const filled = (value: number) =>
      program.once(`${length} times ${value}`, () => {
        const { value: vector, array } = program.host([length]);
        array.fill(value);
        return vector;
      });
    const rowMajor = (...dimensions: readonly number[]) => program.rowMajor(dimensions, "f32");
    const plain = program.convert(spec.name, gradient, rowMajor(...gradient.descriptor.dimensions));
    const matrix = program.view(plain, rowMajor(filters, length));
    const means = program.value(rowMajor(filters, 1));
    const product = (
      name: string,
      source: Value,
      vector: Value,
      destination: Value,
      post: readonly PostOperation[],
    ) => {
      const shapes = {
        source: source.descriptor,
        weights: vector.descriptor,
        bias: undefined,
        destination: destination.descriptor,
      };
      const primitive = program.descriptors.innerProduct(shapes, "inference", post);
      program.add(`${spec.name} ${name}`, primitive, { source, weights: vector, destination });
    };
    product("gradient mean", matrix, program.view(filled(-1 / length), rowMajor(1, length)), means, []);
    const added = [{ kind: "sum", scale: 1 }] as const;
    product("centralization", means, program.view(filled(1), rowMajor(length, 1)), matrix, added);
    if (plain !== gradient) program.convert(spec.name, plain, gradient.descriptor, gradient);
  }
}

/**
 * Appends what must be done before the update can be told its numbers. What follows reads `arrays`.
 *
 * @returns `norm`, once it has run, where the optimizer clips by it
 */
export function addGradientPreparation(
  { centralize, clipNorm, clipValue }: Optimizer,
  program: Program,
  arrays: FlatArrays,
  weights: readonly WeightWithGradient[],
): { readonly arrays: FlatArrays; readonly norm: (() => number) | undefined } {
  if (centralize) addCentralization(program, weights);
  if (clipNorm === undefined && clipValue === undefined) return { arrays, norm: undefined };
  const prepared = addRegularization(program, arrays);
  return { arrays: prepared, norm: clipNorm === undefined ? undefined : addGradientNorm(program, prepared) };
}
