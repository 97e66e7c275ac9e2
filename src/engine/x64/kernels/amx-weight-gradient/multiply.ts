/** All taps' products of a unit: AMX's tiles of channels times pixels, and pixels times channels. */
import {
  type AmxTile,
  at,
  atIndex,
  type General,
  type IndexedAddress,
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
} from "../../assembler/operands.ts";
import { AMX_TILE_ROWS } from "../amx-configuration.ts";
import type { KernelAssembler } from "../task-kernel.ts";
import { type Kept, type Variable, variable } from "./frame.ts";
import {
  BLOCK,
  CACHE_LINE,
  type Layout,
  PAIR_BYTES,
  PIXELS_PER_STEP,
  STEP_BYTES,
  type WeightGradientShape,
} from "./layout.ts";
import { argument } from "./task.ts";

/** Lines of either map that are asked for in a step: more of them would only wait for each other. */
const MOST_LINES = 8;
/** Tiles that hold sums. */
const SUMS = 4;

/** Where in either map what is asked for next lies. */
interface Ahead {
  readonly source: General;
  readonly gradient: General;
}

/** Adds the unit's products to the task's sums; the first unit's are the sums. */
export function multiply(a: KernelAssembler, kept: Kept, shape: WeightGradientShape, layout: Layout): void {
  const { blocks, hasHalfBlock, blockBytes } = layout;
  const pointTo = (name: Variable, offset: number) =>
    a.registers.scope(() => {
      const { place } = a.registers.general("place");
      a.lea(place, at(kept.scratchMemory, offset));
      a.mov(variable(a, name), place);
    });
  pointTo("sums", layout.sums);
  // The next unit follows in memory: it is on its way into the cache while this one is multiplied.
  const ahead = a.registers.fixed({ source: rdi, gradient: rdx });
  for (const [pointer, image, map] of [
    [ahead.source, "sourceImage", layout.next.source],
    [ahead.gradient, "gradientImage", layout.next.gradient],
  ] as const) {
    a.mov(pointer, BigInt(map.rowBytes));
    a.imul(pointer, variable(a, "row"));
    a.add(pointer, variable(a, image));
    a.add(pointer, map.unitBytes);
  }
  for (const name of ["weights", "bias"] as const) a.assign(variable(a, name), argument(a, name));
  pointTo("pairs", layout.gradient);
  const whole = { shape, layout, ahead };
  if (blocks > 0) {
    a.repeatInMemory(variable(a, "block"), blocks, () => {
      multiplyBlock(a, kept, { ...whole, width: 2 });
      a.increase(variable(a, "sums"), layout.blockSumBytes);
      for (const name of ["weights", "bias"] as const) a.increase(variable(a, name), 4 * BLOCK);
      a.increase(variable(a, "pairs"), blockBytes);
    });
  }
  if (hasHalfBlock) multiplyBlock(a, kept, { ...whole, width: 1 });
}

/** Sixteen rows of a product: where their factors begin in scratch memory, and which rows of the sums they are. */
interface RowTile {
  readonly offset: number;
  readonly row: number;
}

/** In place of a {@link RowTile}: sixteen times the row of the bias, whose factors are ones. */
const BIAS = "bias";

function rowTilesOf(shape: WeightGradientShape, layout: Layout): (RowTile | typeof BIAS)[] {
  const { geometry, planeBytes, channelPitch, rowPitch } = layout;
  const [inputs] = shape.channels;
  const tiles: (RowTile | typeof BIAS)[] = [];
  // Taps of one plane follow each other, as it is in the nearest cache then.
  const taps = [...geometry.taps.entries()].sort(([, { plane: first }], [, { plane: second }]) => first - second);
  for (let channel = 0; channel < inputs; channel += AMX_TILE_ROWS) {
    for (const [index, { plane, distance }] of taps) {
      tiles.push({
        offset: plane * planeBytes + channel * channelPitch + 2 * rowPitch * (distance - geometry.firstRow),
        row: index * inputs + channel,
      });
    }
  }
  return shape.hasBias ? [...tiles, BIAS] : tiles;
}

/** One or two tiles of output channels. */
interface Block {
  readonly shape: WeightGradientShape;
  readonly layout: Layout;
  readonly width: 1 | 2;
  readonly ahead: Ahead;
}

