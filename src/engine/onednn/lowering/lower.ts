/** How every operation becomes instructions, forward and backward: one table over the catalogue. */
import { eachActivation } from "../../../network/activations.ts";
import type { GraphNode, Operation } from "../../../network/graph.ts";
import type { Value } from "../program/value.ts";
import type { Lowered, LoweringContext, LoweringRule, NodeContext } from "./lowering-rule.ts";
import { activation } from "./operations/activations.ts";
import { add } from "./operations/addition.ts";
import { batchNormalization } from "./operations/batch-normalization.ts";
import { blurPool } from "./operations/blur-pool.ts";
import { dropout } from "./operations/dropout.ts";
import { generalizedMeanPool } from "./operations/generalized-mean.ts";
import { join } from "./operations/join.ts";
import { luminance } from "./operations/luminance.ts";
import { multiply } from "./operations/multiply.ts";
import { groupNorm, layerNorm, layerScale } from "./operations/normalization.ts";
import { normalize } from "./operations/normalize.ts";
import { averagePool, globalAveragePool, globalMaxPool, maxPool } from "./operations/pooling.ts";
import { conv2d, dense } from "./operations/weighted-layers.ts";

const rules: { readonly [K in Operation["kind"]]: LoweringRule<Extract<Operation, { kind: K }>> } = {
  normalize,
  luminance,
  conv2d,
  dense,
  batchNorm: batchNormalization,
  layerNorm,
  groupNorm,
  layerScale,
  ...eachActivation(() => activation),
  maxPool,
  averagePool,
  globalAveragePool,
  globalMaxPool,
  generalizedMeanPool,
  blurPool,
  flatten: (_, __, [input]) => ({ output: input!, backward: (gradient) => [gradient] }),
  dropout,
  add,
  multiply,
  join,
};

/** Appends a node's forward primitives to the program. */
export const lower = (
  context: LoweringContext,
  node: GraphNode,
  inputs: readonly Value[],
  place: NodeContext,
): Lowered => (rules[node.operation.kind] as LoweringRule<Operation>)(context, node, inputs, place);
