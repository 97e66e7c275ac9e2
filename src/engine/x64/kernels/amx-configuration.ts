/** What AMX's tiles hold, and their shape, which a thread sets before it uses them. */
import type { KernelAssembler } from "./task-kernel.ts";

/** A tile has up to 16 rows of 64 bytes: 32 bfloat16 numbers or 16 floats each. */
export const AMX_TILE_ROWS = 16;
/** Bytes of a whole tile. */
export const AMX_TILE_BYTES = 1024;
/** Bytes of a tile's row. */
export const AMX_ROW_BYTES = 64;

const CONFIGURATION_BYTES = 64;
const PALETTE = 1n;
/** Where the bytes of a row of each tile, 16 bits, and its rows, 8 bits, are in the configuration. */
const [ROW_BYTES_OFFSET, ROWS_OFFSET] = [16, 48];
/** Four times 64 bytes. */
const FULL_ROWS = 0x0040_0040_0040_0040n;

/** Code that gives tile n so many rows of 64 bytes as stand at n, for eight tiles; `tilerelease` ends it. */
export function configureAmx(a: KernelAssembler, rows: readonly number[]): void {
  const words = new Map([
    [0, PALETTE],
    [ROW_BYTES_OFFSET, FULL_ROWS],
    [ROW_BYTES_OFFSET + 8, FULL_ROWS],
    [ROWS_OFFSET, rows.reduce((bits, count, tile) => bits | (BigInt(count) << BigInt(8 * tile)), 0n)],
  ]);
  a.onStack(CONFIGURATION_BYTES, (place) => {
    for (let offset = 0; offset < CONFIGURATION_BYTES; offset += 8) a.assign(place(offset), words.get(offset) ?? 0n);
    a.ldtilecfg(place(0));
  });
}