function multiplyBlock(a: KernelAssembler, kept: Kept, block: Block): void {
  const { shape, layout, width } = block;
  const tiles = rowTilesOf(shape, layout);
  const chunks = Math.ceil(layout.steps / shape.cut.steps);
  const chunkSteps = Math.ceil(layout.steps / chunks);
  a.registers.scope(() => {
    const places = a.registers.fixed({ source: r8, pairs: r9, channelPitch: r10, pairPitch: rbp });
    a.mov(places.source, kept.scratchMemory);
    a.mov(places.pairs, variable(a, "pairs"));
    a.assign(variable(a, "hasSums"), variable(a, "accumulate"));
    a.assign(variable(a, "left"), BigInt(layout.steps));
    a.mov(places.channelPitch, BigInt(layout.channelPitch));
    a.mov(places.pairPitch, BigInt(PAIR_BYTES));
    a.doWhile(() => {
      a.registers.scope(() => chooseSteps(a, chunkSteps));
      const atOnce = SUMS / width;
      const groups = Math.ceil(tiles.length / atOnce);
      const stepsOfUnit = layout.steps * Math.ceil(shape.cut.outputChannels / BLOCK);
      for (let group = 0; group < groups; group++) {
        const linesOf = ({ unitBytes }: { readonly unitBytes: number }) => {
          const upTo = (count: number) => Math.ceil((count * unitBytes) / CACHE_LINE / stepsOfUnit / groups);
          const lines = upTo(group + 1) - upTo(group);
          return layout.nextFits && lines <= MOST_LINES ? lines : 0;
        };
        const lines = { source: linesOf(layout.next.source), gradient: linesOf(layout.next.gradient) };
        const groupAt = (index: number) => tiles.slice(atOnce * index, atOnce * (index + 1));
        const next = width === 2 ? groupAt((group + 1) % groups) : [];
        const product = { ...block, places, lines, next, steps: chunkSteps };
        a.registers.scope(() => multiplyTiles(a, kept, groupAt(group), product));
      }
      a.assign(variable(a, "hasSums"), 1n);
      a.add(places.source, 2 * PIXELS_PER_STEP * chunkSteps);
      a.add(places.pairs, STEP_BYTES * chunkSteps);
      const { left } = a.registers.general("left");
      a.mov(left, variable(a, "left"));
      a.sub(left, chunkSteps);
      a.mov(variable(a, "left"), left);
      return [left, "greater", 0];
    });
  });
}

/** Sets the variables `steps`, to what is left but not more than so many, and `isWanted`, to whether they end the task's sums. */
function chooseSteps(a: KernelAssembler, most: number): void {
  const { steps, isWanted } = a.registers.fixed({ steps: rax, isWanted: rcx });
  a.mov(steps, variable(a, "left"));
  a.min(steps, most);
  a.mov(variable(a, "steps"), steps);
  a.mov(isWanted, 0n);
  a.when([steps, "greaterOrEqual", variable(a, "left")], () => a.mov(isWanted, variable(a, "last")));
  a.mov(variable(a, "isWanted"), isWanted);
}

interface Product extends Block {
  /** Where the factors are, and bytes from one of their rows to the next. */
  readonly places: Readonly<Record<"source" | "pairs" | "channelPitch" | "pairPitch", General>>;
  /** Cache lines of the next unit's maps to ask for with each step. */
  readonly lines: Readonly<Record<keyof Ahead, number>>;
  /** The rows that come next, whose sums are fetched in the meantime. */
  readonly next: readonly (RowTile | typeof BIAS)[];
  /** The most steps at a time. */
  readonly steps: number;
}

