/** Where sharp does not load, that is the installation's fault: no image is called damaged or left out for it. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, it, vi } from "vitest";
import { InstallationError } from "../errors.ts";
import { installAgain } from "../installation.ts";
import { surveyImages } from "../near-duplicates/survey.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { decodeImage } from "./decoding/decode.ts";
import { encodeJpeg, svgToPng } from "./encode.ts";
import { filePicture } from "./picture.ts";
import { readDataset } from "./read-dataset.ts";
import { sharpTrouble } from "./sharp.ts";
import { imageContents } from "./store/image-contents.ts";
import { packImages } from "./store/packed-store.ts";

vi.mock("sharp", () => {
  throw new Error("not here");
});

let root: string;
let file: string;
beforeEach(() => {
  root = temporaryFolder();
  for (const name of ["a", "b"]) {
    mkdirSync(join(root, name));
    file = join(root, name, "1.png");
    writeFileSync(file, Buffer.from("\x89PNG\r\n\x1a\n", "latin1"));
  }
});

it.each<[string, () => unknown]>([
  ["decoding", () => decodeImage(file, 8)],
  ["packing", async () => packImages(await readDataset(root), { size: 8, cacheFolder: join(root, "cache") })],
  ["hashing pixels", async () => imageContents(await readDataset(root))],
  ["looking for near duplicates", async () => surveyImages(await readDataset(root))],
  ["a report's picture", () => filePicture(file, 8)],
  ["writing a JPEG", () => encodeJpeg({ width: 1, height: 1, data: new Uint8Array(3) }, { quality: 90 })],
  ["writing a PNG", () => svgToPng("<svg/>")],
])("%s ends in an error of the installation", async (_, work) => {
  await expect(work()).rejects.toThrow(InstallationError);
});

it("is told in one line, with sharp's own advice for systems that it has no part for", () => {
  const page = (solution: string) =>
    new Error(
      `Could not load the "sharp" module using the some-system runtime\nERR_DLOPEN_FAILED: file too short\nPossible solutions:\n- Do:\n    ${solution}\n- Read`,
    );
  const told = "the package sharp does not load (ERR_DLOPEN_FAILED: file too short); ";
  expect(sharpTrouble(page("npm install --include=optional sharp"))).toBe(told + installAgain);
  expect(sharpTrouble(page("npm install sharp @img/sharp-wasm32"))).toBe(
    `${told}type npm install sharp @img/sharp-wasm32`,
  );
});
