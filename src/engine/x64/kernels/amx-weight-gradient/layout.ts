/** Where everything is while gradients of weights are computed: in a thread's scratch memory and in a task's sums. */
import type { HeightWidth } from "../../../../network/layer.ts";
import { AMX_TILE_ROWS } from "../amx-configuration.ts";
import { type ConvolutionSizes, type Geometry, geometryOf } from "./geometry.ts";

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

/** All that the kernel's code depends on. */
export interface WeightGradientShape extends ConvolutionSizes {
  readonly hasBias: boolean;
  readonly cut: Cut;
}

/** Bytes of a line of the cache. */
export const CACHE_LINE = 64;
/** Pixels whose products AMX adds up in one instruction. */
export const PIXELS_PER_STEP = 32;
/** Output channels of the usual block: two tiles. */
export const BLOCK = 32;
/** Bytes of a pair of pixels of a block. */
export const PAIR_BYTES = 4 * BLOCK;
/** Bytes of a step of a block. */
export const STEP_BYTES = (PIXELS_PER_STEP / 2) * PAIR_BYTES;

/** Pixels, or channels, of a lane: 16 bytes. */
export const OCTET = 8;

/** 16-bit words of a register. */
export const WORDS = 32;
/** Registers that the pixels of a step may lie in where few channels are picked one by one. */
export const MOST_LOADED = 8;

/** Whether the kernel can read a source of so many channels, every so many columns. */
export const canReadSource = (channels: number, stride: number): boolean =>
  channels % AMX_TILE_ROWS === 0 ||
  (channels < AMX_TILE_ROWS && ((PIXELS_PER_STEP - 1) * stride + 1) * channels <= MOST_LOADED * WORDS);

const roundUp = (value: number, multiple: number) => Math.ceil(value / multiple) * multiple;

const SECOND_LEVEL_CACHE = 2 * 2 ** 20;

/** Where everything is in a thread's scratch memory and in a task's sums. */
export function layoutOf(shape: WeightGradientShape) {
  const { channels, cut } = shape;
  const geometry = geometryOf(shape);
  const { pitch, extraRows, planes } = geometry;
  const rowPitch = pitch * cut.images;
  const pixels = rowPitch * cut.rows;
  const steps = Math.ceil(pixels / PIXELS_PER_STEP);
  const flat = rowPitch * (cut.rows + extraRows);
  // An odd number of cache lines: channels of a tile must not compete for the same set of the cache.
  const lines = Math.ceil((2 * (flat + 2 * PIXELS_PER_STEP)) / 64);
  const channelPitch = 64 * (lines % 2 === 0 ? lines + 1 : lines);
  const planeBytes = channels[0] * channelPitch;
  const blockBytes = steps * STEP_BYTES;
  const blocks = Math.floor(cut.outputChannels / BLOCK);
  const hasHalfBlock = cut.outputChannels % BLOCK !== 0;
  const gradient = roundUp(planes * planeBytes, 4096);
  const allBlocks = blocks + (hasHalfBlock ? 1 : 0);
  const ones = gradient + allBlocks * blockBytes;
  const sums = ones + 64;
  const rows = channels[0] * geometry.taps.length;
  const blockSumBytes = (rows + 1) * 4 * BLOCK;
  const bytesIn = (stride: number, [height, width]: HeightWidth, mapChannels: number) => {
    const rowBytes = stride * width * mapChannels * 2;
    const imageBytes = (rowBytes / stride) * height;
    return { rowBytes, unitBytes: cut.images > 1 ? cut.images * imageBytes : cut.rows * rowBytes };
  };
  const next = {
    source: bytesIn(shape.stride[0], shape.input, channels[0]),
    gradient: bytesIn(1, shape.output, channels[1]),
  };
  return {
    geometry,
    /** Bytes of an output row, and of a unit, in both maps; whether those of the next unit have room in the cache already. */
    next,
    nextFits: sums + allBlocks * blockSumBytes + next.source.unitBytes + next.gradient.unitBytes <= SECOND_LEVEL_CACHE,
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
    sums,
    /** Of a block's sums: a row for each input channel of each tap, and one for the bias. */
    blockSumBytes,
    rows,
    /** What a unit takes of the cache. */
    unitBytes: sums,
    scratchBytes: roundUp(sums + allBlocks * blockSumBytes, 4096),
  };
}

/** See {@link layoutOf}: offsets and sizes in bytes, unless they are said to be something else. */
export type Layout = ReturnType<typeof layoutOf>;

/** Bytes of scratch memory that each thread needs. */
export const scratchBytesOf = (shape: WeightGradientShape): number => layoutOf(shape).scratchBytes;

/** Bytes that go through the cache again and again for a unit. */
export const unitBytesOf = (shape: WeightGradientShape): number => layoutOf(shape).unitBytes;

/** How many images' rows fill the four lanes of a register, eight pixels each. */
export function imagesAtOnce({ channels, cut }: WeightGradientShape, { phases }: Geometry): number {
  const columns = Math.max(...phases.map((phase) => phase.columns));
  const count = columns <= OCTET ? 4 : columns <= 2 * OCTET ? 2 : 1;
  return channels[0] % OCTET === 0 && cut.images % count === 0 ? count : 1;
}
