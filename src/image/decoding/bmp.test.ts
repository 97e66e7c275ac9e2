/** Windows bitmaps with known pixels, in every layout that is read, and broken ones. */
import { describe, expect, test } from "vitest";
import { type Bitmap, bitmapFile as bitmap } from "../testing/bitmap-file.ts";
import { bmpSize, decodeBmp } from "./bmp.ts";

const pixels = (file: Buffer): number[] => [...decodeBmp(file).data];
const le16 = (...values: number[]): number[] => values.flatMap((value) => [value & 255, value >> 8]);

describe("layouts", () => {
  const rows = [
    [7, 8, 9, 10, 11, 12],
    [1, 2, 3, 4, 5, 6],
  ];
  const rgb = [3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10];

  test.each([12, 40, 56, 108, 124] as const)("24 bits with the header of %i bytes", (header) => {
    const file = bitmap({ width: 2, height: 2, bits: 24, header, rows });
    expect(bmpSize(file)).toEqual({ width: 2, height: 2 });
    expect(decodeBmp(file)).toMatchObject({ width: 2, height: 2, channels: 3 });
    expect(pixels(file)).toEqual(rgb);
  });

  test("rows from the top where the height is negative", () => {
    expect(pixels(bitmap({ width: 2, height: -2, bits: 24, rows: rows.toReversed() }))).toEqual(rgb);
  });

  test("a view into a larger buffer", () => {
    const file = bitmap({ width: 2, height: 2, bits: 24, rows });
    const padded = Buffer.concat([Buffer.alloc(5), file]);
    expect([...decodeBmp(padded.subarray(5)).data]).toEqual(rgb);
  });

  const palette = [
    [30, 20, 10, 0],
    [60, 50, 40, 0],
  ];
  const [first, second] = [
    [10, 20, 30],
    [40, 50, 60],
  ];

  test("1, 4 and 8 bits with a palette", () => {
    expect(pixels(bitmap({ width: 9, height: 1, bits: 1, palette, rows: [[0b10000001, 0b10000000]] }))).toEqual(
      [second, first, first, first, first, first, first, second, second].flat(),
    );
    expect(pixels(bitmap({ width: 3, height: 1, bits: 4, palette, rows: [[0x10, 0x10]] }))).toEqual(
      [second, first, second].flat(),
    );
    expect(pixels(bitmap({ width: 3, height: 1, bits: 8, palette, rows: [[1, 1, 0]] }))).toEqual(
      [second, second, first].flat(),
    );
    const short = palette.map((colour) => colour.slice(0, 3));
    expect(pixels(bitmap({ width: 8, height: 1, bits: 1, header: 12, palette: short, rows: [[0b01000000]] }))).toEqual(
      [first, second, first, first, first, first, first, first].flat(),
    );
  });

  test("16 bits: five of each by default, or by masks", () => {
    expect(pixels(bitmap({ width: 2, height: 1, bits: 16, rows: [le16(0x7c00, 0x03ff)] }))).toEqual([
      255, 0, 0, 0, 255, 255,
    ]);
    const masks = [0xf800, 0x07e0, 0x001f];
    expect(
      pixels(bitmap({ width: 2, height: 1, bits: 16, compression: 3, masks, rows: [le16(0xf800, 0x07e0)] })),
    ).toEqual([255, 0, 0, 0, 255, 0]);
  });

  test("32 bits: the fourth byte counts only where a mask makes it opacity", () => {
    const rows = [[1, 2, 3, 4]];
    expect(pixels(bitmap({ width: 1, height: 1, bits: 32, rows }))).toEqual([3, 2, 1]);
    const masks = [0x00ff0000, 0x0000ff00, 0x000000ff, 0xff000000];
    const opaque = bitmap({ width: 1, height: 1, bits: 32, header: 124, compression: 3, masks, rows });
    expect(decodeBmp(opaque)).toMatchObject({ channels: 4, data: Uint8Array.of(3, 2, 1, 4) });
  });
});

