/**
 * Convolutions of channels-last bfloat16 maps and the gradients of their inputs on the tiles of AMX, with batch normalisation on the way: what
 * they read can be made from other maps, and sums can be taken of what they write, so that maps pass through memory less often.
 *
 * A task is an image. Its maps are put into memory of the thread's own, with a border of zeros, where every tap of the kernel is a plain offset;
 * a kernel of one pixel, which has no border, reads maps that need not be made where they are.
 * Blocks of two tiles of pixels by two tiles of filters are summed over all taps and channels, then stored.
 */
import {
  type Address,
  type AmxTile,
  at,
  atIndex,
  type General,
  lowerHalf,
  r11,
  r13,
  r15,
  rbp,
  rdx,
} from "../../assembler/operands.ts";
import { AMX_ROW_BYTES, AMX_TILE_BYTES, AMX_TILE_ROWS, configureAmx } from "../amx-configuration.ts";
import {
  type GradientSumsShape,
  gradientSumsName,
  gradientSumsSink,
  type InputGradientShape,
  inputGradientName,
  inputGradientSource,
  type NormalizeShape,
  normalizeName,
  normalizeSource,
  type Sink,
  type Source,
  statisticsSink,
} from "../batch-normalization.ts";
import {
  channelGroup,
  channelPass,
  type PassArguments,
  passArguments,
  registersOf,
  storeRounded,
  takeGroupRegisters,
  takeMapPointers,
} from "../channel-pass.ts";
import { type Kernel, type KernelAssembler, taskKernel } from "../task-kernel.ts";
import { type Block, blocksOf, tilePlaces } from "./blocks.ts";
import {
  AMX_TILE_CHANNELS,
  AMX_TILE_FILTERS,
  amxTilingOf,
  type ConvolutionShape,
  geometryOf,
  paddedLayout,
  range,
} from "./geometry.ts";

/** What the convolution reads: maps as they are, or what is made of maps, which is stored too. */
export type ConvolutionSource =
  | { readonly kind: "maps" }
  | ({ readonly kind: "normalize" } & NormalizeShape)
  | ({ readonly kind: "inputGradient" } & InputGradientShape);

/** What is done with its result, which is stored: nothing else, or sums for a normalisation. */
export type ConvolutionSink =
  | { readonly kind: "plain" }
  | { readonly kind: "statistics" }
  | ({ readonly kind: "gradientSums" } & GradientSumsShape);

/** Sums of a block before they are rounded: 2 tiles by 2. */
const BLOCK_BYTES = 4 * AMX_TILE_BYTES;

/** Memory, zero at first, that each thread needs for a shape; nothing else may write to it. */
export const workspaceBytes = (shape: ConvolutionShape): number =>
  BLOCK_BYTES + (shape.projected ? 2 : 1) * paddedLayout(shape).bytes;

/** The arguments of one image's convolution: addresses. */
export interface ConvolutionTask {
  /** Of the first thread; those of the others follow. */
  readonly workspace: bigint;
  /** As {@link packWeightsKernel} makes them. */
  readonly weights: bigint;
  /** Maps: what the source reads; after them, unless it reads maps as they are, where its result is stored. */
  readonly source: PassArguments;
  /** The same of what the projection reads. */
  readonly projection?: PassArguments | undefined;
  /** Maps: the result, then what the sink reads. */
  readonly sink: PassArguments;
}

const FIRST = 2;
/** The arguments of a task in the order in which the kernel reads them. */
export const convolutionArguments = ({ workspace, weights, source, projection, sink }: ConvolutionTask) => [
  workspace,
  weights,
  ...passArguments(source),
  ...(projection ? passArguments(projection) : []),
  ...passArguments(sink),
];

/** How many arguments {@link passArguments} gives. */
const passLength = (maps: number): number => 2 + maps;

/** What all of a task uses: */
interface Registers {
  /** The thread's own memory: first the sums of a block, then the padded maps. */
  readonly workspace: General;
  /** Tiles of two by two sums, two of pixels and two of weights. */
  readonly sums: readonly (readonly AmxTile[])[];
  readonly pixels: readonly AmxTile[];
  readonly weights: readonly AmxTile[];
}

