/** Conformance cases of the activations: each by itself, on values where it is saturated, and between other layers. */
import {
  type Activation,
  averagePool,
  batchNorm,
  conv2d,
  dense,
  elu,
  flatten,
  gate,
  gelu,
  globalAveragePool,
  hardSigmoid,
  hardSwish,
  type Layer,
  leakyRelu,
  relu6,
  residual,
  silu,
  softplus,
  tanh,
} from "../../network/layer.ts";
import { type ConformanceCase, deep, head, single } from "./conformance-case.ts";

/** Each with its name. */
export const activations: readonly (readonly [name: string, layer: Activation])[] = [
  ["leakyRelu", leakyRelu()],
  ["leakyRelu, slope 0.3", leakyRelu({ slope: 0.3 })],
  ["relu6", relu6()],
  ["elu", elu()],
  ["elu, alpha 0.5", elu({ alpha: 0.5 })],
  ["silu", silu()],
  ["gelu", gelu()],
  ["gelu, approximate", gelu({ approximate: "tanh" })],
  ["hardSwish", hardSwish()],
  ["hardSigmoid", hardSigmoid()],
  ["tanh", tanh()],
  ["softplus", softplus()],
];

/** The input eight times. */
const widened: readonly Layer[] = Array.from({ length: 3 }, () => residual([]));

export const activationCases: readonly ConformanceCase[] = activations.flatMap(([name, layer]) => [
  single(name, [3, 5, 5], [layer, ...head()]),
  single(`${name} of values eight times as wide`, [3, 5, 5], [...widened, layer, ...head()]),
  single(`${name} of features`, [1, 1, 19], [flatten(), dense(7), layer, dense(4)]),
  deep(`${name} after and before a convolution`, [3, 7, 6], [conv2d(20, 3), layer, conv2d(16, 3), layer, ...head()]),
  deep(
    `${name} after batchNorm, a sum and pooling`,
    [3, 8, 8],
    [
      conv2d(16, 3, { bias: false }),
      batchNorm(),
      layer,
      residual([conv2d(16, 3, { bias: false }), batchNorm()]),
      layer,
      averagePool(2),
      layer,
      ...head(),
    ],
    { bf16GradientError: 5e-2 },
  ),
  deep(`${name} in a gate`, [5, 6, 7], [gate([globalAveragePool(), dense(5), layer]), conv2d(8, 1), ...head()]),
]);
