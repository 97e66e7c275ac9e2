import { expect, test } from "vitest";
import { cutWeightGradient } from "./cut.ts";
import { canReadSource } from "./layout.ts";
import { weightGradientKernel } from "./weight-gradient-kernel.ts";

const team = { threadNumber: 1n, threadCount: 2n };

function assemble(channels: number, stride: number): void {
  const [size, kernel] = [40 * stride, 3];
  const output = Math.floor((size - 1) / stride) + 1;
  const { shape } = cutWeightGradient(
    {
      channels: [channels, 32],
      input: [size, size],
      output: [output, output],
      kernel: [kernel, kernel],
      stride: [stride, stride],
      padding: [1, 1],
      hasBias: false,
    },
    4,
    1,
  );
  weightGradientKernel(shape).assemble(team);
}

test("a source can be read whose pixels of a step lie in few enough registers, and there is a kernel for just those", () => {
  const readable = [1, 2, 3, 4, 32].map((channels) => [1, 2, 3, 4].filter((stride) => canReadSource(channels, stride)));
  expect(readable).toEqual([
    [1, 2, 3, 4],
    [1, 2, 3, 4],
    [1, 2],
    [1, 2],
    [1, 2, 3, 4],
  ]);
  for (const channels of [1, 2, 3, 4, 32]) {
    for (const stride of [1, 2, 3, 4]) {
      if (canReadSource(channels, stride)) assemble(channels, stride);
      else expect(() => assemble(channels, stride)).toThrow(`cannot read ${channels} channels every ${stride} columns`);
    }
  }
});
