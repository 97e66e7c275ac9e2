/**
 * Gradients of convolution weights from channels-last bfloat16 maps, on AMX.
 *
 * A task takes some images and some output channels. It goes through its images unit by unit: as many images, side by side, or as
 * large a band of one image's rows, as stay in the cache together with the gradient. Of a unit it turns the source into one flat row of
 * pixels per channel and the gradient into pairs of pixels, as AMX multiplies them, and adds all taps' products to its own sums.
 */
import {
  type Address,
  type Assembler,
  at,
  type General,
  k,
  r8,
  r9,
  r10,
  r11,
  r15,
  rax,
  rbp,
  rcx,
  rdi,
  rdx,
  rsi,
  rsp,
  type Tile,
  tmm,
  zmm,
} from "./assembler.ts";
import { argumentOf, callingThread, type Kernel, taskKernel } from "./kernel.ts";
import { type ConvolutionSizes, type Geometry, geometryOf } from "./weight-gradient-geometry.ts";

/** How the work is cut. */
export interface Cut {
  /** Images side by side in a unit; one where a unit is a band of rows. */
  readonly images: number;
  /** Output rows in a unit. */
  readonly rows: number;
  /** Output channels of a task. */
  readonly outputChannels: number;
  /** Steps of 32 pixels that are multiplied at a time, with all taps, so that they stay in the nearest cache. */
  readonly steps: number;
}

export interface WeightGradientShape extends ConvolutionSizes {
  readonly hasBias: boolean;
  readonly cut: Cut;
}

const TILE = 16;
const PIXELS_PER_STEP = 32;
/** Output channels of the usual block: two tiles. */
const BLOCK = 32;
const PAIR_BYTES = 4 * BLOCK;
const STEP_BYTES = (PIXELS_PER_STEP / 2) * PAIR_BYTES;
const TILE_BYTES = 4 * TILE * TILE;

const roundUp = (value: number, multiple: number) => Math.ceil(value / multiple) * multiple;

/** Where everything is in a thread's scratch memory and in a task's sums. */
function layoutOf(shape: WeightGradientShape) {
  const { channels, hasBias, cut } = shape;
  const geometry = geometryOf(shape);
  const { pitch, lead, trail, extraRows, phases, taps } = geometry;
  const rowPitch = pitch * cut.images;
  const pixels = rowPitch * cut.rows;
  const steps = Math.ceil(pixels / PIXELS_PER_STEP);
  const flat = lead + rowPitch * (cut.rows + extraRows);
  // An odd number of cache lines: channels of a tile must not compete for the same set of the cache.
  const lines = Math.ceil((2 * (flat + trail + 2 * PIXELS_PER_STEP)) / 64);
  const channelPitch = 64 * (lines % 2 === 0 ? lines + 1 : lines);
  const planeBytes = channels[0] * channelPitch;
  const blockBytes = steps * STEP_BYTES;
  const blocks = Math.floor(cut.outputChannels / BLOCK);
  const hasHalfBlock = cut.outputChannels % BLOCK !== 0;
  const gradient = roundUp(phases.length * planeBytes, 4096);
  const ones = gradient + (blocks + (hasHalfBlock ? 1 : 0)) * blockBytes;
  const rowTiles = (channels[0] / TILE) * taps.length;
  const sumTiles = rowTiles + (hasBias ? 1 : 0);
  return {
    geometry,
    rowPitch,
    pixels,
    steps,
    flat,
    channelPitch,
    planeBytes,
    blockBytes,
    blocks,
    hasHalfBlock,
    /** Offsets in scratch memory. */
    gradient,
    ones,
    scratchBytes: roundUp(ones + 64, 4096),
    /** Tiles of sums per 16 output channels: by tap, then by channel; the bias's comes last. */
    rowTiles,
    sumTiles,
  };
}

type Layout = ReturnType<typeof layoutOf>;

export const scratchBytesOf = (shape: WeightGradientShape): number => layoutOf(shape).scratchBytes;

/** Bytes of the sums of all output channels. */
export const sumBytesOf = (shape: WeightGradientShape): number =>
  layoutOf(shape).sumTiles * TILE_BYTES * (shape.channels[1] / TILE);

