/** SAM's perturbation of all that is trained (Foret et al. 2021), as oneDNN primitives over pieces of the flat arrays. */
import { perturbationScale } from "../../../optimizer.ts";
import type { Section } from "../../program/instruction.ts";
import type { Program } from "../../program/program.ts";
import { addGradientNorm } from "./gradient-preparation.ts";
import type { FlatArrays } from "./optimizer-update.ts";
import { piecesOf, stepMaker } from "./pieces.ts";

/** What {@link addPerturbation} gives: runs it, and says whether the gradients are finite; `run` runs a part of the program. */
export type Perturbation = (run: (section: Section) => void, radius: number) => boolean;

/** Appends w + radius g / |g|. */
export function addPerturbation(program: Program, arrays: FlatArrays): Perturbation {
  const begin = program.mark;
  const norm = addGradientNorm(program, arrays);
  const middle = program.mark;
  const scale = program.host([1]);
  const step = stepMaker(program);
  for (const piece of piecesOf(program, arrays)) {
    const { gradients, weights } = piece;
    step("perturbation", piece, "multiply", [gradients, scale.value, weights], [{ kind: "sum", scale: 1 }]);
  }
  const end = program.mark;
  return (run, radius) => {
    run({ from: begin, to: middle });
    scale.array[0] = perturbationScale(norm(), radius);
    run({ from: middle, to: end });
    return Number.isFinite(scale.array[0]);
  };
}
