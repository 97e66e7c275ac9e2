/** Which of a table's names means a file: folders, dots, accents and case, and where none may be chosen. */
import { describe, expect, it } from "vitest";
import { imageId } from "./image-id.ts";
import { ImageNames, imageName } from "./image-names.ts";

const found = (given: readonly string[], path: string): readonly string[] =>
  new ImageNames(given.map(imageName)).find(path)?.names ?? [];

describe("a dot", () => {
  it.each([
    ["lesion.2", "x/lesion.2.jpg", true],
    ["lesion.2.jpg", "x/lesion.2.png", true],
    ["lesion.2", "x/lesion.jpg", false],
    ["lesion", "x/lesion.2.jpg", false],
    ["IM.001", "x/IM.002.jpg", false],
    ["P12.L3", "x/P12.L4.tif", false],
    ["a.v2", "x/a.v3.jpeg", false],
    ["1.2.840.113619", "x/1.2.840.113619.jpg", true],
    ["1.2.840.113619", "x/1.2.840.113620.jpg", false],
    ["scan.dcm", "x/scan.png", true],
    ["scan.JPG", "x/scan.jpg", true],
  ])("%s and %s: %j", (given, path, same) => {
    expect(found([given], path)).toEqual(same ? [imageName(given)] : []);
  });

  it("keeps ids apart for all who ask which image it is", () => {
    expect(imageId("x/lesion.1.jpg")).not.toBe(imageId("x/lesion.2.jpg"));
  });
});

describe("folders", () => {
  const path = "Train/melanoma/a.jpg";
  it.each([
    ["melanoma/a.jpg", true],
    ["./melanoma/a.jpg", true],
    ["melanoma\\a.jpg", true],
    ["C:\\data\\Train\\melanoma\\a.jpg", true],
    ["/home/me/isic/Train/melanoma/a.jpg", true],
    ["images/melanoma/a.jpg", true],
    ["train/Melanoma/a.jpg", true],
    ["a.jpg", true],
    ["nevus/a.jpg", false],
    ["Train/nevus/a.jpg", false],
    ["Test/melanoma/a.jpg", false],
    ["images/part_1/a.jpg", false],
  ])("%s: %j", (given, same) => {
    expect(found([given], path)).toEqual(same ? [imageName(given)] : []);
  });

  it("may be in a file's own name, as some programs unpack archives", () => {
    expect(found(["nevus\\a.jpg"], "all/nevus\\a.jpg")).toEqual(["nevus/a"]);
    expect(found(["all/nevus\\a.jpg"], "all/nevus\\a.jpg")).toEqual(["all/nevus/a"]);
    expect(found(["nevus/a", "bcc/a"], "all/bcc\\a.jpg")).toEqual(["bcc/a"]);
  });

  it("choose the longest agreeing tail, and none of equals", () => {
    const all = ["Train/melanoma/a", "Test/melanoma/a", "Train/nevus/a"];
    expect(found(all, path)).toEqual(["Train/melanoma/a"]);
    expect(found(all, "nevus/a.jpg")).toEqual(["Train/nevus/a"]);
    expect(found(all, "melanoma/a.jpg")).toEqual([]);
    expect(found(all, "bcc/a.jpg")).toEqual([]);
  });

  it("do not matter to an ISIC id, which names one image", () => {
    expect(found(["part_1/ISIC_0000001.jpg"], "Train/nevus/ISIC_0000001.jpg")).toEqual(["part_1/ISIC_0000001"]);
    expect(found(["nevus/ISIC_0000001", "bcc/ISIC_0000001"], "nevus/ISIC_0000001.jpg")).toEqual(["nevus/ISIC_0000001"]);
    expect(found(["nevus/ISIC_0000001", "bcc/ISIC_0000001"], "df/ISIC_0000001.jpg")).toHaveLength(2);
  });
});

describe("other letters", () => {
  it("of one name are found: accents apart or in one, and another case", () => {
    expect(found(["re\u0301gion1"], "x/r\u00e9gion1.jpg")).toEqual(["r\u00e9gion1"]);
    expect(found(["r\u00e9gion1"], "x/re\u0301gion1.jpg")).toEqual(["r\u00e9gion1"]);
    expect(found(["IMG_0002"], "x/img_0002.jpg")).toEqual(["IMG_0002"]);
    expect(found(["M\u00c9LANOME/A.JPG"], "Train/me\u0301lanome/a.jpg")).toEqual(["M\u00c9LANOME/A"]);
  });

  it("come after the same letters, and say nothing where two could be meant", () => {
    expect(found(["IMG_1", "img_1"], "x/img_1.jpg")).toEqual(["img_1"]);
    expect(found(["IMG_1", "img_1"], "x/Img_1.jpg")).toEqual([]);
  });
});

it("of a copy are those of the one name that has its id", () => {
  expect(found(["photo"], "x/photo (1).jpg")).toEqual(["photo"]);
  expect(found(["photo (1)", "photo (2)"], "x/photo.jpg")).toEqual([]);
});