function takeRegisters(a: KernelAssembler): Registers {
  const { workspace } = a.registers.fixed({ workspace: r11 });
  const take = (...names: readonly string[]) => Object.values(a.registers.tiles(...names));
  const sums = [take("sum 00", "sum 01"), take("sum 10", "sum 11")];
  return { workspace, sums, pixels: take("pixels 0", "pixels 1"), weights: take("weights 0", "weights 1") };
}

const sourceNames: {
  readonly [K in ConvolutionSource["kind"]]: (source: Extract<ConvolutionSource, { kind: K }>) => string;
} = {
  maps: () => "",
  normalize: (shape) => `${normalizeName(shape)}, `,
  inputGradient: (shape) => `${inputGradientName(shape)}, `,
};
const sinkNames: { readonly [K in ConvolutionSink["kind"]]: (sink: Extract<ConvolutionSink, { kind: K }>) => string } =
  {
    plain: () => "",
    statistics: () => ", statistics",
    gradientSums: (shape) => `, ${gradientSumsName(shape)}`,
  };

const nameOf = <T extends { readonly kind: string }>(names: object, value: T): string =>
  (names as Record<string, (value: T) => string>)[value.kind]!(value);

/** @param projected the source of what is {@link ConvolutionShape.projected} */
export function convolutionKernel(
  shape: ConvolutionShape,
  source: ConvolutionSource,
  sink: ConvolutionSink,
  projected?: ConvolutionSource,
): Kernel {
  const { channels, filters, height, width, kernel, stride, direction } = shape;
  const what = `${direction} convolution ${kernel}x${kernel} / ${stride} of ${channels}x${height}x${width} to ${filters}`;
  const added = projected ? `, ${nameOf(sourceNames, projected)}projection` : "";
  const name = `${nameOf(sourceNames, source)}${what}${added}${nameOf(sinkNames, sink)}`;
  const key = {
    ...{ channels, filters, height, width, kernel, stride, direction },
    ...{ projected: shape.projected === true, source, sink, projectedSource: projected ?? "none" },
  };
  return taskKernel({ kind: "convolution", shape: key, name }, (a) => {
    const { positions } = amxTilingOf(shape)!;
    const registers = takeRegisters(a);
    const { workspace, weights } = registers;
    configureAmx(
      a,
      range(8).map((tile) => (weights.some(({ code }) => code === tile) ? AMX_TILE_ROWS : positions)),
    );
    return {
      task() {
        a.mov(workspace, BigInt(workspaceBytes(shape)));
        a.imul(workspace, a.threadNumber);
        a.add(workspace, a.argument(0));
        const inPlace = kernel === 1 && source.kind === "maps";
        let first = FIRST + (inPlace ? passLength(1) : fillPadded(a, shape, source, FIRST, workspace, 0));
        if (projected) first += fillPadded(a, shape, projected, first, workspace, paddedLayout(shape).bytes);
        convolve(a, registers, shape, sink, first, inPlace);
      },
      after: () => a.tilerelease(),
    };
  });
}