/** Up to two tiles of rows times two of columns, or four times one. */
function multiplyTiles(
  a: KernelAssembler,
  { scratchMemory }: Kept,
  rows: readonly (RowTile | typeof BIAS)[],
  product: Product,
): void {
  const { shape, layout, width, places } = product;
  const columns = Array.from({ length: width }, (_, column) => column);
  const sums = Object.values(a.registers.tiles("sum 0", "sum 1", "sum 2", "sum 3"));
  const { left0, left1, right0, right1 } = a.registers.tiles("left0", "left1", "right0", "right1");
  const sum = (row: number, column: number) => sums[row * width + column]!;
  // The ones of the bias stay; the other rows take turns in what is left.
  const left = (row: number) => (rows[row] === BIAS || (row % 2 === 1 && !rows.includes(BIAS)) ? left1 : left0);
  const right = (column: number) => (column === 0 ? right0 : right1);
  // While there are units to come, sums are kept close together; only the last ones go to where they are wanted.
  const eachSum = (work: (tile: AmxTile, place: IndexedAddress) => void, wanted: boolean) =>
    a.registers.scope(() => {
      const { from, pitch } = a.registers.fixed({ from: rsi, pitch: rcx });
      for (const [row, tile] of rows.entries()) {
        const bytes = wanted ? 4 * shape.channels[1] : 4 * BLOCK;
        const start = tile === BIAS ? layout.rows : tile.row;
        a.mov(from, variable(a, !wanted ? "sums" : tile === BIAS ? "bias" : "weights"));
        // All rows of the bias's tile are the same: they are one in memory.
        a.mov(pitch, tile === BIAS ? 0n : BigInt(bytes));
        for (const column of columns) {
          const offset = (wanted && tile === BIAS ? 0 : start * bytes) + 64 * column;
          work(sum(row, column), atIndex(from, pitch, 1, offset));
        }
      }
    });
  const isSet = (name: Variable, then: () => void, otherwise: () => void) =>
    a.registers.scope(() => {
      const { flag } = a.registers.general("flag");
      a.mov(flag, variable(a, name));
      a.when([flag, "equal", 0], otherwise, then);
    });
  isSet(
    "hasSums",
    () => eachSum((tile, place) => a.tileloadd(tile, place), false),
    () => {
      for (const row of rows.keys()) for (const column of columns) a.tilezero(sum(row, column));
    },
  );
  for (const [row, tile] of rows.entries()) {
    if (tile !== BIAS) continue;
    a.registers.scope(() => {
      const { pitch } = a.registers.general("pitch");
      a.mov(pitch, 0n);
      a.tileloadd(left(row), atIndex(scratchMemory, pitch, 1, layout.ones));
    });
  }
  a.registers.scope(() => {
    const { nextSums, source, pairs } = a.registers.fixed({ nextSums: r11, source: rsi, pairs: rcx });
    const { turns } = a.registers.general("turns");
    a.mov(nextSums, variable(a, "sums"));
    a.mov(source, places.source);
    a.mov(pairs, places.pairs);
    a.repeat(turns, variable(a, "steps"), () => {
      for (const column of columns) {
        a.tileloadd(right(column), atIndex(pairs, places.pairPitch, 1, (column * PAIR_BYTES) / 2));
      }
      for (const [row, tile] of rows.entries()) {
        if (tile !== BIAS) a.tileloadd(left(row), atIndex(source, places.channelPitch, 1, tile.offset));
        for (const column of columns) a.tdpbf16ps(sum(row, column), left(row), right(column));
      }
      a.add(source, 2 * PIXELS_PER_STEP);
      a.add(pairs, STEP_BYTES);
      askForNext(a, nextSums, product);
    });
  });
  isSet(
    "isWanted",
    () => eachSum((tile, place) => a.tilestored(place, tile), true),
    () => eachSum((tile, place) => a.tilestored(place, tile), false),
  );
}

/** Asks for a step's part of the sums of the next rows, and of the next unit. */
function askForNext(a: KernelAssembler, sums: General, { next, steps, lines, ahead }: Product): void {
  const sumLines = Math.ceil((AMX_TILE_ROWS * 4 * BLOCK) / CACHE_LINE / steps);
  for (const tile of next) {
    if (tile === BIAS) continue;
    for (let line = 0; line < sumLines; line++) a.prefetcht0(at(sums, tile.row * 4 * BLOCK + line * CACHE_LINE));
  }
  if (next.length > 0) a.add(sums, sumLines * CACHE_LINE);
  for (const map of ["source", "gradient"] as const) {
    for (let line = 0; line < lines[map]; line++) a.prefetcht1(at(ahead[map], CACHE_LINE * line));
    if (lines[map] > 0) a.add(ahead[map], CACHE_LINE * lines[map]);
  }
}
