/** Class maps: classes renamed, merged and left out, and what is refused. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { applyClassMap, classMapOf, readClassMap } from "./class-map.ts";
import type { Dataset } from "./dataset.ts";
import { classMapInWords } from "./protocol-summary.ts";

let folder: string;
beforeEach(() => {
  folder = temporaryFolder();
});

const image = (label: number, name: string) => ({ path: `${name}.jpg`, label, split: "train", bytes: 1 }) as const;
const dataset: Dataset = {
  root: "/data",
  origin: "folder",
  classes: ["bcc", "melanoma", "nevus"],
  images: [image(0, "a"), image(1, "b"), image(2, "c"), image(2, "d")],
  problems: [],
};
const mapped = async (text: string) => {
  const file = join(folder, "map.csv");
  await writeFile(file, text);
  return applyClassMap(dataset, await readClassMap(file));
};
const labels = ({ classes, images }: Dataset) => images.map(({ path, label }) => `${path} ${classes[label]}`);

it("merges several classes into one, and keeps those without a line", async () => {
  const merged = await mapped("class,becomes\nmelanoma,malignant\nbcc,malignant\n");
  expect(merged.classes).toEqual(["malignant", "nevus"]);
  expect(labels(merged)).toEqual(["a.jpg malignant", "b.jpg malignant", "c.jpg nevus", "d.jpg nevus"]);
  expect(merged.problems).toEqual([]);
});

it("leaves out a class that becomes nothing, and says so", async () => {
  const merged = await mapped("class;becomes\nnevus;\n");
  expect(labels(merged)).toEqual(["a.jpg bcc", "b.jpg melanoma"]);
  expect(merged.problems).toEqual([{ path: join(folder, "map.csv"), message: "leaves out 2 images of nevus" }]);
});

it("passes over classes that are not there, and says so", async () => {
  const { problems } = await mapped("class,becomes\nmole,nevus\nnevus,mole\n");
  expect(problems[0]!.message).toBe("names classes that are not in the data (mole); passed over");
});

it("records what became of every class, through several maps too", () => {
  const first = applyClassMap(dataset, classMapOf("first", Object.entries({ melanoma: "malignant", bcc: null })));
  expect(first.classMap).toEqual({
    becomes: [
      ["melanoma", "malignant"],
      ["bcc", null],
    ],
    leftOut: 1,
  });
  const second = applyClassMap(first, classMapOf("second", Object.entries({ malignant: "bad", nevus: null })));
  expect(second.classMap).toEqual({
    becomes: [
      ["melanoma", "bad"],
      ["bcc", null],
      ["malignant", "bad"],
      ["nevus", null],
    ],
    leftOut: 3,
  });
  expect(classMapInWords(second.classMap!)).toBe("bad: melanoma, malignant; left out: bcc, nevus (3 images)");
  expect(classMapInWords({ becomes: [["a", "a"]], leftOut: 0 })).toBe("");
});

it.each([
  ["from,to\na,b\n", /no column class; expected the columns class and becomes/],
  ["class,becomes\n", /no line below/],
  ["class,becomes\nnevus,a\nnevus,b\n", /line 3: says another thing of the class "nevus"/],
  ["class,becomes\nwart,a\n", /names none of the classes of \/data, which are bcc, melanoma, nevus/],
  ["class,becomes\nbcc,\nmelanoma,\nnevus,\n", /leaves out every class/],
  ["class,becomes\nbcc,Malignant\nmelanoma,malignant\n", /"Malignant" and "malignant", which differ only by case/],
  ["class,becomes\nbcc,NEVUS\n", /gives the classes "NEVUS" and "nevus", which differ only by case/],
])("refuses %j", async (text, message) => {
  await expect(mapped(text)).rejects.toThrow(message);
});

it("finds classes in other case, and takes signs for nothing but words for names", async () => {
  const merged = await mapped('sep=;\nclass;becomes\n"Melanoma";"none"\nBCC;#N/A\nNEVUS;-\n');
  expect(labels(merged)).toEqual(["b.jpg none"]);
  expect(merged.problems).toEqual([{ path: join(folder, "map.csv"), message: "leaves out 3 images of bcc, nevus" }]);
});
