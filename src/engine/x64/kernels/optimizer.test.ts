/** The kernels against the reference's formulas in double precision, and what must not change. */
import { describe, expect, test } from "vitest";
import { addressOf } from "../../../foreign/memory.ts";
import { Random } from "../../../random.ts";
import { adam, adamW, lion, type Optimizer, optimizerSlots, rmsProp, sgd } from "../../optimizer.ts";
import { applyUpdate, preparedGradients } from "../../reference/optimizers.ts";
import {
  vectorKernels as kernels,
  vectorKernelsMissing as kernelsMissing,
  singles,
} from "../../testing/kernels-under-test.ts";
import {
  adamKernel,
  adamScalars,
  lionKernel,
  lionScalars,
  rmsPropKernel,
  rmsPropScalars,
  sgdKernel,
  sgdScalars,
  updateArguments,
} from "./optimizer.ts";
import { FLOATS_AT_ONCE, type Kernel, taskList } from "./task-kernel.ts";

/** Of every task, whose scalars are its own. */
const lengths = [1, 3, 64].map((count) => count * FLOATS_AT_ONCE);
const starts = lengths.map((_, task) => lengths.slice(0, task).reduce((sum, length) => sum + length, 0));
const total = lengths.reduce((sum, length) => sum + length, 0);
const BEHIND = 32;
const decays = [0, 0.02, 0.1];
const rate = 0.01;
const count = 7;

interface Case {
  /** Whether its state stays finite, however large a finite gradient is; default false. */
  readonly bounded?: boolean;
  /** A factor of the gradients; default 1. */
  readonly scale?: number;
  readonly optimizer: (decay: number) => Optimizer;
  readonly kernel: () => Kernel;
  readonly scalars: (decay: number) => readonly number[];
}

const [beta1, beta2, epsilon] = [0.8, 0.99, 1e-6];
const adamScalarsOf = (decay: number, kept: number) => {
  const shares = { meanShare: 1 - beta1, squareShare: 1 - beta2, squareCorrection: 1 / (1 - beta2 ** count) };
  const values = { decay, kept, beta1, beta2, epsilon, ...shares, rate: -rate / (1 - beta1 ** count) };
  return adamScalars.map((name) => values[name]);
};

const rho = 0.95;
const rmsPropScalarsOf = (decay: number) =>
  rmsPropScalars.map((name) => ({ decay, rho, squareShare: 1 - rho, epsilon, momentum: 0.7, rate: -rate })[name]);

const cases: Readonly<Record<string, Case>> = {
  "SGD with momentum": {
    optimizer: (weightDecay) => sgd({ momentum: 0.9, weightDecay }),
    kernel: sgdKernel,
    scalars: (decay) => sgdScalars.map((name) => ({ decay, momentum: 0.9, rate: -rate })[name]),
  },
  Adam: {
    optimizer: (weightDecay) => adam({ beta1, beta2, epsilon, weightDecay }),
    kernel: adamKernel,
    scalars: (decay) => adamScalarsOf(decay, 1),
  },
  "SGD with Nesterov's momentum": {
    optimizer: (weightDecay) => sgd({ momentum: 0.9, nesterov: true, weightDecay }),
    kernel: () => sgdKernel({ nesterov: true }),
    scalars: (decay) => sgdScalars.map((name) => ({ decay, momentum: 0.9, rate: -rate })[name]),
  },
  RMSprop: {
    optimizer: (weightDecay) => rmsProp({ rho, epsilon, momentum: 0.7, weightDecay }),
    kernel: rmsPropKernel,
    scalars: rmsPropScalarsOf,
  },
  Lion: {
    bounded: true,
    optimizer: (weightDecay) => lion({ beta1, beta2, weightDecay }),
    kernel: lionKernel,
    scalars: (decay) => {
      const shares = { meanShare: 1 - beta1, nextShare: 1 - beta2, huge: 2 ** 126 };
      const values = { decay: 0, kept: 1 - rate * decay, beta1, beta2, ...shares, rate, negativeRate: -rate };
      return lionScalars.map((name) => values[name]);
    },
  },
  "RMSprop of clipped gradients": {
    bounded: true,
    optimizer: (weightDecay) => rmsProp({ rho, epsilon, momentum: 0.7, weightDecay, clipValue: 0.25 }),
    kernel: () => rmsPropKernel("value"),
    scalars: (decay) => [...rmsPropScalarsOf(decay), 0.25, -0.25],
  },
  "Adam of scaled gradients": {
    optimizer: (weightDecay) => adam({ beta1, beta2, epsilon, weightDecay }),
    scale: 0.3,
    kernel: () => adamKernel("norm"),
    scalars: (decay) => [...adamScalarsOf(decay, 1), 0.3],
  },
  AdamW: {
    optimizer: (weightDecay) => adamW({ beta1, beta2, epsilon, weightDecay }),
    kernel: adamKernel,
    scalars: (decay) => adamScalarsOf(0, 1 - rate * decay),
  },
};

