/**
 * Gradients of convolution weights from channels-last bfloat16 maps, on AMX.
 *
 * A task takes some images and some output channels. It goes through its images unit by unit: as many images, side by side, or as
 * large a band of one image's rows, as stay in the cache together with the gradient. Of a unit it turns the source into one flat row of
 * pixels per channel and the gradient into pairs of pixels, as AMX multiplies them, and adds all taps' products to its own sums.
 */
import { type Assembler, at, rax, rcx, rdi, rsp, zmm } from "../../assembler/assembler.ts";
import { configureAmx } from "../amx-configuration.ts";
import { callingThread, type Kernel, taskKernel } from "../task-kernel.ts";
import { advance, FRAME, fullOrder, halfOrder, laneMasks, local, scratchMemory, setMask, zero } from "./frame.ts";
import { AMX_TILE_ROWS, CACHE_LINE, type Layout, layoutOf, PAIR_BYTES, type WeightGradientShape } from "./layout.ts";
import { multiply } from "./multiply.ts";
import { packGradient } from "./pack-gradient.ts";
import { packSource, preparePicking } from "./pack-source.ts";
import { argument } from "./task.ts";

/** What every thread needs before its first task: tiles, variables, and registers that keep their contents. */
function prepare(a: Assembler, { channels, stride }: WeightGradientShape): void {
  // Tiles 0 to 5 have a row for each input channel, the others are of the gradient.
  const rows = Math.min(AMX_TILE_ROWS, channels[0]);
  configureAmx(a, [rows, rows, rows, rows, rows, rows, AMX_TILE_ROWS, AMX_TILE_ROWS]);
  const store = (offset: number, value: bigint) => {
    a.mov(rax, value);
    a.mov(at(rsp, offset), rax);
  };
  for (const [register, indices] of [
    [fullOrder, [0, 4, 1, 5, 2, 6, 3, 7]],
    [halfOrder, [0, 2, 1, 3]],
  ] as const) {
    for (const [place, index] of indices.entries()) store(8 * place, BigInt(index));
    a.move("vmovups", register, at(rsp));
  }
  for (const [lane, mask] of laneMasks.entries()) {
    setMask(a, mask, 0xf << (4 * lane));
  }
  if (channels[0] < AMX_TILE_ROWS) preparePicking(a, channels[0], stride[1] * channels[0]);
}

export function weightGradientKernel(shape: WeightGradientShape): Kernel {
  const layout = layoutOf(shape);
  const { channels, input, output, kernel, stride, padding, hasBias, cut } = shape;
  const name = [
    `weight gradient ${channels[0]} x ${input.join("x")} to ${channels[1]} x ${output.join("x")}`,
    `${kernel.join("x")} / ${stride.join("x")}, padding ${padding.join("x")}${hasBias ? ", bias" : ""}`,
    `units of ${cut.images} x ${cut.rows} rows x ${cut.outputChannels}, ${cut.steps} steps`,
  ].join(", ");
  const body = (a: Assembler) => {
    begin(a, shape, layout);
    const [nextUnit, nextBand] = [a.label(), a.label()];
    a.place(nextUnit);
    a.mov(rax, 0n);
    a.mov(local("row"), rax);
    a.place(nextBand);
    packSource(a, shape, layout);
    packGradient(a, shape, layout);
    findLastUnit(a, shape);
    multiply(a, shape, layout);
    a.mov(rax, 1n);
    a.mov(local("accumulate"), rax);
    a.mov(rax, local("row"));
    a.add(rax, cut.rows);
    a.mov(local("row"), rax);
    a.cmp(rax, output[0]);
    a.jump("less", nextBand);
    advance(a, "sourceImage", cut.images * input[0] * input[1] * channels[0] * 2);
    advance(a, "gradientImage", cut.images * output[0] * output[1] * channels[1] * 2);
    a.mov(rax, local("images"));
    a.sub(rax, cut.images);
    a.mov(local("images"), rax);
    a.cmp(rax, 0);
    a.jump("greater", nextUnit);
  };
  return taskKernel(name, body, {
    before: (a) => prepare(a, shape),
    after: (a) => a.tilerelease(),
    frame: FRAME,
  });
}

/** Sets the local `last` to whether this unit is the task's last one. */
function findLastUnit(a: Assembler, { output, cut }: WeightGradientShape): void {
  const end = a.label();
  a.mov(rcx, 0n);
  a.mov(rax, local("row"));
  a.cmp(rax, output[0] - cut.rows);
  a.jump("less", end);
  a.mov(rax, local("images"));
  a.cmp(rax, cut.images);
  a.jump("greater", end);
  a.mov(rcx, 1n);
  a.place(end);
  a.mov(local("last"), rcx);
}

/** Reads the task's arguments and writes those zeros that no unit overwrites. */
function begin(a: Assembler, shape: WeightGradientShape, layout: Layout): void {
  const { channelPitch, geometry, blocks, hasHalfBlock, blockBytes, pixels, ones } = layout;
  a.mov(scratchMemory, at(rsp, FRAME + callingThread.displacement!));
  a.mov(rax, BigInt(layout.scratchBytes));
  a.imul(scratchMemory, rax);
  a.add(scratchMemory, argument("scratch"));
  for (const [from, to] of [
    ["source", "sourceImage"],
    ["gradient", "gradientImage"],
    ["images", "images"],
  ] as const) {
    a.mov(rax, argument(from));
    a.mov(local(to), rax);
  }
  a.mov(rax, 0n);
  a.mov(local("accumulate"), rax);
  a.op("vpxord", zero, zero, zero);
  a.mov(rdi, scratchMemory);
  // All of the source's planes: what lies outside of the maps is written here only.
  a.mov(rcx, BigInt(geometry.planes * shape.channels[0]));
  a.repeat(rcx, () => {
    for (let offset = 0; offset < channelPitch; offset += CACHE_LINE) a.move("vmovups", at(rdi, offset), zero);
    a.add(rdi, channelPitch);
  });
  for (let block = 0; block < blocks + (hasHalfBlock ? 1 : 0); block++) {
    const start = layout.gradient + block * blockBytes;
    for (let offset = (pixels / 2) * PAIR_BYTES; offset < blockBytes; offset += 64) {
      a.move("vmovups", at(scratchMemory, start + offset), zero);
    }
  }
  if (shape.hasBias) {
    a.mov(rax, 0x3f80_3f80n);
    a.vpbroadcastd(zmm(0), rax);
    a.move("vmovups", at(scratchMemory, ones), zmm(0));
  }
}
