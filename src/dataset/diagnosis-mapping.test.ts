/** Which classes a diagnosis agrees with: built-in names, unknown ones, and a user's own file. */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { diagnosisMapping, readDiagnosisMapping } from "./diagnosis-mapping.ts";
import { isic9Classes } from "./testing/isic9-classes.ts";

const namesOf = (classes: readonly string[], diagnosis: string) =>
  diagnosisMapping(classes)
    .labelsOf(diagnosis)
    ?.map((label) => classes[label]);

describe("built-in names", () => {
  it.each([
    ["MEL", ["melanoma"]],
    ["Melanoma, NOS", ["melanoma"]],
    ["NV", ["nevus"]],
    ["melanocytic_nevus", ["nevus"]],
    ["BCC", ["basal cell carcinoma"]],
    ["AK", ["actinic keratosis"]],
    ["Solar or actinic keratosis", ["actinic keratosis"]],
    ["akiec", ["actinic keratosis", "squamous cell carcinoma"]],
    ["BKL", ["pigmented benign keratosis", "seborrheic keratosis"]],
    ["seborrheic keratosis", ["pigmented benign keratosis", "seborrheic keratosis"]],
    ["DF", ["dermatofibroma"]],
    ["vasc", ["vascular lesion"]],
    ["SCC", ["squamous cell carcinoma"]],
    ["Squamous cell carcinoma, Invasive", ["squamous cell carcinoma"]],
    ["malignant", ["actinic keratosis", "basal cell carcinoma", "melanoma", "squamous cell carcinoma"]],
    ["cafe-au-lait macule", undefined],
  ])("%s", (diagnosis, expected) => {
    expect(namesOf(isic9Classes, diagnosis)).toEqual(expected);
  });

  it("fit folders of other names", () => {
    expect(namesOf(["akiec", "bkl", "mel", "nv"], "AK")).toEqual(["akiec"]);
    expect(namesOf(["akiec", "bkl", "mel", "nv"], "pigmented benign keratosis")).toEqual(["bkl"]);
    expect(namesOf(["benign", "malignant"], "nevus")).toEqual(["benign"]);
    expect(namesOf(["benign", "malignant"], "AK")).toEqual(["benign", "malignant"]);
  });

  it("say that no class is right, but never contradict a class of unknown name", () => {
    expect(namesOf(["melanoma", "nevus"], "DF")).toEqual([]);
    expect(namesOf(["melanoma", "other"], "DF")).toEqual(["other"]);
    expect(namesOf(["wart", "melanoma"], "Wart")).toEqual(["wart"]);
  });
});

describe("a mapping file", () => {
  const folder = temporaryFolder();
  let files = 0;
  const read = async (content: string) => {
    const file = join(folder, `mapping${++files}.csv`);
    await writeFile(file, content);
    return readDiagnosisMapping(file, isic9Classes);
  };

  it("goes before the built-in names", async () => {
    const mapping = await read("# ours\ndiagnosis;class\r\nBlue nevus;nevus\r\nLK;nevus\r\nLK;melanoma\r\nBKL;\r\n");
    expect(mapping.labelsOf("blue  nevus")).toEqual([4]);
    expect(mapping.labelsOf("lk")).toEqual([4, 3]);
    expect(mapping.labelsOf("bkl")).toBeUndefined();
    expect(mapping.labelsOf("MEL")).toEqual([3]);
  });

  it("finds classes in other case, and takes every spelling of nothing for an empty class", async () => {
    const mapping = await read("sep=;\ndiagnosis;class\nLK;Melanoma\nBKL;#N/A\nDF;none\n");
    expect(mapping.labelsOf("LK")).toEqual([3]);
    expect([mapping.labelsOf("BKL"), mapping.labelsOf("DF")]).toEqual([undefined, undefined]);
  });

  it.each([
    ["diagnosis,label\na,b\n", "no column class; expected diagnosis and class"],
    ["diagnosis,class\nx,nevi\n", 'line 2: no class "nevi" in the data; there is actinic keratosis'],
    ["diagnosis,class\n,nevus\n", "line 2: no diagnosis"],
  ])("is refused: %j", async (content, message) => {
    await expect(read(content)).rejects.toThrow(message);
  });
});
