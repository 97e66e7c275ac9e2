/** Windows bitmaps with known pixels, in every layout that is read, and broken ones. */
import { describe, expect, test } from "vitest";
import { type Bitmap, bitmapFile as bitmap } from "./bitmap-file.ts";
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
