/** Every format and depth beside numpy's and Pillow's recorded pixels, and every kind that is not read by its name. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ImageError } from "../../errors.ts";
import { Random } from "../../random.ts";
import { decodeFull } from "./decode.ts";

interface Recorded {
  readonly read: readonly {
    readonly name: string;
    readonly width: number;
    readonly height: number;
    /** Levels; 0 where the format and its conversion are exact. */
    readonly tolerance: number;
    readonly pixels: readonly number[];
    /** Base64. */
    readonly file: string;
  }[];
  readonly refused: readonly { readonly name: string; readonly reason: string; readonly file: string }[];
}

const recorded = JSON.parse(
  readFileSync(new URL("./reference-numbers/formats.json", import.meta.url), "utf8"),
) as Recorded;

describe("pixels are those of an independent decoder, each in its place", () => {
  test.each(recorded.read)("$name", async ({ width, height, tolerance, pixels, file }) => {
    const image = await decodeFull(Buffer.from(file, "base64"), "image");
    expect(image).toMatchObject({ width, height });
    const worst = Math.max(...pixels.map((level, i) => Math.abs(level - image.data[i]!)));
    expect(worst).toBeLessThanOrEqual(tolerance);
  });
});

describe("what is not read is refused by its name, with what to do", () => {
  test.each(recorded.refused)("$name", async ({ reason, file }) => {
    const error: unknown = await decodeFull(Buffer.from(file, "base64"), "image").catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ImageError);
    expect((error as ImageError).reason).toBe(reason);
    expect((error as ImageError).message).toMatch(/^image: [^;]+; (save|scale|develop) /);
  });
});

test("a TIFF that ends too early is called truncated", async () => {
  const files = recorded.read.filter(({ name }) => /^TIFF (grey|RGB), (8|16|32) bits/.test(name));
  expect(files.length).toBeGreaterThan(5);
  for (const { name, file } of files) {
    const bytes = Buffer.from(file, "base64");
    const cut = decodeFull(bytes.subarray(0, bytes.length * 0.9), "image");
    await expect(cut, name).rejects.toMatchObject({ reason: "truncated TIFF" });
  }
});

test("a file with wrong bytes anywhere is read or refused, and nothing else", async () => {
  const random = Random.of(11);
  const files = [...recorded.read, ...recorded.refused];
  for (let round = 0; round < 600; round++) {
    const { name, file } = files[random.integer(files.length)]!;
    const bytes = Buffer.from(file, "base64");
    for (let i = 0; i < 3; i++) bytes[random.integer(Math.min(bytes.length, 300))] = random.integer(256);
    const cut = random.integer(4) === 0 ? bytes.subarray(0, random.integer(bytes.length)) : bytes;
    const result: unknown = await decodeFull(cut, "image").catch((error: unknown) => error);
    if (result instanceof Error) expect(result, name).toBeInstanceOf(ImageError);
  }
});
