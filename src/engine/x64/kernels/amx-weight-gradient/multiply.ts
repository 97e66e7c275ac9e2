/** All taps' products of a unit: AMX's tiles of channels times pixels, and pixels times channels. */
import {
  type Address,
  type AmxTile,
  type Assembler,
  at,
  type General,
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
  tmm,
} from "../../assembler/assembler.ts";
import { advance, local, scratchMemory } from "./frame.ts";
import {
  AMX_TILE_ROWS,
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

/** Adds the unit's products to the task's sums; the first unit's are the sums. */
export function multiply(a: Assembler, shape: WeightGradientShape, layout: Layout): void {
  const { blocks, hasHalfBlock, blockBytes } = layout;
  a.lea(rax, at(scratchMemory, layout.sums));
  a.mov(local("sums"), rax);
  // The next unit follows in memory: it is on its way into the cache while this one is multiplied.
  for (const [pointer, image, map] of [
    [rdi, "sourceImage", layout.next.source],
    [rdx, "gradientImage", layout.next.gradient],
  ] as const) {
    a.mov(pointer, BigInt(map.rowBytes));
    a.imul(pointer, local("row"));
    a.add(pointer, local(image));
    a.add(pointer, map.unitBytes);
  }
  for (const name of ["weights", "bias"] as const) {
    a.mov(rax, argument(name));
    a.mov(local(name), rax);
  }
  a.lea(rax, at(scratchMemory, layout.gradient));
  a.mov(local("pairs"), rax);
  if (blocks > 0) {
    a.mov(rax, BigInt(blocks));
    a.mov(local("block"), rax);
    const next = a.label();
    a.place(next);
    multiplyBlock(a, shape, layout, 2);
    advance(a, "sums", layout.blockSumBytes);
    for (const name of ["weights", "bias"] as const) advance(a, name, 4 * BLOCK);
    advance(a, "pairs", blockBytes);
    a.mov(rax, local("block"));
    a.sub(rax, 1);
    a.mov(local("block"), rax);
    a.jump("notEqual", next);
  }
  if (hasHalfBlock) multiplyBlock(a, shape, layout, 1);
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

function multiplyBlock(a: Assembler, shape: WeightGradientShape, layout: Layout, width: 1 | 2): void {
  const tiles = rowTilesOf(shape, layout);
  const chunks = Math.ceil(layout.steps / shape.cut.steps);
  const chunkSteps = Math.ceil(layout.steps / chunks);
  const nextChunk = a.label();
  a.mov(r8, scratchMemory);
  a.mov(r9, local("pairs"));
  a.mov(rax, local("accumulate"));
  a.mov(local("hasSums"), rax);
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
  a.mov(rcx, 0n);
  a.cmp(rax, local("left"));
  const more = a.label();
  a.jump("less", more);
  a.mov(rcx, local("last"));
  a.place(more);
  a.mov(local("isWanted"), rcx);
  const atOnce = SUMS / width;
  const groups = Math.ceil(tiles.length / atOnce);
  const stepsOfUnit = layout.steps * Math.ceil(shape.cut.outputChannels / BLOCK);
  for (let group = 0; group < groups; group++) {
    const linesOf = ({ unitBytes }: { readonly unitBytes: number }) => {
      const upTo = (count: number) => Math.ceil((count * unitBytes) / CACHE_LINE / stepsOfUnit / groups);
      const lines = upTo(group + 1) - upTo(group);
      return layout.nextFits && lines <= MOST_LINES ? lines : 0;
    };
    const lines = [linesOf(layout.next.source), linesOf(layout.next.gradient)] as const;
    const groupAt = (index: number) => tiles.slice(atOnce * index, atOnce * (index + 1));
    const next = width === 2 ? groupAt((group + 1) % groups) : [];
    multiplyTiles(a, groupAt(group), { shape, layout, width, lines, next, steps: chunkSteps });
  }
  a.mov(rax, 1n);
  a.mov(local("hasSums"), rax);
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

interface Product {
  readonly shape: WeightGradientShape;
  readonly layout: Layout;
  readonly width: 1 | 2;
  /** Cache lines of the next unit's source and gradient to ask for with each step. */
  readonly lines: readonly [source: number, gradient: number];
  /** The rows that come next, whose sums are fetched in the meantime. */
  readonly next: readonly (RowTile | typeof BIAS)[];
  /** The most steps at a time. */
  readonly steps: number;
}

/** Up to two tiles of rows times two of columns, or four times one. */
function multiplyTiles(
  a: Assembler,
  rows: readonly (RowTile | typeof BIAS)[],
  { shape, layout, width, lines, next, steps }: Product,
): void {
  const columns = Array.from({ length: width }, (_, column) => column);
  const sum = (row: number, column: number) => tmm(row * width + column);
  // The ones of the bias stay; the other rows take turns in what is left.
  const left = (row: number) => (rows[row] === BIAS ? tmm(5) : tmm(rows.includes(BIAS) ? 4 : 4 + (row % 2)));
  const right = (column: number) => tmm(6 + column);
  // While there are units to come, sums are kept close together; only the last ones go to where they are wanted.
  const eachSum = (work: (tile: AmxTile, place: TileRows) => void, wanted: boolean) => {
    for (const [row, tile] of rows.entries()) {
      const pitch = wanted ? 4 * shape.channels[1] : 4 * BLOCK;
      const first = tile === BIAS ? layout.rows : tile.row;
      a.mov(rsi, local(!wanted ? "sums" : tile === BIAS ? "bias" : "weights"));
      // All rows of the bias's tile are the same: they are one in memory.
      a.mov(rcx, tile === BIAS ? 0n : BigInt(pitch));
      for (const column of columns) {
        work(sum(row, column), tileRows(rsi, rcx, (wanted && tile === BIAS ? 0 : first * pitch) + 64 * column));
      }
    }
  };
  const [add, go] = [a.label(), a.label()];
  a.mov(rax, local("hasSums"));
  a.cmp(rax, 0);
  a.jump("notEqual", add);
  for (const row of rows.keys()) for (const column of columns) a.tilezero(sum(row, column));
  a.jump("always", go);
  a.place(add);
  eachSum((tile, place) => void a.tileloadd(tile, place), false);
  a.place(go);
  for (const [row, tile] of rows.entries()) {
    if (tile !== BIAS) continue;
    a.mov(rax, 0n);
    a.tileloadd(left(row), tileRows(scratchMemory, rax, layout.ones));
  }
  a.mov(r11, local("sums"));
  a.mov(rsi, r8);
  a.mov(rcx, r9);
  a.mov(rax, local("steps"));
  a.repeat(rax, () => {
    for (const column of columns) a.tileloadd(right(column), tileRows(rcx, rbp, (column * PAIR_BYTES) / 2));
    for (const [row, tile] of rows.entries()) {
      if (tile !== BIAS) a.tileloadd(left(row), tileRows(rsi, r10, tile.offset));
      for (const column of columns) a.tdpbf16ps(sum(row, column), left(row), right(column));
    }
    a.add(rsi, 2 * PIXELS_PER_STEP);
    a.add(rcx, STEP_BYTES);
    const sumLines = Math.ceil((AMX_TILE_ROWS * 4 * BLOCK) / CACHE_LINE / steps);
    for (const tile of next) {
      if (tile === BIAS) continue;
      for (let line = 0; line < sumLines; line++) a.prefetcht0(at(r11, tile.row * 4 * BLOCK + line * CACHE_LINE));
    }
    if (next.length > 0) a.add(r11, sumLines * CACHE_LINE);
    for (const [index, pointer] of [rdi, rdx].entries()) {
      for (let line = 0; line < lines[index]!; line++) a.prefetcht1(at(pointer, CACHE_LINE * line));
      if (lines[index]! > 0) a.add(pointer, CACHE_LINE * lines[index]!);
    }
  });
  const [wanted, end] = [a.label(), a.label()];
  a.mov(rax, local("isWanted"));
  a.cmp(rax, 0);
  a.jump("notEqual", wanted);
  eachSum((tile, place) => void a.tilestored(place, tile), false);
  a.jump("always", end);
  a.place(wanted);
  eachSum((tile, place) => void a.tilestored(place, tile), true);
  a.place(end);
}
