/** Near duplicates: what was done to a picture does not hide it, and different pictures are never called one. */
import sharp, { type Sharp } from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { phantomImages } from "../acquire/phantom/phantom.ts";
import { decodeBytes } from "../image/decoding/decode.ts";
import { Random } from "../random.ts";
import { lookBytes, lookedAtSize, lumaOf, writeLook } from "./look.ts";
import { findNearDuplicates, type NearDuplicate } from "./near-duplicates.ts";
import { type Plane, turned, turnNames } from "./registration.ts";

const size = 180;
const pictures = 48;

const jpeg = (picture: Sharp, quality = 92): Promise<Buffer> => picture.jpeg({ quality }).toBuffer();

/** A picture as the search sees it. */
interface Seen {
  readonly look: Uint8Array;
  readonly plane: Plane;
}

async function seen(file: Buffer): Promise<Seen> {
  const pixels = await decodeBytes(file, lookedAtSize, "picture");
  const look = new Uint8Array(lookBytes);
  writeLook(pixels, look);
  const values = Float32Array.from({ length: lookedAtSize ** 2 }, (_, p) =>
    lumaOf(pixels[3 * p]!, pixels[3 * p + 1]!, pixels[3 * p + 2]!),
  );
  return { look, plane: { size: lookedAtSize, values } };
}

let originals: Buffer[];
let seenOriginals: Seen[];

/** The pairs that are found among the originals and more picture files. */
async function search(more: readonly Buffer[] = []): Promise<NearDuplicate[]> {
  const all = [...seenOriginals, ...(await Promise.all(more.map(seen)))];
  const looks = Uint8Array.from(all.flatMap(({ look }) => [...look]));
  return findNearDuplicates(looks, { read: async (index) => all[index]?.plane });
}

const pairsOf = (found: readonly NearDuplicate[]): string[] =>
  found.map(({ a, b }) => `${Math.min(a, b)} ${Math.max(a, b)}`).sort();

beforeAll(async () => {
  originals = [];
  for (const { draw } of phantomImages({ images: pictures, size, seed: 3 })) {
    originals.push(await jpeg(sharp(draw(), { raw: { width: size, height: size, channels: 3 } })));
  }
  seenOriginals = await Promise.all(originals.map(seen));
});

test("different pictures are not duplicates", async () => {
  expect(pairsOf(await search())).toEqual([]);
});

const changes: Readonly<Record<string, (picture: Sharp, random: Random) => Promise<Buffer>>> = {
  "saved anew at quality 55": (picture) => jpeg(picture, 55),
  "saved as WebP at another size": (picture) =>
    picture.resize(251, 203, { fit: "fill" }).webp({ quality: 80 }).toBuffer(),
  "turned by a quarter": (picture) => jpeg(picture.rotate(90)),
  "turned by half": (picture) => jpeg(picture.rotate(180)),
  "turned by three quarters": (picture) => jpeg(picture.rotate(270)),
  "mirrored left to right": (picture) => jpeg(picture.flop()),
  "mirrored top to bottom": (picture) => jpeg(picture.flip()),
  "a little brighter": (picture) => jpeg(picture.linear(1.08, 6)),
  "a little darker": (picture) => jpeg(picture.linear(0.9, -4)),
  "cut to 90 % of each side": (picture, random) => jpeg(cut(picture, 0.9, random)),
  "cut to 80 % of each side": (picture, random) => jpeg(cut(picture, 0.8, random)),
  "all of it at once": async (picture, random) =>
    jpeg(
      sharp(await jpeg(cut(picture, 0.85, random)))
        .rotate(90)
        .flop()
        .linear(1.05, 3),
      75,
    ),
};

function cut(picture: Sharp, part: number, random: Random): Sharp {
  const side = Math.round(size * part);
  const place = (): number => random.integer(size - side + 1);
  return picture.extract({ left: place(), top: place(), width: side, height: side });
}

describe("a picture is found among all the others when it was", () => {
  test.each(Object.entries(changes))("%s", async (_, change) => {
    const random = Random.of(11);
    const chosen = [0, 7, 15, 23, 31, 39];
    const copies: Buffer[] = [];
    for (const index of chosen) copies.push(await change(sharp(originals[index]!), random));
    expect(pairsOf(await search(copies))).toEqual(chosen.map((index, i) => `${index} ${pictures + i}`).sort());
  });
});

test("says how the second picture lies on the first", async () => {
  const part = sharp(originals[5]!).extract({ left: 18, top: 0, width: 144, height: 144 });
  const [found, ...others] = await search([await jpeg(sharp(await jpeg(part)).rotate(90))]);
  expect(others).toEqual([]);
  expect([found!.a, found!.b]).toEqual([5, pictures]);
  // The copy was turned by a quarter clockwise; turned by three more, it lies upright on the original.
  expect(turnNames[found!.registration.turn]).toBe("turned by 270°");
  const [x, width, , y, , height] = found!.registration.placement;
  for (const [got, wanted] of [
    [x, 0.5],
    [y, 0.4],
    [width, 0.8],
    [height, 0.8],
  ] as const) {
    expect(Math.abs(got - wanted)).toBeLessThan(0.01);
  }
});

test("each turn is what its name says", () => {
  const values = Float32Array.of(1, 2, 3, 4);
  const [asItIs, topToBottom, leftToRight, half, transposed, quarter, threeQuarters, other] = turnNames.map(
    (_, turn) => [...turned({ size: 2, values }, turn).values],
  );
  expect({ asItIs, topToBottom, leftToRight, half, transposed, quarter, threeQuarters, other }).toEqual({
    asItIs: [1, 2, 3, 4],
    topToBottom: [3, 4, 1, 2],
    leftToRight: [2, 1, 4, 3],
    half: [4, 3, 2, 1],
    transposed: [1, 3, 2, 4],
    quarter: [3, 1, 4, 2],
    threeQuarters: [2, 4, 1, 3],
    other: [4, 2, 3, 1],
  });
});

test("nothing comes of nothing, and flat pictures are not alike", async () => {
  const flat = (background: string) => jpeg(sharp({ create: { width: 64, height: 64, channels: 3, background } }));
  expect(await search([])).toEqual([]);
  expect(await search([await flat("#888888"), await flat("#898989"), await flat("#000000")])).toEqual([]);
});

test("stops where it is told to", async () => {
  const looks = new Uint8Array(8 * lookBytes);
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(findNearDuplicates(looks, { read: async () => undefined, signal })).rejects.toThrow("enough");
});
