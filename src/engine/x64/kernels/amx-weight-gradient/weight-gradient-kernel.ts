/**
 * Gradients of convolution weights from channels-last bfloat16 maps, on AMX.
 *
 * A task takes some images and some output channels. It goes through its images unit by unit: as many images, side by side, or as
 * large a band of one image's rows, as stay in the cache together with the gradient. Of a unit it turns the source into one flat row of
 * pixels per channel and the gradient into pairs of pixels, as AMX multiplies them, and adds all taps' products to its own sums.
 */
import { at, rcx, rdi } from "../../assembler/operands.ts";
import { AMX_TILE_ROWS, configureAmx } from "../amx-configuration.ts";
import { type Kernel, type KernelAssembler, taskKernel } from "../task-kernel.ts";
import { type Kept, SCRATCH_BYTES, setMask, takeKept, VARIABLES, variable } from "./frame.ts";
import { CACHE_LINE, canReadSource, type Layout, layoutOf, PAIR_BYTES, type WeightGradientShape } from "./layout.ts";
import { multiply } from "./multiply.ts";
import { packGradient } from "./pack-gradient.ts";
import { packSource, preparePicking } from "./pack-source.ts";
import { argument } from "./task.ts";

/** What every thread needs before its first task: tiles, variables, and registers that keep their contents. */
function prepare(a: KernelAssembler, kept: Kept, { channels, stride }: WeightGradientShape): void {
  // Tiles 0 to 5 have a row for each input channel, the others are of the gradient.
  const rows = Math.min(AMX_TILE_ROWS, channels[0]);
  configureAmx(a, [rows, rows, rows, rows, rows, rows, AMX_TILE_ROWS, AMX_TILE_ROWS]);
  for (const [register, indices] of [
    [kept.fullOrder, [0, 4, 1, 5, 2, 6, 3, 7]],
    [kept.halfOrder, [0, 2, 1, 3]],
  ] as const) {
    for (const [place, index] of indices.entries()) a.assign(a.scratch(8 * place), BigInt(index));
    a.vmovups(register, a.scratch(0));
  }
  for (const [lane, mask] of kept.laneMasks.entries()) setMask(a, mask, 0xf << (4 * lane));
  if (channels[0] < AMX_TILE_ROWS) preparePicking(a, kept.pickOrders, stride[1] * channels[0]);
}

/** @throws {RangeError} where the source is not one that it {@link canReadSource} */
export function weightGradientKernel(shape: WeightGradientShape): Kernel {
  const layout = layoutOf(shape);
  const { channels, input, output, kernel, stride, padding, hasBias, cut } = shape;
  if (!canReadSource(channels[0], stride[1])) {
    throw new RangeError(`the kernel cannot read ${channels[0]} channels every ${stride[1]} columns`);
  }
  const name = [
    `weight gradient ${channels[0]} x ${input.join("x")} to ${channels[1]} x ${output.join("x")}`,
    `${kernel.join("x")} / ${stride.join("x")}, padding ${padding.join("x")}${hasBias ? ", bias" : ""}`,
    `units of ${cut.images} x ${cut.rows} rows x ${cut.outputChannels}, ${cut.steps} steps`,
  ].join(", ");
  const key = { channels, input, output, kernel, stride, padding, hasBias, cut };
  const define = (a: KernelAssembler) => {
    const kept = takeKept(a, channels[0]);
    prepare(a, kept, shape);
    return { task: () => doTask(a, kept, shape, layout), after: () => a.tilerelease() };
  };
  const stack = { variables: VARIABLES, scratchBytes: SCRATCH_BYTES };
  return taskKernel({ kind: "weightGradient", shape: key, name }, define, stack);
}

function doTask(a: KernelAssembler, kept: Kept, shape: WeightGradientShape, layout: Layout): void {
  const { channels, input, output, cut } = shape;
  const parts = [packSource, packGradient, findLastUnit, multiply] as const;
  a.registers.scope(() => begin(a, kept, shape, layout));
  a.doWhile(() => {
    a.assign(variable(a, "row"), 0n);
    a.doWhile(() => {
      for (const part of parts) a.registers.scope(() => part(a, kept, shape, layout));
      a.assign(variable(a, "accumulate"), 1n);
      const { row } = a.registers.general("row");
      a.mov(row, variable(a, "row"));
      a.add(row, cut.rows);
      a.mov(variable(a, "row"), row);
      return [row, "less", output[0]];
    });
    a.increase(variable(a, "sourceImage"), cut.images * input[0] * input[1] * channels[0] * 2);
    a.increase(variable(a, "gradientImage"), cut.images * output[0] * output[1] * channels[1] * 2);
    const { images } = a.registers.general("images");
    a.mov(images, variable(a, "images"));
    a.sub(images, cut.images);
    a.mov(variable(a, "images"), images);
    return [images, "greater", 0];
  });
}

/** Sets the variable `last` to whether this unit is the task's last one. */
function findLastUnit(a: KernelAssembler, _: Kept, { output, cut }: WeightGradientShape): void {
  const { last } = a.registers.fixed({ last: rcx });
  const { done } = a.registers.general("done");
  a.mov(last, 0n);
  a.mov(done, variable(a, "row"));
  a.when([done, "greaterOrEqual", output[0] - cut.rows], () => {
    a.mov(done, variable(a, "images"));
    a.when([done, "lessOrEqual", cut.images], () => a.mov(last, 1n));
  });
  a.mov(variable(a, "last"), last);
}

/** Reads the task's arguments and writes those zeros that no unit overwrites. */
function begin(a: KernelAssembler, { scratchMemory, zero }: Kept, shape: WeightGradientShape, layout: Layout): void {
  const { channelPitch, geometry, blocks, hasHalfBlock, blockBytes, pixels, ones } = layout;
  a.mov(scratchMemory, a.threadNumber);
  a.registers.scope(() => {
    const { bytes } = a.registers.general("bytes");
    a.mov(bytes, BigInt(layout.scratchBytes));
    a.imul(scratchMemory, bytes);
  });
  a.add(scratchMemory, argument(a, "scratch"));
  a.assign(variable(a, "sourceImage"), argument(a, "source"));
  a.assign(variable(a, "gradientImage"), argument(a, "gradient"));
  a.assign(variable(a, "images"), argument(a, "images"));
  a.assign(variable(a, "accumulate"), 0n);
  a.vpxord(zero, zero, zero);
  const { place, rows } = a.registers.fixed({ place: rdi, rows: rcx });
  a.mov(place, scratchMemory);
  // All of the source's planes: what lies outside of the maps is written here only.
  a.repeat(rows, geometry.planes * shape.channels[0], () => {
    for (let offset = 0; offset < channelPitch; offset += CACHE_LINE) a.vmovups(at(place, offset), zero);
    a.add(place, channelPitch);
  });
  for (let block = 0; block < blocks + (hasHalfBlock ? 1 : 0); block++) {
    const start = layout.gradient + block * blockBytes;
    for (let offset = (pixels / 2) * PAIR_BYTES; offset < blockBytes; offset += 64) {
      a.vmovups(at(scratchMemory, start + offset), zero);
    }
  }
  if (shape.hasBias) {
    const { bits } = a.registers.general("bits");
    const { pairsOfOnes } = a.registers.vectors("pairsOfOnes");
    a.mov(bits, 0x3f80_3f80n);
    a.vpbroadcastd(pairsOfOnes, bits);
    a.vmovups(at(scratchMemory, ones), pairsOfOnes);
  }
}