/** Puts an image's maps into the thread's memory, `offset` bytes on and inside the border; returns how many arguments it has. */
function fillPadded(
  a: KernelAssembler,
  shape: ConvolutionShape,
  source: ConvolutionSource,
  first: number,
  workspace: General,
  offset: number,
): number {
  const { channels, height, width, kernel } = shape;
  const { rowBytes, copies, copyBytes } = paddedLayout(shape);
  const pixelBytes = 2 * channels;
  const border = (kernel - 1) / 2;
  const isShifted = amxTilingOf(shape)!.rowsPerTile > 1;
  const turns = isShifted ? width : [4, 3, 2, 1].find((count) => width % count === 0)!;
  /** Bytes from the first pixel of a row that is inside to each place of another one. */
  const placesOf = (column: number): number[] => {
    if (!isShifted) return [column * pixelBytes];
    return range(copies)
      .map((copy) => ({ copy, place: column + border - copy }))
      .filter(({ place }) => place >= 0 && place < width)
      .map(({ copy, place }) => copy * copyBytes + place * pixelBytes);
  };
  return a.registers.scope(() => {
    const made = sourceOf(a, registersOf(channels), source);
    const { rounded } = a.registers.vectors("rounded");
    const { padded, rows } = a.registers.fixed({ padded: r15, rows: r13 });
    const maps = made ? made.maps + 1 : 1;
    channelPass(a, {
      channels,
      maps,
      written: made?.maps,
      first,
      loops(block) {
        const { blocks } = a.registers.general("blocks");
        a.repeat(rows, height, () => {
          a.repeat(blocks, width / turns, () => {
            block(turns);
            a.add(padded, turns * pixelBytes);
          });
          a.add(padded, rowBytes - width * pixelBytes);
        });
      },
      begin(group, groupOffset) {
        const inside = offset + border * (isShifted ? rowBytes : rowBytes + pixelBytes);
        a.lea(padded, atIndex(workspace, groupOffset, 1, BLOCK_BYTES + inside));
        made?.begin(group);
      },
      pixel(map, register, turn) {
        if (made) storeRounded(a, map(made.maps), made.make(map, register), rounded);
        else a.vmovups(lowerHalf(rounded), map(0));
        for (const place of placesOf(turn)) a.vmovups(at(padded, place + 32 * register), lowerHalf(rounded));
      },
    });
    return passLength(maps);
  });
}

function sourceOf(a: KernelAssembler, registers: number, source: ConvolutionSource): Source | undefined {
  if (source.kind === "maps") return undefined;
  return source.kind === "normalize"
    ? normalizeSource(a, registers, source)
    : inputGradientSource(a, registers, source);
}

function sinkOf(a: KernelAssembler, sink: ConvolutionSink): Sink | undefined {
  if (sink.kind === "plain") return undefined;
  return sink.kind === "statistics" ? statisticsSink(a, 2, 2) : gradientSumsSink(a, 2, sink);
}

/** How far ahead of its pixel a sink asks for its maps: measured, from half to twice as far is as good. */
const PIXELS_AHEAD = 32;

