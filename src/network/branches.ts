/** The layers that a layer holds. */
import type { Layer } from "./layer.ts";

/** A branch's part of the names of its layers: those of the second branch of a concatenation are `3.branches.1.0` and so on. */
export type BranchName = "body" | "shortcut" | `branches.${number}`;

/** The branches of a layer with their names, in the order in which they are computed; none for a layer that holds no others. */
export function branchesOf(layer: Layer): readonly (readonly [name: BranchName, layers: readonly Layer[]])[] {
  if (layer.kind === "gate") return [["body", layer.body]];
  if (layer.kind === "concatenate") return layer.branches.map((branch, i) => [`branches.${i}`, branch]);
  if (layer.kind !== "residual") return [];
  return [
    ["body", layer.body],
    ["shortcut", layer.shortcut],
  ];
}