/** Where in them those of an output channel begin, the first of its block. */
export const sumOffsetOf = (shape: WeightGradientShape, channel: number): number =>
  layoutOf(shape).sumTiles * TILE_BYTES * (channel / TILE);

/** What a task is told. */
export interface WeightGradientTask {
  /** The task's first image in the source and in the gradient, there at its first output channel. */
  readonly source: bigint;
  readonly gradient: bigint;
  readonly images: number;
  /** Where the task's sums go. */
  readonly sums: bigint;
  /** {@link scratchBytesOf} for every thread. */
  readonly scratch: bigint;
}

export const weightGradientArguments = ({ source, gradient, images, sums, scratch }: WeightGradientTask) => [
  source,
  gradient,
  images,
  sums,
  scratch,
];

const argument = { source: 0, gradient: 1, images: 2, sums: 3, scratch: 4 } as const;

const LOCALS = [
  "sourceImage",
  "gradientImage",
  "images",
  "row",
  "accumulate",
  "count",
  "block",
  "steps",
  "left",
] as const;
const FRAME = 64 + 8 * LOCALS.length;
const local = (name: (typeof LOCALS)[number]): Address => at(rsp, 64 + 8 * LOCALS.indexOf(name));

const scratchMemory = r15;
/** Masks of the second to fourth 16 bytes; of the first. */
const laneMasks = [k(1), k(2), k(3), k(4)] as const;
const zero = zmm(31);

/** All tiles have 16 rows of 64 bytes. */
function configureTiles(a: Assembler): void {
  a.sub(rsp, FRAME);
  const store = (offset: number, value: bigint) => {
    a.mov(rax, value);
    a.mov(at(rsp, offset), rax);
  };
  for (let offset = 0; offset < 64; offset += 8) store(offset, 0n);
  store(0, 1n);
  for (const offset of [16, 24]) store(offset, 0x0040_0040_0040_0040n);
  store(48, 0x1010_1010_1010_1010n);
  a.ldtilecfg(at(rsp));
  for (const [lane, mask] of laneMasks.entries()) {
    a.mov(rax, BigInt(0xf << (4 * lane)));
    a.kmovd(mask, rax);
  }
}

function releaseTiles(a: Assembler): void {
  a.tilerelease();
  a.add(rsp, FRAME);
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
  return taskKernel(name, body, { before: configureTiles, after: releaseTiles });
}

function advance(a: Assembler, name: (typeof LOCALS)[number], bytes: number): void {
  a.mov(rax, local(name));
  a.add(rax, bytes);
  a.mov(local(name), rax);
}

