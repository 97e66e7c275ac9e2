/** Every image that can be decoded can be surveyed as well, whatever its format and depth. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readDataset } from "../image/read-dataset.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { surveyImages } from "./survey.ts";

test("the facts of every recorded format and depth have its width and height, and refused ones their reason", async () => {
  const { read, refused } = JSON.parse(
    await readFile(new URL("../image/decoding/reference-numbers/formats.json", import.meta.url), "utf8"),
  );
  const folder = temporaryFolder();
  for (const name of ["a", "b"]) await mkdir(join(folder, name));
  for (const [i, { file }] of read.entries()) {
    await writeFile(join(folder, "a", `${String(i).padStart(3, "0")}.tif`), Buffer.from(file, "base64"));
  }
  for (const [i, { file }] of refused.entries()) {
    await writeFile(join(folder, "b", `${String(i).padStart(3, "0")}.tif`), Buffer.from(file, "base64"));
  }
  const dataset = await readDataset(folder);
  const { contents, contentOf, unreadable } = await surveyImages(dataset);
  const numberOf = (path: string): number => Number(/(\d+)\.tif$/.exec(path)![1]);
  for (const [i, { path }] of dataset.images.entries()) {
    if (!path.startsWith("a/")) continue;
    const { name, width, height } = read[numberOf(path)];
    expect(contents[contentOf[i]!], name).toMatchObject({ width, height });
  }
  expect(unreadable).toHaveLength(refused.length);
  for (const { path, message } of unreadable) expect(message).toBe(refused[numberOf(path)].reason);
});
