/** A contact sheet is a whole drawing of its size. */
import sharp from "sharp";
import { expect, test } from "vitest";
import { svgToPng } from "../../image/encode.ts";
import { contactSheet } from "./contact-sheet.ts";

test("a contact sheet becomes a picture of its size", async () => {
  const pixel = await sharp({ create: { width: 8, height: 8, channels: 3, background: "#ff0000" } })
    .jpeg()
    .toBuffer();
  const picture = `data:image/jpeg;base64,${pixel.toString("base64")}`;
  const cell = { picture, caption: "a <b> & a very long name that does not fit.jpg" };
  const sheet = contactSheet([{ title: "one & two", cells: [cell, { ...cell, picture: undefined }, cell] }], {
    size: 64,
    columns: 2,
  });
  const { data, info } = await sharp(await svgToPng(sheet))
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect([info.width, info.height]).toEqual([2 * 72 + 8, 8 + 28 + 2 * (64 + 15 + 8) + 8]);
  const at = (x: number, y: number): number[] => [
    ...data.subarray((y * info.width + x) * info.channels).subarray(0, 3),
  ];
  expect(at(40, 60)[0]).toBeGreaterThan(240);
  expect(at(40, 60)[1]).toBeLessThan(20);
  expect(at(112, 60)).toEqual([0xdd, 0xd7, 0xcd]);
});