describe("broken", () => {
  const good = bitmap({ width: 2, height: 2, bits: 24, rows: [Array(6).fill(1), Array(6).fill(2)] });

  test("cut off anywhere", () => {
    for (let length = 2; length < good.length; length++) {
      expect(() => decodeBmp(good.subarray(0, length)), `${length} bytes`).toThrow("truncated");
    }
  });

  test("what follows the pixels does not make up for lost ones, and a wrong size of the file alone is no damage", () => {
    const followed = Buffer.concat([good, Buffer.alloc(8, 7)]);
    followed.writeUInt32LE(followed.length, 2);
    expect(pixels(followed)).toEqual(pixels(good));
    expect(() => decodeBmp(Buffer.concat([followed.subarray(0, 60), followed.subarray(64)]))).toThrow("truncated");
    for (const size of [0, 54, 2 ** 32 - 1]) {
      const misstated = Buffer.from(good);
      misstated.writeUInt32LE(size, 2);
      expect(pixels(misstated)).toEqual(pixels(good));
    }
  });

  const row = [4, 1, 0, 3, 2, 3, 2, 0, 0, 0];
  const end = [0, 1];
  const runs = (...bytes: readonly number[]): Buffer =>
    bitmap({
      width: 7,
      height: 3,
      bits: 8,
      compression: 1,
      palette: Array.from({ length: 4 }, (_, i) => [i, i, i, 0]),
      rows: [bytes],
    });

  test.each([
    ["a row missing", "end too early", [...row, ...row, ...end]],
    ["a row zeroed", "go on behind", [...row, ...Array(10).fill(0), ...row, ...end]],
    [
      "the end of one row and the beginning of the next missing",
      "overhang",
      [...row.slice(0, 8), ...row, ...row, ...end],
    ],
    ["a row too many", "go on behind", [...row, ...row, ...row, ...row, ...end]],
    ["cut", "truncated", [...row, ...row, 4, 1, 0, 3]],
  ])("run lengths with %s", (_, message, bytes) => {
    expect(pixels(runs(...row, ...row, ...row, ...end))).toHaveLength(63);
    expect(() => decodeBmp(runs(...bytes))).toThrow(message);
  });

  test("run lengths may skip the end of a row, and fill up one of 4 bits", () => {
    expect(pixels(runs(...row, 4, 1, 0, 0, ...row, ...end)).slice(21, 42)).toEqual([
      ...Array(12).fill(1),
      ...Array(9).fill(0),
    ]);
    const palette = Array.from({ length: 16 }, (_level, i) => [i, i, i, 0]);
    const odd = { width: 3, height: 2, bits: 4, compression: 2, palette };
    expect(pixels(bitmap({ ...odd, rows: [[4, 0x11, 0, 0, 4, 0x22, 0, 0, ...end]] }))).toEqual([
      ...Array(9).fill(2),
      ...Array(9).fill(1),
    ]);
  });

  test.each([
    ["a size of 0 x 2", { width: 0, height: 2, bits: 24, rows: [] }],
    ["3 bits a pixel", { width: 2, height: 2, bits: 3, rows: [] }],
    ["truncated", { width: 2, height: 2, bits: 8, compression: 1, rows: [[2, 0, 0, 0]] }],
    ["run lengths with 4 bits a pixel", { width: 2, height: 2, bits: 4, compression: 1, rows: [] }],
    ["run lengths with rows from the top", { width: 2, height: -2, bits: 8, compression: 1, rows: [] }],
    ["BMP with compression 11", { width: 2, height: 2, bits: 32, compression: 11, rows: [] }],
    ["bit masks with 24 bits a pixel", { width: 2, height: 2, bits: 24, compression: 3, masks: [1, 2, 4], rows: [] }],
    ["a colour outside its palette", { width: 1, height: 1, bits: 8, palette: [[0, 0, 0, 0]], rows: [[1]] }],
  ] as const)("%s", (message, given) => {
    expect(() => decodeBmp(bitmap(given as Bitmap))).toThrow(message);
  });
});
