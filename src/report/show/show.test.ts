/** Pictures of a data set: names of any kind, many classes, and where the files may lie. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { beforeEach, expect, it } from "vitest";
import { readDataset } from "../../image/read-dataset.ts";
import { temporaryFolder } from "../../testing/temporary-folder.ts";
import { show } from "./show.ts";

let folder: string;
let data: string;
beforeEach(() => {
  folder = temporaryFolder();
  data = join(folder, "data");
});

async function makeClasses(names: readonly string[], images = 2): Promise<void> {
  const pixel = { create: { width: 4, height: 4, channels: 3, background: "#804020" } } as const;
  const png = await sharp(pixel).png().toBuffer();
  for (const name of names) {
    await mkdir(join(data, name), { recursive: true });
    // Contents differ, so that none stands under two labels.
    for (let i = 0; i < images; i++) {
      await writeFile(join(data, name, `${i}.png`), Buffer.concat([png, Buffer.from(`${name} ${i}`)]));
    }
  }
}

/** What the class is called in a drawing. */
const shown = (name: string): string =>
  name
    .replace(/\p{Cc}/gu, "?")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;");

it("draws classes of any name as well-formed XML", async () => {
  const names = ["\u001b[31mred", "a\u0085b", "__proto__", "constructor", "<b>&amp;", "it's \\ 100 %", "'+alert(1)+'"];
  await makeClasses(names);
  const { files } = await show(data, { out: join(folder, "pictures") });
  for (const file of files) {
    const svg = await readFile(file, "utf8");
    expect(svg).toMatch(/^<svg /);
    expect(svg).not.toMatch(/[^\n\t -~\u00a0-\ud7ff\ue000-\ufffd]/u);
    expect(svg.replace(/&(amp|lt|gt|quot|#39|apos);/g, "")).not.toContain("&");
    const labels = svg.replaceAll("&quot;", '"').replaceAll("&#39;", "'");
    for (const name of names) expect(labels).toContain(shown(name));
    // Tags open and close in pairs.
    const open: string[] = [];
    for (const [, close, tag, single] of svg.matchAll(/<(\/?)([a-zA-Z]+)(?:"[^"]*"|[^">])*?(\/?)>/g)) {
      if (close) expect(open.pop()).toBe(tag);
      else if (!single) open.push(tag!);
    }
    expect(open).toEqual([]);
  }
});

it("leaves the data as they are, where its pictures lie among them", async () => {
  await makeClasses(["mel", "nev"]);
  const before = await readDataset(data);
  for (let time = 0; time < 2; time++) await show(data, { out: join(data, "pictures"), format: "png" });
  expect(await readDataset(data)).toEqual(before);
  await expect(show(data, { out: join(data, "mel"), format: "png" })).rejects.toThrow("lies in the data folder");
});

it("draws as many classes as fit a picture, the largest", async () => {
  const names = Array.from({ length: 120 }, (_, i) => `class ${String(i).padStart(3, "0")}`);
  await makeClasses(names.slice(0, 118), 2);
  await makeClasses(names.slice(118), 3);
  const { files } = await show(data, { out: join(folder, "pictures"), format: "png", perClass: 1 });
  expect(files).toHaveLength(2);
  for (const file of files) expect((await sharp(file).metadata()).height).toBeLessThan(32_768);
  await show(data, { out: join(folder, "pictures"), perClass: 1 });
  for (const name of ["gallery", "distribution"]) {
    const svg = await readFile(join(folder, "pictures", `${name}.svg`), "utf8");
    expect(svg).toContain("the 100 largest of 120 classes");
    expect([svg.includes("class 119"), svg.includes("class 117")]).toEqual([true, false]);
  }
});

it("shows the classes of a class map", async () => {
  await makeClasses(["melanoma", "mole", "wart"]);
  const classMap = join(folder, "map.csv");
  await writeFile(classMap, "class,becomes\nmelanoma,malignant\nmole,benign\nwart,\n");
  const { files, problems } = await show(data, { out: join(folder, "mapped"), classMap });
  for (const file of files) {
    const svg = await readFile(file, "utf8");
    expect(svg).toContain("malignant");
    expect(svg).not.toMatch(/melanoma|wart/);
  }
  expect(problems).toContainEqual({ path: classMap, message: "leaves out 2 images of wart" });
});
