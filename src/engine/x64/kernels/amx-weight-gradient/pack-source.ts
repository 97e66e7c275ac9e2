/** The source, channels last, to rows of pixels per channel. */
import {
  at,
  type General,
  type Mask,
  masked,
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
import { AMX_TILE_ROWS } from "../amx-configuration.ts";
import type { KernelAssembler } from "../task-kernel.ts";
import { type Kept, LANES, setMask, variable } from "./frame.ts";
import {
  imagesAtOnce,
  type Layout,
  MOST_LOADED,
  OCTET,
  PIXELS_PER_STEP,
  type WeightGradientShape,
  WORDS,
} from "./layout.ts";
import { whereValid } from "./valid-rows.ts";

/** Rows of the source, image beside image, to rows of pixels per channel. */
export function packSource(a: KernelAssembler, kept: Kept, shape: WeightGradientShape, layout: Layout): void {
  const { channels, input, output, stride, cut } = shape;
  const { geometry, channelPitch, planeBytes } = layout;
  const { pitch, firstRow, extraRows } = geometry;
  const pixelBytes = 2 * channels[0];
  const rowBytes = input[1] * pixelBytes;
  const imageBytes = input[0] * rowBytes;
  const { row, rowStart, rows, image, imagesLeft, images, from, to } = a.registers.fixed({
    ...{ row: r8, rowStart: r9, rows: r10, image: r11, imagesLeft: rbp, images: rdx, from: rsi, to: rdi },
  });
  const pack: Pack = { a, kept, image, from, to, channels: channels[0] };
  const packRow = channels[0] < AMX_TILE_ROWS ? pickRow : transposeRow;
  for (const phase of geometry.phases) {
    a.registers.scope(() => {
      const { first } = a.registers.general("first");
      a.mov(first, variable(a, "row"));
      a.lea(row, at(first, firstRow));
    });
    a.mov(rowStart, BigInt(stride[0] * rowBytes));
    a.imul(rowStart, row);
    a.add(rowStart, variable(a, "sourceImage"));
    a.add(rowStart, phase.offset[0] * rowBytes + phase.offset[1] * pixelBytes);
    a.lea(to, at(kept.scratchMemory, phase.plane * planeBytes));
    const sourceRow = {
      pixels: phase.columns,
      distances: phase.distances,
      width: output[1],
      pitch,
      step: stride[1] * pixelBytes,
      channelPitch,
      planeBytes,
      imageBytes,
    };
    const empty = (count: number) => emptyRow(pack, phase.distances.length * channels[0], count * pitch, channelPitch);
    const atOnce = imagesAtOnce(shape, geometry);
    const advanceImages = (count: number) => {
      a.add(image, count * imageBytes);
      a.add(to, 2 * count * pitch);
      a.sub(imagesLeft, count);
    };
    const where = (valid: () => void, otherwise: () => void) =>
      whereValid(a, { row, imagesLeft }, phase.rows, valid, otherwise);
    const oneByOne = (count: number) =>
      a.repeat(images, count, () => {
        where(
          () => packRow(pack, sourceRow),
          () => empty(1),
        );
        advanceImages(1);
      });
    const many = () => {
      where(
        () => transposeRows(pack, sourceRow, atOnce),
        () => empty(atOnce),
      );
      advanceImages(atOnce);
    };
    a.repeat(rows, cut.rows + extraRows, () => {
      a.mov(image, rowStart);
      a.mov(imagesLeft, variable(a, "images"));
      if (atOnce === 1) oneByOne(cut.images);
      else {
        a.repeat(images, cut.images / atOnce, () =>
          a.when([imagesLeft, "greaterOrEqual", atOnce], many, () => a.saving(images, () => oneByOne(atOnce))),
        );
      }
      a.add(rowStart, stride[0] * rowBytes);
      a.add(row, 1);
    });
  }
}

/** What packing a row takes: where the row is, and what is read and written next. */
interface Pack {
  readonly a: KernelAssembler;
  readonly kept: Kept;
  readonly image: General;
  readonly from: General;
  readonly to: General;
  readonly channels: number;
}

/** Where a row goes: to a plane for each distance, as many columns to the left as the distance is. */
interface Planes {
  readonly distances: readonly number[];
  /** Columns of a plane. */
  readonly width: number;
  readonly channelPitch: number;
  readonly planeBytes: number;
}

interface SourceRow extends Planes {
  readonly pixels: number;
  readonly pitch: number;
  /** Bytes from one pixel to the next. */
  readonly step: number;
  readonly imageBytes: number;
}

/** The first pixels of the blocks of a row. */
const blocksOf = (pixels: number): number[] =>
  Array.from({ length: Math.ceil(pixels / PIXELS_PER_STEP) }, (_, block) => block * PIXELS_PER_STEP);

/** A row to rows of pixels, eight channels at a time. */
function transposeRow({ a, kept, image, from, to, channels }: Pack, row: SourceRow): void {
  const { pixels, step, channelPitch } = row;
  const { octets } = a.registers.fixed({ octets: rcx });
  a.mov(from, image);
  a.repeat(octets, channels / OCTET, () => {
    for (const first of blocksOf(pixels)) {
      a.registers.scope(() => transposeBlock({ a, kept, from, to }, lanesOf(pixels - first, step, first), row));
    }
    a.add(from, 2 * OCTET);
    a.add(to, OCTET * channelPitch);
  });
  a.sub(to, channels * channelPitch);
}

/** As {@link transposeRow} for short rows of some images. */
function transposeRows({ a, kept, image, from, to, channels }: Pack, row: SourceRow, images: number): void {
  const { pixels, pitch, step, channelPitch, imageBytes } = row;
  const lanes = Array.from({ length: images }, (_, index) =>
    lanesOf(pixels, step)
      .slice(0, LANES / images)
      .map(({ from, to, ...lane }) => ({ ...lane, from: from + index * imageBytes, to: to + 2 * index * pitch })),
  ).flat();
  const { octets } = a.registers.fixed({ octets: rcx });
  a.mov(from, image);
  a.repeat(octets, channels / OCTET, () => {
    transposeBlock({ a, kept, from, to }, lanes, row);
    a.add(from, 2 * OCTET);
    a.add(to, OCTET * channelPitch);
  });
  a.sub(to, channels * channelPitch);
}

/** Up to eight pixels: the first one's column, where it is, bytes from one to the next, and where they go but for the plane's shift. */
interface Lane {
  readonly column: number;
  readonly pixels: number;
  readonly step: number;
  readonly from: number;
  readonly to: number;
}

/** The lanes of up to 32 consecutive pixels, from a column on. */
const lanesOf = (pixels: number, step: number, column = 0): Lane[] =>
  Array.from({ length: LANES }, (_, lane) => ({
    column: column + OCTET * lane,
    pixels: Math.max(0, Math.min(OCTET, pixels - OCTET * lane)),
    step,
    from: (column + OCTET * lane) * step,
    to: 2 * (column + OCTET * lane),
  }));

/** Stores a register for each channel, with the pixels of some lanes, to the rows of all planes. */
function storePixels(
  { a, to: target }: Pick<Pack, "a" | "to">,
  wordMask: Mask,
  registers: readonly Zmm[],
  lanes: readonly Lane[],
  planes: Planes,
): void {
  const { distances, width, channelPitch, planeBytes } = planes;
  for (const [plane, distance] of distances.entries()) {
    // Pixels that are stored as far from where they are in the register are stored at once.
    const masks = new Map<number, number>();
    for (const [lane, { column, pixels, to }] of lanes.entries()) {
      const shift = to - 2 * OCTET * lane;
      for (let pixel = 0; pixel < pixels; pixel++) {
        const place = column + pixel - distance;
        if (place < 0 || place >= width) continue;
        masks.set(shift, (masks.get(shift) ?? 0) + 2 ** (OCTET * lane + pixel));
      }
    }
    for (const [shift, mask] of masks) {
      const isWhole = mask === 2 ** WORDS - 1;
      if (!isWhole) setMask(a, wordMask, mask);
      for (const [channel, register] of registers.entries()) {
        const to = at(target, plane * planeBytes + channel * channelPitch + shift - 2 * distance);
        a.vmovdqu16(isWhole ? to : masked(to, wordMask, "keep"), register);
      }
    }
  }
}

/** Eight channels of four times eight pixels to eight rows of each plane. */
function transposeBlock(
  { a, kept, from, to }: Pick<Pack, "a" | "kept" | "from" | "to">,
  lanes: readonly Lane[],
  planes: Planes,
): void {
  const first = a.registers.row("first", OCTET);
  const second = a.registers.row("second", OCTET);
  const { wordMask } = a.registers.masks("wordMask");
  // Register j holds pixel j of each lane, so that what is transposed is four squares at once.
  for (const [index, register] of first.entries()) {
    let isEmpty = true;
    for (const [lane, { pixels, step, from: start }] of lanes.entries()) {
      if (index >= pixels) continue;
      const into = masked(register, kept.laneMasks[lane]!, isEmpty ? "zero" : "keep");
      a.vbroadcasti32x4(into, at(from, start + index * step));
      isEmpty = false;
    }
    if (isEmpty) a.vpxord(register, register, register);
  }
  const pairs = (
    low: "vpunpcklwd" | "vpunpckldq" | "vpunpcklqdq",
    high: "vpunpckhwd" | "vpunpckhdq" | "vpunpckhqdq",
    sources: typeof first,
    results: typeof first,
    distance: number,
  ) => {
    let next = 0;
    for (let index = 0; index < OCTET; index++) {
      if ((index & distance) !== 0) continue;
      a[low](results[next++]!, sources[index]!, sources[index + distance]!);
      a[high](results[next++]!, sources[index]!, sources[index + distance]!);
    }
  };
  pairs("vpunpcklwd", "vpunpckhwd", first, second, 1);
  // second: 0 channels 0-3 of pixels 0, 1; 1 channels 4-7; 2 channels 0-3 of pixels 2, 3; ...
  pairs("vpunpckldq", "vpunpckhdq", second, first, 2);
  // first: 0 channels 0, 1 of pixels 0-3; 1 channels 2, 3; 2 channels 4, 5; 3 channels 6, 7; 4 to 7 of pixels 4-7
  pairs("vpunpcklqdq", "vpunpckhqdq", first, second, 4);
  storePixels({ a, to }, wordMask, second, lanes, planes);
}

/**
 * As {@link transposeRow} for a few channels: 32 pixels of a channel are picked from the registers that hold them. Of each
 * register, the words that are wanted go to the places of their pixels.
 */
function pickRow({ a, kept, image, from, to, channels }: Pack, row: SourceRow): void {
  const { pixels, step, channelPitch } = row;
  const stepWords = step / 2;
  const loadedRegisters = a.registers.row("loaded", MOST_LOADED);
  const { picked } = a.registers.vectors("picked");
  const { wordMask } = a.registers.masks("wordMask");
  const block = (first: number, count: number) => {
    const words = (count - 1) * stepWords + channels;
    const loaded = loadedRegisters.slice(0, Math.ceil(words / WORDS));
    for (const [index, register] of loaded.entries()) {
      const left = words - index * WORDS;
      if (left < WORDS) setMask(a, wordMask, 2 ** left - 1);
      a.vmovdqu16(left < WORDS ? masked(register, wordMask, "zero") : register, at(from, first * step + 64 * index));
    }
    for (let channel = 0; channel < channels; channel++) {
      a.vpxord(picked, picked, picked);
      for (const [index, register] of loaded.entries()) {
        const places = Array.from({ length: count }, (_, pixel) => pixel).filter(
          (pixel) => Math.floor((pixel * stepWords + channel) / WORDS) === index,
        );
        if (places.length === 0) continue;
        setMask(
          a,
          wordMask,
          places.reduce((bits, pixel) => bits + 2 ** pixel, 0),
        );
        a.vpermw(masked(picked, wordMask, "keep"), kept.pickOrders[channel]!, register);
      }
      storePixels({ a, to }, wordMask, [picked], lanesOf(count, step, first), row);
      a.add(to, channelPitch);
    }
    a.sub(to, channels * channelPitch);
  };
  a.mov(from, image);
  for (const first of blocksOf(pixels)) block(first, Math.min(PIXELS_PER_STEP, pixels - first));
}

function emptyRow({ a, kept, to }: Pack, channels: number, pitch: number, channelPitch: number): void {
  const { rows } = a.registers.fixed({ rows: rcx });
  a.repeat(rows, channels, () => {
    for (let pixel = 0; pixel < pitch; pixel += PIXELS_PER_STEP) a.vmovups(at(to, 2 * pixel), kept.zero);
    a.add(to, channelPitch);
  });
  a.sub(to, channels * channelPitch);
}

/** Loads the orders by which {@link pickRow} picks. */
export function preparePicking(a: KernelAssembler, pickOrders: readonly Zmm[], stepWords: number): void {
  for (const [channel, order] of pickOrders.entries()) {
    for (let quarter = 0; quarter < WORDS; quarter += 4) {
      const words = Array.from({ length: 4 }, (_, pixel) => ((quarter + pixel) * stepWords + channel) % WORDS);
      a.assign(
        a.scratch(2 * quarter),
        words.reduce((bits, word, place) => bits | (BigInt(word) << BigInt(16 * place)), 0n),
      );
    }
    a.vmovups(order, a.scratch(0));
  }
}