/** Reads the task's arguments and writes those zeros that no unit overwrites. */
function begin(a: Assembler, shape: WeightGradientShape, layout: Layout): void {
  const { channelPitch, flat, geometry, blocks, hasHalfBlock, blockBytes, pixels, ones } = layout;
  a.mov(scratchMemory, at(rsp, FRAME + callingThread.displacement!));
  a.mov(rax, BigInt(layout.scratchBytes));
  a.imul(scratchMemory, rax);
  a.add(scratchMemory, argumentOf(argument.scratch));
  for (const [from, to] of [
    [argument.source, "sourceImage"],
    [argument.gradient, "gradientImage"],
    [argument.images, "images"],
  ] as const) {
    a.mov(rax, argumentOf(from));
    a.mov(local(to), rax);
  }
  a.mov(rax, 0n);
  a.mov(local("accumulate"), rax);
  a.op("vpxord", zero, zero, zero);
  a.mov(rdi, scratchMemory);
  a.mov(rcx, BigInt(geometry.phases.length * shape.channels[0]));
  a.repeat(rcx, () => {
    if (geometry.lead > 0) a.move("vmovups", at(rdi), zero);
    for (let offset = 2 * flat; offset < channelPitch; offset += 64) {
      a.move("vmovups", at(rdi, Math.min(offset, channelPitch - 64)), zero);
    }
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

/** `valid` for a row (r8) of `rows` of an image that there is (rbp: images left), else `empty`. */
function whereValid(a: Assembler, rows: number, valid: () => void, empty: () => void): void {
  const [isEmpty, end] = [a.label(), a.label()];
  a.cmp(rbp, 0);
  a.jump("lessOrEqual", isEmpty);
  a.cmp(r8, 0);
  a.jump("less", isEmpty);
  a.cmp(r8, rows);
  a.jump("greaterOrEqual", isEmpty);
  valid();
  a.jump("always", end);
  a.place(isEmpty);
  empty();
  a.place(end);
}

/** Rows of the source, image beside image, to rows of pixels per channel. */
function packSource(a: Assembler, shape: WeightGradientShape, layout: Layout): void {
  const { channels, input, stride, cut } = shape;
  const { geometry, channelPitch, planeBytes } = layout;
  const { pitch, lead, firstRow, extraRows } = geometry;
  const pixelBytes = 2 * channels[0];
  const rowBytes = input[1] * pixelBytes;
  for (const [index, phase] of geometry.phases.entries()) {
    a.mov(rax, local("row"));
    a.lea(r8, at(rax, firstRow));
    a.mov(r9, BigInt(stride[0] * rowBytes));
    a.imul(r9, r8);
    a.add(r9, local("sourceImage"));
    a.add(r9, phase.offset[0] * rowBytes + phase.offset[1] * pixelBytes);
    a.lea(rdi, at(scratchMemory, index * planeBytes + 2 * lead));
    a.mov(r10, BigInt(cut.rows + extraRows));
    a.repeat(r10, () => {
      a.mov(r11, r9);
      a.mov(rbp, local("images"));
      a.mov(rdx, BigInt(cut.images));
      a.repeat(rdx, () => {
        whereValid(
          a,
          phase.rows,
          () =>
            transposeRow(a, channels[0], { pixels: phase.columns, pitch, step: stride[1] * pixelBytes, channelPitch }),
          () => emptyRow(a, channels[0], pitch, channelPitch),
        );
        a.add(r11, input[0] * rowBytes);
        a.add(rdi, 2 * pitch);
        a.sub(rbp, 1);
      });
      a.add(r9, stride[0] * rowBytes);
      a.add(r8, 1);
    });
  }
}

interface SourceRow {
  readonly pixels: number;
  readonly pitch: number;
  /** Bytes from one pixel to the next. */
  readonly step: number;
  readonly channelPitch: number;
}

const OCTET = 8;

/** A row (r11) to rows of pixels (rdi), eight channels at a time; zeros up to the pitch. May write 31 zeros more. */
function transposeRow(a: Assembler, channels: number, { pixels, pitch, step, channelPitch }: SourceRow): void {
  const whole = Math.floor(pixels / PIXELS_PER_STEP);
  const rest = pixels % PIXELS_PER_STEP;
  a.mov(rsi, r11);
  a.mov(rcx, BigInt(channels / OCTET));
  a.repeat(rcx, () => {
    if (whole > 0) {
      a.mov(rax, BigInt(whole));
      a.repeat(rax, () => {
        transposeBlock(a, PIXELS_PER_STEP, step, channelPitch);
        a.add(rsi, PIXELS_PER_STEP * step);
        a.add(rdi, 2 * PIXELS_PER_STEP);
      });
    }
    if (rest > 0) transposeBlock(a, rest, step, channelPitch);
    const written = rest > 0 ? PIXELS_PER_STEP : 0;
    for (let pixel = written; whole * PIXELS_PER_STEP + pixel < pitch; pixel += PIXELS_PER_STEP) {
      for (let channel = 0; channel < OCTET; channel++) {
        a.move("vmovups", at(rdi, 2 * pixel + channel * channelPitch), zero);
      }
    }
    a.add(rsi, 2 * OCTET - whole * PIXELS_PER_STEP * step);
    a.add(rdi, OCTET * channelPitch - whole * 2 * PIXELS_PER_STEP);
  });
  a.sub(rdi, channels * channelPitch);
}

/** Eight channels of up to 32 pixels (rsi) to eight rows (rdi) of 32 pixels, the last of them zero. */
function transposeBlock(a: Assembler, pixels: number, step: number, channelPitch: number): void {
  const first = Array.from({ length: OCTET }, (_, index) => zmm(index));
  const second = Array.from({ length: OCTET }, (_, index) => zmm(OCTET + index));
  // Register j holds the pixels j, 8 + j, 16 + j and 24 + j, so that what is transposed is four squares at once.
  for (const [index, register] of first.entries()) {
    for (const [lane, mask] of laneMasks.entries()) {
      const pixel = OCTET * lane + index;
      if (pixel >= pixels) continue;
      const others = lane === 0 ? "zero" : "keep";
      a.convert("vbroadcasti32x4", register, at(rsi, pixel * step), { masking: { mask, others } });
    }
    if (index >= pixels) a.op("vpxord", register, register, register);
  }
  const pairs = (
    low: "vpunpcklwd" | "vpunpckldq" | "vpunpcklqdq",
    high: "vpunpckhwd" | "vpunpckhdq" | "vpunpckhqdq",
    from: typeof first,
    to: typeof first,
    distance: number,
  ) => {
    let next = 0;
    for (let index = 0; index < OCTET; index++) {
      if ((index & distance) !== 0) continue;
      a.op(low, to[next++]!, from[index]!, from[index + distance]!);
      a.op(high, to[next++]!, from[index]!, from[index + distance]!);
    }
  };
  pairs("vpunpcklwd", "vpunpckhwd", first, second, 1);
  // second: 0 channels 0-3 of pixels 0, 1; 1 channels 4-7; 2 channels 0-3 of pixels 2, 3; ...
  pairs("vpunpckldq", "vpunpckhdq", second, first, 2);
  // first: 0 channels 0, 1 of pixels 0-3; 1 channels 2, 3; 2 channels 4, 5; 3 channels 6, 7; 4 to 7 of pixels 4-7
  pairs("vpunpcklqdq", "vpunpckhqdq", first, second, 4);
  for (const [channel, register] of second.entries()) {
    a.move("vmovups", at(rdi, channel * channelPitch), register);
  }
}

function emptyRow(a: Assembler, channels: number, pitch: number, channelPitch: number): void {
  a.mov(rcx, BigInt(channels));
  a.repeat(rcx, () => {
    for (let pixel = 0; pixel < pitch; pixel += PIXELS_PER_STEP) a.move("vmovups", at(rdi, 2 * pixel), zero);
    a.add(rdi, channelPitch);
  });
  a.sub(rdi, channels * channelPitch);
}

/** Rows of the gradient, image beside image, to pairs of pixels. */
function packGradient(a: Assembler, shape: WeightGradientShape, layout: Layout): void {
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

/**
 * 32 or 16 channels of a row (rsi) to pairs of pixels (rdi). The instruction that interleaves works within 16 bytes: the
 * channels come out in the order of {@link channelOrder}.
 */
function pairRow(a: Assembler, length: 256 | 512, pixels: number, { pitch }: Geometry, pixelBytes: number): void {
  const [even, odd, low, high] = [zmm(0), zmm(1), zmm(2), zmm(3)] as const;
  const pair = (index: number, kind: "both" | "one" | "none") => {
    const to = index * PAIR_BYTES;
    if (kind === "none") {
      a.move("vmovups", at(rdi, to), zero, { length });
      a.move("vmovups", at(rdi, to + length / 8), zero, { length });
      return;
    }
    a.move("vmovups", even, at(rsi, 2 * index * pixelBytes), { length });
    if (kind === "both") a.move("vmovups", odd, at(rsi, (2 * index + 1) * pixelBytes), { length });
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

/** The channel, within its block of 32 or 16, that each column of the block's tiles holds. */
export function channelOrder(block: 16 | 32): number[] {
  const half = Array.from({ length: block / 2 }, (_, index) => OCTET * Math.floor(index / 4) + (index % 4));
  return [...half, ...half.map((channel) => channel + 4)];
}

/** Adds the unit's products to the task's sums; the first unit's are the sums. */
function multiply(a: Assembler, shape: WeightGradientShape, layout: Layout): void {
  const { blocks, hasHalfBlock, blockBytes } = layout;
  a.mov(rdx, argumentOf(argument.sums));
  a.lea(r11, at(scratchMemory, layout.gradient));
  if (blocks > 0) {
    a.mov(rax, BigInt(blocks));
    a.mov(local("block"), rax);
    const next = a.label();
    a.place(next);
    multiplyBlock(a, shape, layout, 2);
    a.add(rdx, layout.sumTiles * 2 * TILE_BYTES);
    a.add(r11, blockBytes);
    a.mov(rax, local("block"));
    a.sub(rax, 1);
    a.mov(local("block"), rax);
    a.jump("notEqual", next);
  }
  if (hasHalfBlock) multiplyBlock(a, shape, layout, 1);
}

/** A tile of rows: where it begins in scratch memory (undefined: the ones of the bias), and which of the sums' tiles it is. */
interface RowTile {
  readonly offset: number | undefined;
  readonly position: number;
}

function rowTilesOf(shape: WeightGradientShape, layout: Layout): RowTile[] {
  const { geometry, planeBytes, channelPitch, rowPitch, rowTiles } = layout;
  const channelTiles = shape.channels[0] / TILE;
  const tiles: RowTile[] = [];
  for (let channelTile = 0; channelTile < channelTiles; channelTile++) {
    for (const [index, { phase, distance }] of geometry.taps.entries()) {
      const pixel = geometry.lead + (distance[0] - geometry.firstRow) * rowPitch + distance[1];
      tiles.push({
        offset: phase * planeBytes + channelTile * TILE * channelPitch + 2 * pixel,
        position: index * channelTiles + channelTile,
      });
    }
  }
  return shape.hasBias ? [...tiles, { offset: undefined, position: rowTiles }] : tiles;
}

function multiplyBlock(a: Assembler, shape: WeightGradientShape, layout: Layout, width: 1 | 2): void {
  const tiles = rowTilesOf(shape, layout);
  const chunks = Math.ceil(layout.steps / shape.cut.steps);
  const chunkSteps = Math.ceil(layout.steps / chunks);
  const nextChunk = a.label();
  a.mov(r8, scratchMemory);
  a.mov(r9, r11);
  a.mov(rdi, local("accumulate"));
  a.mov(rax, BigInt(layout.steps));
  a.mov(local("left"), rax);
  a.mov(r10, BigInt(layout.channelPitch));
  a.mov(rbp, BigInt(PAIR_BYTES));
  a.place(nextChunk);
  a.mov(rax, local("left"));
  const short = a.label();
  a.cmp(rax, chunkSteps);
  a.jump("lessOrEqual", short);
  a.mov(rax, BigInt(chunkSteps));
  a.place(short);
  a.mov(local("steps"), rax);
  for (let index = 0; index < tiles.length; index += 2) multiplyTiles(a, tiles.slice(index, index + 2), layout, width);
  a.mov(rdi, 1n);
  a.add(r8, 2 * PIXELS_PER_STEP * chunkSteps);
  a.add(r9, STEP_BYTES * chunkSteps);
  a.mov(rax, local("left"));
  a.sub(rax, chunkSteps);
  a.mov(local("left"), rax);
  a.cmp(rax, 0);
  a.jump("greater", nextChunk);
}

type TileRows = Address & { readonly index: General };
/** Rows of a tile, `pitch` bytes apart. */
const tileRows = (base: General, pitch: General, displacement: number): TileRows => ({
  base,
  index: pitch,
  displacement,
});

/** One or two tiles of rows times one or two of columns. */
function multiplyTiles(a: Assembler, rows: readonly RowTile[], layout: Layout, width: 1 | 2): void {
  const columns = Array.from({ length: width }, (_, column) => column);
  const sum = (row: number, column: number) => tmm(2 * row + column);
  const [left, right] = [(row: number) => tmm(4 + row), (column: number) => tmm(6 + column)];
  const eachSum = (work: (tile: Tile, place: TileRows) => void) => {
    for (const [row, { position }] of rows.entries()) {
      for (const column of columns) {
        work(sum(row, column), tileRows(rdx, rcx, (position * width + column) * TILE_BYTES));
      }
    }
  };
  const [add, go] = [a.label(), a.label()];
  a.mov(rcx, 64n);
  a.cmp(rdi, 0);
  a.jump("notEqual", add);
  eachSum((tile) => void a.tilezero(tile));
  a.jump("always", go);
  a.place(add);
  eachSum((tile, place) => void a.tileloadd(tile, place));
  a.place(go);
  for (const [row, { offset }] of rows.entries()) {
    if (offset !== undefined) continue;
    a.mov(rax, 0n);
    a.tileloadd(left(row), tileRows(scratchMemory, rax, layout.ones));
  }
  a.mov(rsi, r8);
  a.mov(rcx, r9);
  a.mov(rax, local("steps"));
  a.repeat(rax, () => {
    for (const column of columns) {
      a.tileloadd(right(column), tileRows(rcx, rbp, (column * PAIR_BYTES) / 2));
    }
    for (const [row, { offset }] of rows.entries()) {
      if (offset !== undefined) a.tileloadd(left(row), tileRows(rsi, r10, offset));
      for (const column of columns) a.tdpbf16ps(sum(row, column), left(row), right(column));
    }
    a.add(rsi, 2 * PIXELS_PER_STEP);
    a.add(rcx, STEP_BYTES);
  });
  a.mov(rcx, 64n);
  eachSum((tile, place) => void a.tilestored(place, tile));
}

export interface GradientSumShape {
  /** Output channels of the convolution, and of the block whose sums are added: 32, or 16. */
  readonly channels: number;
  readonly block: 16 | 32;
  readonly parts: number;
  /** Bytes from the sums of one part to those of the next. */
  readonly partBytes: number;
}

export interface GradientSumTask {
  /** The first of the tiles of sums in the first part. */
  readonly sums: bigint;
  /** The first row of the result, at the block's first output channel. */
  readonly destination: bigint;
  readonly tiles: number;
  /** Rows that are wanted of each tile. */
  readonly rows: number;
}

export const gradientSumArguments = ({ sums, destination, tiles, rows }: GradientSumTask) => [
  sums,
  destination,
  tiles,
  rows,
];

/** Adds the parts' sums, in order, and puts the channels of a block in theirs: rows of `channels` floats. */
export function gradientSumKernel({ channels, block, parts, partBytes }: GradientSumShape): Kernel {
  const columns = block / TILE;
  const order = channelOrder(block);
  const name = `sum of ${parts} weight gradients, ${partBytes} bytes each, ${block} of ${channels} channels`;
  const registers = Array.from({ length: columns }, (_, column) => zmm(column));
  const indices = Array.from({ length: columns }, (_, column) => zmm(8 + column));
  const ordered = zmm(16);
  return taskKernel(
    name,
    (a) => {
      a.mov(rsi, argumentOf(0));
      a.mov(rdi, argumentOf(1));
      a.mov(rcx, argumentOf(2));
      a.repeat(rcx, () => {
        a.mov(rdx, rsi);
        a.mov(rax, argumentOf(3));
        a.repeat(rax, () => {
          for (const [column, register] of registers.entries()) {
            a.move("vmovups", register, at(rdx, column * TILE_BYTES));
            for (let part = 1; part < parts; part++) {
              a.op("vaddps", register, register, at(rdx, column * TILE_BYTES + part * partBytes));
            }
          }
          for (const [column, index] of indices.entries()) {
            a.move("vmovups", ordered, index);
            // Of the indices, those from 16 on are of the second register.
            a.op("vpermi2d", ordered, registers[0]!, registers.at(-1)!);
            a.move("vmovups", at(rdi, 4 * TILE * column), ordered);
          }
          a.add(rdx, 4 * TILE);
          a.add(rdi, 4 * channels);
        });
        a.add(rsi, columns * TILE_BYTES);
      });
    },
    {
      before: (a) => {
        // On the stack for a moment: where each channel is.
        a.sub(rsp, 64);
        for (const [column, index] of indices.entries()) {
          const places = Array.from({ length: TILE }, (_, channel) => order.indexOf(TILE * column + channel));
          for (let pair = 0; pair < TILE / 2; pair++) {
            a.mov(rax, BigInt(places[2 * pair]!) | (BigInt(places[2 * pair + 1]!) << 32n));
            a.mov(at(rsp, 8 * pair), rax);
          }
          a.move("vmovups", index, at(rsp));
        }
        a.add(rsp, 64);
      },
      after: () => {},
    },
  );
}
