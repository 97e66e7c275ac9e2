import { expect, it } from "vitest";
import { NetworkError } from "../errors.ts";
import { batchNorm, conv2d, dense, maxPool, residual } from "./layer.ts";

it.each([
  [
    () => conv2d(8, 3, { activation: "relu" } as object),
    'conv2d: unknown option "activation"; an activation is a layer',
  ],
  [
    () => conv2d(8, 3, { strides: 2, use_bias: false } as object),
    'conv2d: unknown option "strides"; did you mean stride?\nconv2d: unknown option "use_bias"; did you mean bias?',
  ],
  [() => conv2d(8, 3, "relu" as never), 'conv2d: expected its options as an object, such as { stride: … }, got "relu"'],
  [() => conv2d({ filters: 8, kernel: 3 } as never, undefined as never), "conv2d: the kernel is missing"],
  [() => maxPool(2, 2 as never), "maxPool: expected its options as an object, such as { stride: … }, got 2"],
  [() => dense(9, { activation: "softmax" } as object), 'dense: unknown option "activation"; an activation is a layer'],
  [() => batchNorm({ axis: -1 } as object), 'batchNorm: unknown option "axis"; it takes momentum, epsilon'],
  [() => residual([], [], { rate: 0.1 } as object), 'residual: unknown option "rate"; it takes stochasticDepth'],
])("a layer's function refuses what it does not know, as %#", (build, message) => {
  expect(build).toThrow(NetworkError);
  expect(build).toThrow(message);
});
