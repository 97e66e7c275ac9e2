/** The source, channels last, to rows of pixels per channel. */
import {
  type Assembler,
  at,
  type General,
  k,
  r8,
  r9,
  r10,
  r11,
  rax,
  rbp,
  rcx,
  rdi,
  rdx,
  rsi,
  rsp,
  type Vector,
  zmm,
} from "../../assembler/assembler.ts";
import { laneMasks, local, scratchMemory, setMask, zero } from "./frame.ts";
import {
  AMX_TILE_ROWS,
  imagesAtOnce,
  type Layout,
  OCTET,
  PIXELS_PER_STEP,
  type WeightGradientShape,
} from "./layout.ts";
import { whereValid } from "./valid-rows.ts";

/** Rows of the source, image beside image, to rows of pixels per channel. */
export function packSource(a: Assembler, shape: WeightGradientShape, layout: Layout): void {
  const { channels, input, output, stride, cut } = shape;
  const { geometry, channelPitch, planeBytes } = layout;
  const { pitch, firstRow, extraRows } = geometry;
  const pixelBytes = 2 * channels[0];
  const rowBytes = input[1] * pixelBytes;
  const imageBytes = input[0] * rowBytes;
  const packRow = channels[0] < AMX_TILE_ROWS ? pickRow : transposeRow;
  for (const phase of geometry.phases) {
    a.mov(rax, local("row"));
    a.lea(r8, at(rax, firstRow));
    a.mov(r9, BigInt(stride[0] * rowBytes));
    a.imul(r9, r8);
    a.add(r9, local("sourceImage"));
    a.add(r9, phase.offset[0] * rowBytes + phase.offset[1] * pixelBytes);
    a.lea(rdi, at(scratchMemory, phase.plane * planeBytes));
    a.mov(r10, BigInt(cut.rows + extraRows));
    a.repeat(r10, () => {
      a.mov(r11, r9);
      a.mov(rbp, local("images"));
      const row = {
        pixels: phase.columns,
        distances: phase.distances,
        width: output[1],
        pitch,
        step: stride[1] * pixelBytes,
        channelPitch,
        planeBytes,
        imageBytes,
      };
      const empty = (images: number) => emptyRow(a, phase.distances.length * channels[0], images * pitch, channelPitch);
      const atOnce = imagesAtOnce(shape, geometry);
      const advanceImages = (count: number) => {
        a.add(r11, count * imageBytes);
        a.add(rdi, 2 * count * pitch);
        a.sub(rbp, count);
      };
      const oneByOne = (counter: General, count: number) => {
        a.mov(counter, BigInt(count));
        a.repeat(counter, () => {
          whereValid(
            a,
            phase.rows,
            () => packRow(a, channels[0], row),
            () => empty(1),
          );
          advanceImages(1);
        });
      };
      if (atOnce === 1) oneByOne(rdx, cut.images);
      else {
        a.mov(rdx, BigInt(cut.images / atOnce));
        a.repeat(rdx, () => {
          const [few, end] = [a.label(), a.label()];
          a.cmp(rbp, atOnce);
          a.jump("less", few);
          whereValid(
            a,
            phase.rows,
            () => transposeRows(a, channels[0], row, atOnce),
            () => empty(atOnce),
          );
          advanceImages(atOnce);
          a.jump("always", end);
          a.place(few);
          a.push(rdx);
          // Locals are not read in here: the stack may have moved.
          oneByOne(rdx, atOnce);
          a.pop(rdx);
          a.place(end);
        });
      }
      a.add(r9, stride[0] * rowBytes);
      a.add(r8, 1);
    });
  }
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

/** A row (r11) to rows of pixels (rdi), eight channels at a time. */
function transposeRow(a: Assembler, channels: number, row: SourceRow): void {
  const { pixels, step, channelPitch } = row;
  a.mov(rsi, r11);
  a.mov(rcx, BigInt(channels / OCTET));
  a.repeat(rcx, () => {
    for (const first of blocksOf(pixels)) transposeBlock(a, lanesOf(pixels - first, step, first), row);
    a.add(rsi, 2 * OCTET);
    a.add(rdi, OCTET * channelPitch);
  });
  a.sub(rdi, channels * channelPitch);
}

/** As {@link transposeRow} for short rows of some images. */
function transposeRows(a: Assembler, channels: number, row: SourceRow, images: number): void {
  const { pixels, pitch, step, channelPitch, imageBytes } = row;
  const lanes = Array.from({ length: images }, (_, image) =>
    lanesOf(pixels, step)
      .slice(0, laneMasks.length / images)
      .map(({ from, to, ...lane }) => ({ ...lane, from: from + image * imageBytes, to: to + 2 * image * pitch })),
  ).flat();
  a.mov(rsi, r11);
  a.mov(rcx, BigInt(channels / OCTET));
  a.repeat(rcx, () => {
    transposeBlock(a, lanes, row);
    a.add(rsi, 2 * OCTET);
    a.add(rdi, OCTET * channelPitch);
  });
  a.sub(rdi, channels * channelPitch);
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
  laneMasks.map((_, lane) => ({
    column: column + OCTET * lane,
    pixels: Math.max(0, Math.min(OCTET, pixels - OCTET * lane)),
    step,
    from: (column + OCTET * lane) * step,
    to: 2 * (column + OCTET * lane),
  }));

/** Stores a register for each channel, with the pixels of some lanes, to the rows of all planes (rdi). Changes rax. */
function storePixels(a: Assembler, registers: readonly Vector[], lanes: readonly Lane[], planes: Planes): void {
  const { distances, width, channelPitch, planeBytes } = planes;
  for (const [plane, distance] of distances.entries()) {
    // Pixels that are stored as far from where they are in the register are stored at once.
    const masks = new Map<number, number>();
    for (const [lane, { column, pixels, to }] of lanes.entries()) {
      const shift = to - 2 * OCTET * lane;
      for (let pixel = 0; pixel < pixels; pixel++) {
        const target = column + pixel - distance;
        if (target < 0 || target >= width) continue;
        masks.set(shift, (masks.get(shift) ?? 0) + 2 ** (OCTET * lane + pixel));
      }
    }
    for (const [shift, mask] of masks) {
      const isWhole = mask === 2 ** WORDS - 1;
      if (!isWhole) setMask(a, wordMask, mask);
      const masking = isWhole ? undefined : ({ mask: wordMask, others: "keep" } as const);
      for (const [channel, register] of registers.entries()) {
        const to = plane * planeBytes + channel * channelPitch + shift - 2 * distance;
        a.move("vmovdqu16", at(rdi, to), register, masking && { masking });
      }
    }
  }
}

/** Eight channels of four times eight pixels (rsi) to eight rows of each plane (rdi). */
function transposeBlock(a: Assembler, lanes: readonly Lane[], planes: Planes): void {
  const first = Array.from({ length: OCTET }, (_, index) => zmm(index));
  const second = Array.from({ length: OCTET }, (_, index) => zmm(OCTET + index));
  // Register j holds pixel j of each lane, so that what is transposed is four squares at once.
  for (const [index, register] of first.entries()) {
    let isEmpty = true;
    for (const [lane, { pixels, step, from }] of lanes.entries()) {
      if (index >= pixels) continue;
      const masking = { mask: laneMasks[lane]!, others: isEmpty ? "zero" : "keep" } as const;
      a.convert("vbroadcasti32x4", register, at(rsi, from + index * step), { masking });
      isEmpty = false;
    }
    if (isEmpty) a.op("vpxord", register, register, register);
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
  storePixels(a, second, lanes, planes);
}

const WORDS = 32;

/**
 * As {@link transposeRow} for a few channels: 32 pixels of a channel are picked from the registers that hold them. Of each
 * register, the words that are wanted go to the places of their pixels.
 */
function pickRow(a: Assembler, channels: number, row: SourceRow): void {
  const { pixels, step, channelPitch } = row;
  const stepWords = step / 2;
  const picked = zmm(8);
  const block = (first: number, count: number) => {
    const words = (count - 1) * stepWords + channels;
    const loaded = Array.from({ length: Math.ceil(words / WORDS) }, (_, index) => zmm(index));
    for (const [index, register] of loaded.entries()) {
      const left = words - index * WORDS;
      if (left < WORDS) setMask(a, wordMask, 2 ** left - 1);
      const masking = left < WORDS ? ({ mask: wordMask, others: "zero" } as const) : undefined;
      a.move("vmovdqu16", register, at(rsi, first * step + 64 * index), masking && { masking });
    }
    for (let channel = 0; channel < channels; channel++) {
      a.op("vpxord", picked, picked, picked);
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
        a.op("vpermw", picked, pickOrder(channel), register, { masking: { mask: wordMask, others: "keep" } });
      }
      storePixels(a, [picked], lanesOf(count, step, first), row);
      a.add(rdi, channelPitch);
    }
    a.sub(rdi, channels * channelPitch);
  };
  a.mov(rsi, r11);
  for (const first of blocksOf(pixels)) block(first, Math.min(PIXELS_PER_STEP, pixels - first));
}

/** Where in their registers the words of a channel are. */
const pickOrder = (channel: number) => zmm(16 + channel);
const wordMask = k(5);

function emptyRow(a: Assembler, channels: number, pitch: number, channelPitch: number): void {
  a.mov(rcx, BigInt(channels));
  a.repeat(rcx, () => {
    for (let pixel = 0; pixel < pitch; pixel += PIXELS_PER_STEP) a.move("vmovups", at(rdi, 2 * pixel), zero);
    a.add(rdi, channelPitch);
  });
  a.sub(rdi, channels * channelPitch);
}

/** Loads {@link pickOrder}. */
export function preparePicking(a: Assembler, channels: number, stepWords: number): void {
  for (let channel = 0; channel < channels; channel++) {
    for (let quarter = 0; quarter < WORDS; quarter += 4) {
      const words = Array.from({ length: 4 }, (_, pixel) => ((quarter + pixel) * stepWords + channel) % WORDS);
      a.mov(
        rax,
        words.reduce((bits, word, place) => bits | (BigInt(word) << BigInt(16 * place)), 0n),
      );
      a.mov(at(rsp, 2 * quarter), rax);
    }
    a.move("vmovups", pickOrder(channel), at(rsp));
  }
}