/** Multiplies the padded maps, or those of the first pass in place, by the weights, block by block, and hands each block's pixels to the sink. */
function convolve(
  a: KernelAssembler,
  registers: Registers,
  shape: ConvolutionShape,
  sink: ConvolutionSink,
  first: number,
  inPlace: boolean,
): void {
  const { workspace, sums } = registers;
  const { channels, filters } = shape;
  const { rows, columns, readStep, writeStep } = geometryOf(shape);
  const { rowsAtOnce } = amxTilingOf(shape)!;
  const { rowBytes, copies, copyBytes, bytes: paddedBytes } = paddedLayout(shape);
  const chunks = channels / AMX_TILE_CHANNELS;
  const pixelBytes = 2 * channels;
  const resultRow = 2 * filters * columns * writeStep;
  const resultBytes = rowsAtOnce * writeStep * resultRow;
  const work = sinkOf(a, sink);
  const { value, rounded } = a.registers.vectors("value", "rounded");
  const { groups, groupOffset } = takeGroupRegisters(a);
  const group = channelGroup(a, filters, first, groupOffset);
  const pointers = takeMapPointers(a, 1 + (work?.maps ?? 0));
  /** Strides: bytes from a pixel to the next, and from a row of a tile in memory to the next. */
  const { packedWeights, pixelStride, rowStride } = a.registers.fixed({
    packedWeights: rbp,
    pixelStride: r15,
    rowStride: r13,
  });
  const { rowOf, columnOf } = tilePlaces(shape);
  const { blocks, steps } = blocksOf(shape);

  /** Multiplies, giving the other instructions in between: the processor works on both. */
  const multiply = (padded: General, { tiles, taps, firstStep }: Block, meanwhile: (() => void)[]) => {
    const perStep = Math.ceil(meanwhile.length / (chunks * taps.length));
    for (const sum of sums.flat()) a.tilezero(sum);
    let step = firstStep;
    for (const chunk of range(chunks)) {
      for (const tap of taps) {
        const region = tap.ofProjection ? paddedBytes : 0;
        const shift = tap.column * (copies > 1 ? copyBytes : pixelBytes);
        const offset = region + tap.row * rowBytes + shift + AMX_ROW_BYTES * chunk;
        for (const [f, weights] of registers.weights.entries()) {
          a.tileloadd(weights, atIndex(packedWeights, rowStride, 1, (2 * step + f) * AMX_TILE_BYTES));
        }
        tiles.forEach((tile, p) => {
          const start = rowOf(tile) * readStep * rowBytes + columnOf(tile) * readStep * pixelBytes;
          const pixels = registers.pixels[p]!;
          a.tileloadd(pixels, atIndex(padded, pixelStride, 1, start + offset));
          for (const [f, weights] of registers.weights.entries()) a.tdpbf16ps(sums[p]![f]!, pixels, weights);
        });
        for (const instructions of meanwhile.splice(0, perStep)) instructions();
        step++;
      }
    }
    // Where a phase has no taps.
    for (const instructions of meanwhile.splice(0)) instructions();
    for (const [index, sum] of sums.flat().entries()) {
      a.tilestored(atIndex(workspace, rowStride, 1, index * AMX_TILE_BYTES), sum);
    }
  };

  const ahead = PIXELS_AHEAD * 2 * filters;
  const askFor = (displacement: number) => {
    a.prefetchw(at(pointers[0]!, displacement));
    for (const pointer of pointers.slice(1)) a.prefetcht0(at(pointer, displacement));
  };

  /** Hands a block's pixels to the sink and stores them, `shift` bytes from where the pointers are. */
  const finish = ({ places }: Block, shift: number): (() => void)[] =>
    places.flatMap((tilePlaces, p) =>
      tilePlaces.flatMap((place, position) =>
        [0, 1].map((f) => () => {
          const map = (index: number): Address => at(pointers[index]!, shift + place + 32 * f);
          if (f === 0) askFor(shift + place + ahead);
          a.vmovups(value, at(workspace, (2 * p + f) * AMX_TILE_BYTES + AMX_ROW_BYTES * position));
          work?.take(value, (index) => map(1 + index), f, position);
          storeRounded(a, map(0), value, rounded);
        }),
      ),
    );
  const last = blocks.at(-1)!;
  const multiplyRows = (padded: General, before: (() => void)[]) => {
    let meanwhile = before;
    for (const block of blocks) {
      multiply(padded, block, meanwhile);
      meanwhile = finish(block, 0);
    }
  };

  a.mov(packedWeights, a.argument(1));
  a.mov(rowStride, BigInt(AMX_ROW_BYTES));
  a.mov(pixelStride, BigInt(readStep * pixelBytes));
  a.mov(groupOffset, 0n);
  a.repeat(groups, filters / (2 * AMX_TILE_FILTERS), () => {
    pointers.forEach((pointer, index) => {
      a.mov(pointer, a.argument(first + 2 + index));
      a.add(pointer, groupOffset);
    });
    work?.begin(group);
    a.registers.scope(() => {
      const { padded } = a.registers.fixed({ padded: rdx });
      const { turns } = a.registers.general("turns");
      if (inPlace) a.mov(padded, a.argument(FIRST + 2));
      else a.lea(padded, at(workspace, BLOCK_BYTES));
      multiplyRows(padded, []);
      a.repeat(turns, rows / rowsAtOnce - 1, () => {
        for (const pointer of pointers) a.add(pointer, resultBytes);
        a.add(padded, rowsAtOnce * readStep * rowBytes);
        multiplyRows(padded, finish(last, -resultBytes));
      });
      for (const instructions of finish(last, 0)) instructions();
    });
    work?.end(group);
    a.add(groupOffset, AMX_ROW_BYTES);
    a.add(packedWeights, 2 * steps * AMX_TILE_BYTES);
  });
}
