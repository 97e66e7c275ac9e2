/** The gradient, channels last, to pairs of pixels, as AMX multiplies them. */
import {
  at,
  type General,
  lowerHalf,
  r8,
  r9,
  r10,
  r11,
  rbp,
  rcx,
  rdi,
  rdx,
  rsi,
  type Zmm,
} from "../../assembler/operands.ts";
import type { KernelAssembler } from "../task-kernel.ts";
import { type Kept, variable } from "./frame.ts";
import type { Geometry } from "./geometry.ts";
import { BLOCK, type Layout, PAIR_BYTES, type WeightGradientShape } from "./layout.ts";
import { whereValid } from "./valid-rows.ts";

/** Rows of the gradient, image beside image, to pairs of pixels. */
export function packGradient(a: KernelAssembler, kept: Kept, shape: WeightGradientShape, layout: Layout): void {
  const { channels, output, cut } = shape;
  const { geometry, blocks, hasHalfBlock, blockBytes } = layout;
  const pixelBytes = 2 * channels[1];
  const rowBytes = output[1] * pixelBytes;
  const allBlocks = blocks + (hasHalfBlock ? 1 : 0);
  const { row, rowStart, rows, image, imagesLeft, images, block, from, to } = a.registers.fixed({
    ...{ row: r8, rowStart: r9, rows: r10, image: r11, imagesLeft: rbp, images: rdx, block: rcx, from: rsi, to: rdi },
  });
  const sourceRow = { from, to, pixels: output[1], pitch: geometry.pitch, pixelBytes };
  a.mov(row, variable(a, "row"));
  a.mov(rowStart, BigInt(rowBytes));
  a.imul(rowStart, row);
  a.add(rowStart, variable(a, "gradientImage"));
  a.lea(to, at(kept.scratchMemory, layout.gradient));
  const valid = () => {
    a.mov(from, image);
    if (blocks > 0) {
      a.repeat(block, blocks, () => {
        pairRow(a, kept, 512, sourceRow);
        a.add(from, 2 * BLOCK);
        a.add(to, blockBytes);
      });
    }
    if (hasHalfBlock) pairRow(a, kept, 256, sourceRow);
    a.sub(to, blocks * blockBytes);
  };
  const empty = () => {
    a.repeat(block, allBlocks, () => {
      const { pairs } = a.registers.general("pairs");
      a.repeat(pairs, geometry.pitch / 2, () => {
        for (const offset of [0, 64]) a.vmovups(at(to, offset), kept.zero);
        a.add(to, PAIR_BYTES);
      });
      a.add(to, blockBytes - (geometry.pitch / 2) * PAIR_BYTES);
    });
    a.sub(to, allBlocks * blockBytes);
  };
  a.repeat(rows, cut.rows, () => {
    a.mov(image, rowStart);
    a.mov(imagesLeft, variable(a, "images"));
    a.repeat(images, cut.images, () => {
      whereValid(a, { row, imagesLeft }, output[0], valid, empty);
      a.add(image, output[0] * rowBytes);
      a.add(to, (geometry.pitch / 2) * PAIR_BYTES);
      a.sub(imagesLeft, 1);
    });
    a.add(rowStart, rowBytes);
    a.add(row, 1);
  });
}

const PAIRS_AT_ONCE = 4;

interface GradientRow {
  readonly from: General;
  readonly to: General;
  readonly pixels: number;
  readonly pitch: Geometry["pitch"];
  readonly pixelBytes: number;
}

/** 32 or 16 channels of a row to pairs of pixels. */
function pairRow(
  a: KernelAssembler,
  { zero, fullOrder, halfOrder }: Kept,
  length: 256 | 512,
  { from, to, pixels, pitch, pixelBytes }: GradientRow,
): void {
  a.registers.scope(() => {
    const sized = (register: Zmm) => (length === 512 ? register : lowerHalf(register));
    const whole = a.registers.vectors("even", "odd", "low", "high");
    const [even, odd, low, high] = [sized(whole.even), sized(whole.odd), sized(whole.low), sized(whole.high)];
    const [nothing, order] = [sized(zero), length === 512 ? fullOrder : lowerHalf(halfOrder)];
    const pair = (index: number, kind: "both" | "one" | "none") => {
      const place = index * PAIR_BYTES;
      if (kind === "none") {
        a.vmovups(at(to, place), nothing);
        a.vmovups(at(to, place + length / 8), nothing);
        return;
      }
      a.vpermq(even, order, at(from, 2 * index * pixelBytes));
      if (kind === "both") a.vpermq(odd, order, at(from, (2 * index + 1) * pixelBytes));
      const second = kind === "both" ? odd : nothing;
      a.vpunpcklwd(low, even, second);
      a.vpunpckhwd(high, even, second);
      a.vmovups(at(to, place), low);
      a.vmovups(at(to, place + length / 8), high);
    };
    const turns = Math.floor(pixels / 2 / PAIRS_AT_ONCE);
    if (turns > 0) {
      const { counter } = a.registers.general("counter");
      a.repeat(counter, turns, () => {
        for (let index = 0; index < PAIRS_AT_ONCE; index++) pair(index, "both");
        a.add(from, PAIRS_AT_ONCE * 2 * pixelBytes);
        a.add(to, PAIRS_AT_ONCE * PAIR_BYTES);
      });
    }
    const done = turns * PAIRS_AT_ONCE;
    for (let index = done; index < pitch / 2; index++) {
      pair(index - done, 2 * index + 1 < pixels ? "both" : 2 * index < pixels ? "one" : "none");
    }
    if (turns > 0) {
      a.sub(from, turns * PAIRS_AT_ONCE * 2 * pixelBytes);
      a.sub(to, turns * PAIRS_AT_ONCE * PAIR_BYTES);
    }
  });
}
