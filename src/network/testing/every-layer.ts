/** A layer of every kind. */
import {
  averagePool,
  batchNorm,
  concatenate,
  conv2d,
  dense,
  dropout,
  flatten,
  globalAveragePool,
  type Layer,
  maxPool,
  normalize,
  relu,
  residual,
  sigmoid,
  squeezeExcite,
} from "../layer.ts";

/** A layer of every kind, with all that can be said of it. */
export const everyLayer: readonly Layer[] = [
  normalize([0.5, 0.4, 0.3], [0.2, 0.2, 0.2]),
  conv2d(8, [3, 5], { stride: [2, 1], padding: [0, 2], bias: false }),
  conv2d(8, 3, { groups: 4, initialization: { scheme: "orthogonal", gain: 1.5 } }),
  batchNorm({ momentum: 0.2, epsilon: 1e-3 }),
  relu(),
  maxPool([2, 1], { stride: 1, padding: [1, 0] }),
  averagePool(2),
  residual([conv2d(8, 1), sigmoid()], [conv2d(8, 1)], { stochasticDepth: 0.1 }),
  squeezeExcite(8, 2),
  concatenate([[], [conv2d(4, 3), relu()], [averagePool(1)]]),
  dropout(0.2),
  { kind: "dropout", rate: 0.1, per: "image" },
  globalAveragePool(),
  flatten(),
  dense(9, { bias: false, initialization: "glorotUniform" }),
];
