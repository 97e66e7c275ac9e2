/** The shape of AMX's tiles, which a thread sets before it uses them. */
import { type Assembler, at, rax, rsp } from "../assembler/assembler.ts";

const CONFIGURATION_BYTES = 64;
const PALETTE = 1n;
/** Where the bytes of a row of each tile, 16 bits, and its rows, 8 bits, are in the configuration. */
const [ROW_BYTES_OFFSET, ROWS_OFFSET] = [16, 48];
/** Four times 64 bytes. */
const FULL_ROWS = 0x0040_0040_0040_0040n;

/** Code that gives tile n so many rows of 64 bytes as stand at n, for eight tiles. Changes rax; `tilerelease` ends it. */
export function configureAmx(a: Assembler, rows: readonly number[]): void {
  const words = new Map([
    [0, PALETTE],
    [ROW_BYTES_OFFSET, FULL_ROWS],
    [ROW_BYTES_OFFSET + 8, FULL_ROWS],
    [ROWS_OFFSET, rows.reduce((bits, count, tile) => bits | (BigInt(count) << BigInt(8 * tile)), 0n)],
  ]);
  a.sub(rsp, CONFIGURATION_BYTES);
  for (let offset = 0; offset < CONFIGURATION_BYTES; offset += 8) {
    a.mov(rax, words.get(offset) ?? 0n);
    a.mov(at(rsp, offset), rax);
  }
  a.ldtilecfg(at(rsp));
  a.add(rsp, CONFIGURATION_BYTES);
}
