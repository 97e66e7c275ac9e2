/** What becomes of the gradients before an optimizer reads them: they are centralised, and their norm is taken. */
import type { Optimizer } from "../../../optimizer.ts";
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

/** Appends, for every weight, the subtraction of the mean over each filter's or unit's gradient (Yong et al. 2020). */
function addCentralization(program: Program, weights: readonly WeightWithGradient[]): void {
  for (const { spec, gradient } of weights) {
    if (spec.role !== "weight") continue;
    const { dimensions } = gradient.descriptor;
    // Filters are the first dimension, and with groups the first two.
    const kept = dimensions[0] === spec.shape[0] ? 1 : 2;
    const mean = program.value(
      program.rowMajor(
        dimensions.map((size, index) => (index < kept ? size : 1)),
        "f32",
      ),
    );
    const negative = { kind: "linear", scale: -1, shift: 0 } as const;
    const reduction = program.descriptors.mean(gradient.descriptor, mean.descriptor, [negative]);
    program.add(`${spec.name} gradient mean`, reduction, { source: gradient, destination: mean });
    const add = program.descriptors.binary("add", gradient.descriptor, mean.descriptor, gradient.descriptor, []);
    program.add(`${spec.name} centralization`, add, { source: gradient, source1: mean, destination: gradient });
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