describe.skipIf(kernels === undefined)(`optimizer kernels${kernelsMissing}`, () => {
  test.each(Object.entries(cases))("%s", (_, { optimizer, kernel, scalars, scale = 1, bounded = false }) => {
    const random = Random.of(1);
    const drawn = (draw: () => number) => singles(total + BEHIND).map(draw);
    const signed = () => 2 * random.uniform() - 1;
    const weights = drawn(signed);
    const gradients = drawn(signed);
    const { kind } = optimizer(0);
    const slots = optimizerSlots[kind].map((slot) => drawn(slot === "meanSquare" ? () => random.uniform() : signed));
    const before = [weights, gradients, ...slots].map((array) => array.slice());

    const wanted = lengths.map((length, task) => {
      const part = (array: Float32Array) => Float64Array.from(array.subarray(starts[task]!, starts[task]! + length));
      const changed = optimizer(decays[task]!);
      const [values, state] = [part(weights), slots.map(part)];
      const spec = { name: "weight", role: "weight", shape: [length], trainable: true, fanIn: 1 } as const;
      const scaled = { spec, values, gradient: part(gradients).map((slope) => scale * slope) };
      const [gradient] = preparedGradients(changed, [scaled]);
      applyUpdate(changed, { values, gradient: gradient!, state, rate, decays: true, count });
      return [values, ...state];
    });

    const numbers = decays.map((decay) => {
      const array = singles(16);
      array.set(scalars(decay));
      return array;
    });
    const residues = lengths.map(() => singles(FLOATS_AT_ONCE).fill(1));
    const tasks = lengths.map((floats, task) => {
      const place = (array: Float32Array) => addressOf(array) + BigInt(4 * starts[task]!);
      const places = { weights: place(weights), gradients: place(gradients), slots: slots.map(place) };
      return updateArguments({
        floats,
        scalars: addressOf(numbers[task]!),
        residue: addressOf(residues[task]!),
        ...places,
      });
    });
    const run = () => kernels!.run(kernels!.load(kernel()), taskList(tasks));
    run();

    expect(gradients).toEqual(before[1]);
    [weights, ...slots].forEach((array, index) => {
      const expected = wanted.flatMap((task) => [...task[index]!]);
      const errors = expected.map((value, i) => Math.abs(array[i]! - value) / Math.max(1, Math.abs(value)));
      expect(Math.max(...errors)).toBeLessThan(3e-7);
      const old = before[index === 0 ? 0 : index + 1]!;
      expect(array.subarray(total)).toEqual(old.subarray(total));
    });

    // One number that is not finite, in the last task, shows in that task's residue alone.
    expect(residues.flatMap((residue) => [...residue].map(Math.abs))).toEqual(Array(3 * FLOATS_AT_ONCE).fill(0));
    for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY, ...(bounded ? [] : [3e38])]) {
      for (const [index, array] of [weights, gradients, ...slots].entries()) array.set(before[index]!);
      gradients[total - 5] = wrong;
      for (let updates = 0; updates < 40; updates++) run();
      expect(residues.map((residue) => residue.every((value) => value === 0))).toEqual([true, true, false]);
    }
  });
});
