/** The gradient, channels last, to pairs of pixels, as AMX multiplies them. */
import { type Assembler, at, r8, r9, r10, r11, rax, rbp, rcx, rdi, rdx, rsi, zmm } from "../../assembler/assembler.ts";
import { fullOrder, halfOrder, local, scratchMemory, zero } from "./frame.ts";
import type { Geometry } from "./geometry.ts";
import { BLOCK, type Layout, PAIR_BYTES, type WeightGradientShape } from "./layout.ts";
import { whereValid } from "./valid-rows.ts";

/** Rows of the gradient, image beside image, to pairs of pixels. */
export function packGradient(a: Assembler, shape: WeightGradientShape, layout: Layout): void {
  const { channels, output, cut } = shape;
  const { geometry, blocks, hasHalfBlock, blockBytes } = layout;
  const pixelBytes = 2 * channels[1];
  const rowBytes = output[1] * pixelBytes;
  const allBlocks = blocks + (hasHalfBlock ? 1 : 0);
  a.mov(r8, local("row"));
  a.mov(r9, BigInt(rowBytes));
  a.imul(r9, r8);
  a.add(r9, local("gradientImage"));
  a.lea(rdi, at(scratchMemory, layout.gradient));
  a.mov(r10, BigInt(cut.rows));
  a.repeat(r10, () => {
    a.mov(r11, r9);
    a.mov(rbp, local("images"));
    a.mov(rdx, BigInt(cut.images));
    a.repeat(rdx, () => {
      whereValid(
        a,
        output[0],
        () => {
          a.mov(rsi, r11);
          if (blocks > 0) {
            a.mov(rcx, BigInt(blocks));
            a.repeat(rcx, () => {
              pairRow(a, 512, output[1], geometry, pixelBytes);
              a.add(rsi, 2 * BLOCK);
              a.add(rdi, blockBytes);
            });
          }
          if (hasHalfBlock) pairRow(a, 256, output[1], geometry, pixelBytes);
          a.sub(rdi, blocks * blockBytes);
        },
        () => {
          a.mov(rcx, BigInt(allBlocks));
          a.repeat(rcx, () => {
            a.mov(rax, BigInt(geometry.pitch / 2));
            a.repeat(rax, () => {
              for (const offset of [0, 64]) a.move("vmovups", at(rdi, offset), zero);
              a.add(rdi, PAIR_BYTES);
            });
            a.add(rdi, blockBytes - (geometry.pitch / 2) * PAIR_BYTES);
          });
          a.sub(rdi, allBlocks * blockBytes);
        },
      );
      a.add(r11, output[0] * rowBytes);
      a.add(rdi, (geometry.pitch / 2) * PAIR_BYTES);
      a.sub(rbp, 1);
    });
    a.add(r9, rowBytes);
    a.add(r8, 1);
  });
}

const PAIRS_AT_ONCE = 4;

/** 32 or 16 channels of a row (rsi) to pairs of pixels (rdi). */
function pairRow(a: Assembler, length: 256 | 512, pixels: number, { pitch }: Geometry, pixelBytes: number): void {
  const [even, odd, low, high] = [zmm(0), zmm(1), zmm(2), zmm(3)] as const;
  const pair = (index: number, kind: "both" | "one" | "none") => {
    const to = index * PAIR_BYTES;
    if (kind === "none") {
      a.move("vmovups", at(rdi, to), zero, { length });
      a.move("vmovups", at(rdi, to + length / 8), zero, { length });
      return;
    }
    const order = length === 512 ? fullOrder : halfOrder;
    a.op("vpermq", even, order, at(rsi, 2 * index * pixelBytes), { length });
    if (kind === "both") a.op("vpermq", odd, order, at(rsi, (2 * index + 1) * pixelBytes), { length });
    const second = kind === "both" ? odd : zero;
    a.op("vpunpcklwd", low, even, second, { length });
    a.op("vpunpckhwd", high, even, second, { length });
    a.move("vmovups", at(rdi, to), low, { length });
    a.move("vmovups", at(rdi, to + length / 8), high, { length });
  };
  const turns = Math.floor(pixels / 2 / PAIRS_AT_ONCE);
  if (turns > 0) {
    a.mov(rax, BigInt(turns));
    a.repeat(rax, () => {
      for (let index = 0; index < PAIRS_AT_ONCE; index++) pair(index, "both");
      a.add(rsi, PAIRS_AT_ONCE * 2 * pixelBytes);
      a.add(rdi, PAIRS_AT_ONCE * PAIR_BYTES);
    });
  }
  const done = turns * PAIRS_AT_ONCE;
  for (let index = done; index < pitch / 2; index++) {
    pair(index - done, 2 * index + 1 < pixels ? "both" : 2 * index < pixels ? "one" : "none");
  }
  if (turns > 0) {
    a.sub(rsi, turns * PAIRS_AT_ONCE * 2 * pixelBytes);
    a.sub(rdi, turns * PAIRS_AT_ONCE * PAIR_BYTES);
  }
}
