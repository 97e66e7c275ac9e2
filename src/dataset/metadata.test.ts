/** Metadata from tables as people have them: every column naming, and every way in which a table can be odd. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { DatasetError } from "../errors.ts";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import type { ImageRecord } from "./dataset.ts";
import { imageId, isicId } from "./image-id.ts";
import { matchMetadata, readMetadata } from "./metadata.ts";

const folder = temporaryFolder();
let tables = 0;

async function table(content: string | Uint8Array): Promise<string> {
  const file = join(folder, `table${++tables}.csv`);
  await writeFile(file, content);
  return file;
}
const read = async (content: string | Uint8Array) => readMetadata(await table(content));
const messages = async (content: string) => (await read(content)).problems.map(({ message }) => message);

describe("columns", () => {
  it("are those of the ISIC Archive", async () => {
    const metadata = await read(
      "isic_id,lesion_id,patient_id,age_approx,sex,anatom_site_general,diagnosis_1,diagnosis_2,diagnosis_3\n" +
        'ISIC_0000001,IL_1,IP_1,55,female,anterior torso,Malignant,"Malignant, melanocytic","Melanoma, NOS"\n' +
        "ISIC_0000002,,,,,,Benign,,\n",
    );
    expect(metadata.of("Train/melanoma/ISIC_0000001.jpg")).toEqual({
      lesion: "IL_1",
      patient: "IP_1",
      age: 55,
      sex: "female",
      site: "anterior torso",
      diagnosis: "Melanoma, NOS",
    });
    expect(metadata.of("ISIC_0000002.jpg")).toEqual({ diagnosis: "Benign" });
    expect(metadata.of("ISIC_0000003.jpg")).toBeUndefined();
  });

  it("are those of HAM10000", async () => {
    const metadata = await read(
      "lesion_id,image_id,dx,dx_type,age,sex,localization\nHAM_0000118,ISIC_0027419,bkl,histo,80.0,male,scalp\n",
    );
    expect(metadata.of("ISIC_0027419.jpg")).toEqual({
      lesion: "HAM_0000118",
      age: 80,
      sex: "male",
      site: "scalp",
      diagnosis: "bkl",
    });
  });

  it("are those of ISIC 2019, whose ground truth is a table of its own", async () => {
    const about = await table(
      "image,age_approx,anatom_site_general,lesion_id,sex\nISIC_0000002_downsampled,30,upper extremity,BCN_1,f\nISIC_0000003,,,,\n",
    );
    const truth = await table(
      "image,MEL,NV,BCC,AK,BKL,DF,VASC,SCC,UNK\nISIC_0000002_downsampled,1.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0\n" +
        "ISIC_0000003,0,0,0,0,0,0,0,0,1\nISIC_0000004,0,0,0,0,0,0,0,0,0\n",
    );
    const metadata = await readMetadata([about, truth]);
    const expected = { age: 30, site: "upper extremity", lesion: "BCN_1", sex: "female", diagnosis: "MEL" };
    expect(metadata.of("Test/melanoma/ISIC_0000002.jpg")).toEqual(expected);
    expect(metadata.of("Test/melanoma/ISIC_0000002_downsampled.jpg")).toEqual(expected);
    expect(metadata.of("ISIC_0000003.jpg")).toEqual({});
    expect(metadata.problems).toEqual([
      { path: truth, message: "line 4: not exactly one diagnosis is 1, left unknown" },
    ]);
  });

  it("are those of ISIC 2020, with benign or malignant where there is no diagnosis", async () => {
    const metadata = await read(
      "image_name,patient_id,sex,age_approx,anatom_site_general_challenge,diagnosis,benign_malignant,target\n" +
        "ISIC_2637011,IP_7279968,male,45.0,head/neck,unknown,benign,0\nISIC_0015719,IP_3075186,female,45.0,upper extremity,nevus,benign,0\n",
    );
    expect(metadata.of("ISIC_2637011.jpg")).toMatchObject({ patient: "IP_7279968", diagnosis: "benign" });
    expect(metadata.of("ISIC_0015719.jpg")).toMatchObject({ diagnosis: "nevus" });
  });

  it.each([
    ["lesion_id,age\nL1,3\n", "no column with the images' ids; call it one of isic_id"],
    ["isic_id,colour\nISIC_0000001,red\n", "no column says anything of the images; known are lesion_id"],
    ["\n\n", "empty; expected metadata as CSV"],
    ["isic_id,age\n", "no lines below the names of the columns; export it again"],
    ["\u00ff\u00d8\0\u0010JFIF", "not a text file; give the CSV file of the metadata"],
    ["isic_id,sex,Sex\nISIC_0000001,male,male\n", "two columns are called sex"],
    ['isic_id,sex\nISIC_0000001,"male\n', "no readable CSV"],
  ])("missing or unusable: %j", async (content, message) => {
    const reading = read(content);
    await expect(reading).rejects.toThrow(DatasetError);
    await expect(reading).rejects.toThrow(message);
  });

  it("cannot be read where there is no such file, or a folder", async () => {
    await expect(readMetadata(join(folder, "none.csv"))).rejects.toThrow("none.csv: no such file; give the CSV file");
    await expect(readMetadata(folder)).rejects.toThrow("a folder, not a file");
  });
});

describe("the form of the table", () => {
  const rows = [
    ["isic_id", "lesion_id", "age_approx"],
    ["ISIC_0000001", "L;1,a", "55"],
    ["ISIC_0000002", "L2", ""],
  ];
  const write = (delimiter: string, end: string) =>
    rows.map((row) => row.map((field) => (/[;,]/.test(field) ? `"${field}"` : field)).join(delimiter)).join(end) + end;

  it.each([
    ["commas", write(",", "\n")],
    ["semicolons", write(";", "\n")],
    ["tabs", write("\t", "\n")],
    ["Windows line ends", write(",", "\r\n")],
    ["old Macintosh line ends", write(",", "\r")],
    ["a BOM, semicolons and Windows line ends", `\ufeff${write(";", "\r\n")}`],
    ["UTF-16 with tabs", Buffer.from(`\ufeff${write("\t", "\r\n")}`, "utf16le")],
    ["blank lines and spaces", `\n${write(" , ", "\n\n")}  \n`],
    ["quotes around everything", write(",", "\n").replace(/^(\w+),(\w+),(\w*)$/gm, '"$1","$2","$3"')],
    ["other case", write(",", "\n").replace("isic_id", "ISIC ID").replace("lesion_id", "Lesion-Id")],
  ])("may have %s", async (_, content) => {
    const metadata = await read(content);
    expect([...metadata.images]).toEqual([
      ["ISIC_0000001", { lesion: "L;1,a", age: 55 }],
      ["ISIC_0000002", { lesion: "L2" }],
    ]);
    expect(metadata.problems).toEqual([]);
    expect([...metadata.fields].sort()).toEqual(["age", "lesion"]);
  });

  it("has rows of any length", async () => {
    const metadata = await read("isic_id,sex,age\nISIC_0000001,male\nISIC_0000002,male,3,4\nISIC_0000003\n,male,3\n");
    expect([...metadata.images.values()]).toEqual([{ sex: "male" }, { sex: "male", age: 3 }, {}]);
    expect(metadata.problems.map(({ message }) => message)).toEqual([
      "line 3: more fields than columns, the rest not read",
      "line 5: no isic_id, not read",
    ]);
  });
});

describe("rows", () => {
  it("may repeat, which is noted", async () => {
    expect(await messages("isic_id,age,sex\nISIC_0000001,5,male\nISIC_0000001,5,male\nISIC_0000001,5,\n")).toEqual([
      "lines 3, 4: the same image again, without contradiction",
    ]);
  });

  it("that contradict each other leave the field unknown, whatever follows", async () => {
    const metadata = await read(
      "isic_id,dx,sex\nISIC_0000001,mel,male\nISIC_0000001,nv,male\nISIC_0000001,mel,male\nISIC_0000002,bcc,\n",
    );
    expect(metadata.of("ISIC_0000001.jpg")).toEqual({ sex: "male" });
    expect(metadata.of("ISIC_0000002.jpg")).toEqual({ diagnosis: "bcc" });
    expect(metadata.problems.map(({ message }) => message)).toEqual([
      'line 3: ISIC_0000001: diagnosis is "nv", but "mel" in an earlier row; left unknown, correct one of them',
    ]);
  });

  it("that contradict each other in many places are counted, so that what follows is seen", async () => {
    const row = (i: number, lesion: string) => `image${i},${lesion}${i}\n`;
    const ids = Array.from({ length: 40 }, (_, i) => i);
    const table = `image,lesion\n${ids.map((i) => row(i, "a")).join("")}${ids.map((i) => row(i, "b")).join("")}`;
    const noted = await messages(table);
    expect(noted).toHaveLength(4);
    expect(noted[0]).toMatch(/^line 42: image0: lesion is "b0", but "a0" in an earlier row; left unknown/);
    expect(noted[3]).toBe("lines 45, 46, 47 and 34 more: another value than in an earlier row too, left unknown");
  });

  it("have what is not known in many spellings", async () => {
    const metadata = await read(
      "isic_id,age,sex,localization,dx\nISIC_0000001,nan,unknown,N/A,NA\nISIC_0000002,85+,F,Back,?\n",
    );
    expect(metadata.of("ISIC_0000001.jpg")).toEqual({});
    expect(metadata.of("ISIC_0000002.jpg")).toEqual({ sex: "female", site: "back" });
    expect(metadata.problems.map(({ message }) => message)).toEqual([
      "line 3: the age is no number of years, left unknown",
    ]);
  });
});

describe("what is not known", () => {
  it("of a lesion or patient is no lesion or patient, however it is spelled", async () => {
    const spellings = ["", "#N/A", "<NA>", "NA", "nan", "None", "missing", "-", "-1", "#NV", "unknown"];
    const metadata = await read(
      `image_id;lesion_id;patient_id\n${spellings.map((cell, i) => `a${i};${cell};${cell}`).join("\n")}\nb;L1;P1\n`,
    );
    expect([...metadata.images].filter(([, image]) => Object.keys(image).length > 0)).toEqual([
      ["b", { lesion: "L1", patient: "P1" }],
    ]);
  });

  it("of an image's id is a row that is not read; words may be names of files", async () => {
    const metadata = await read("image_id,age\n#N/A,1\n<NA>,2\nnone,3\n");
    expect([...metadata.images]).toEqual([["none", { age: 3 }]]);
    expect(metadata.problems.map(({ message }) => message)).toEqual(["lines 2, 3: no image_id, not read"]);
  });

  it("may have the name of something that every object has", async () => {
    const metadata = await read("image_id,sex,lesion_id\n__proto__,constructor,toString\nconstructor,__proto__,\n");
    expect(metadata.of("x/__proto__.jpg")).toEqual({ sex: "constructor", lesion: "toString" });
    expect(metadata.of("x/constructor.jpg")).toEqual({ sex: "__proto__" });
  });
});

describe("image ids", () => {
  it.each([
    ["Train/nevus/ISIC_0000000.jpg", "ISIC_0000000"],
    ["ISIC_0025509(1).jpg", "ISIC_0025509"],
    ["ISIC_0025509 (2).JPG", "ISIC_0025509"],
    ["ISIC_0000002_downsampled.jpg", "ISIC_0000002"],
    ["isic_0000002 - Copy.jpeg", "ISIC_0000002"],
    ["ISIC_0000002_copy2.png", "ISIC_0000002"],
    ["a/lesion 7 - Copy (3).tif", "lesion 7"],
    ["a\\b\\lesion.v2.bmp", "lesion.v2"],
    ["(1).jpg", "(1)"],
    ["MISIC_0000002x.jpg", "MISIC_0000002x"],
  ])("%s is %s", (path, id) => {
    expect(imageId(path)).toBe(id);
    expect(isicId(path)).toBe(/^ISIC_\d{7}$/.test(id) ? id : undefined);
  });

  it("prefer the row of the file's own name", async () => {
    const metadata = await read("image,age\nphoto (1).jpg,1\nphoto (2).jpg,2\nother (1),3\n");
    expect(metadata.of("x/photo (2).png")).toEqual({ age: 2 });
    expect(metadata.of("x/photo.png")).toBeUndefined();
    expect(metadata.of("x/other.png")).toEqual({ age: 3 });
  });
});

describe("matching", () => {
  const image = (path: string): ImageRecord => ({ path, label: 0, split: "train", bytes: 1 });

  it("says which ids and images have no partner", async () => {
    const metadata = await read("isic_id,age\nISIC_0000001,1\nISIC_0000009,9\n");
    const images = [image("a/ISIC_0000001.jpg"), image("a/ISIC_0000001(1).jpg"), image("a/ISIC_0000002.jpg")];
    expect(matchMetadata(images, metadata)).toEqual({
      images: [{ age: 1 }, { age: 1 }, undefined],
      fields: new Set(["age"]),
      unknownImages: 1,
      unusedIds: ["ISIC_0000009"],
      problems: [
        { path: metadata.files[0], message: "says nothing of 1 of 3 images" },
        { path: metadata.files[0], message: "has an id that no image has, ISIC_0000009; not used" },
      ],
    });
  });

  it("gives a row to the file of its folder, never to a namesake of another class", async () => {
    const images = ["melanoma", "nevus"].flatMap((name) => [image(`${name}/001.jpg`), image(`${name}/002.jpg`)]);
    const metadata = await read(
      "path,lesion_id,dx\nmelanoma/001.jpg,L1,mel\nmelanoma/002.jpg,L2,mel\nnevus/001.jpg,L3,nv\n",
    );
    const { images: matched, problems } = matchMetadata(images, metadata);
    expect(matched.map((one) => one?.lesion)).toEqual(["L1", "L2", "L3", undefined]);
    expect(problems.map(({ message }) => message)).toEqual(["says nothing of 1 of 4 images"]);
  });

  it("joins a table of paths with one of ids, and leaves open what they dispute", async () => {
    const paths = await table("path,lesion_id,age\nnevus/a.1.jpg,L1,30\n");
    const ids = await table("image_id,sex,age\na.1,f,31\n");
    expect((await readMetadata([paths, ids])).of("Train/nevus/a.1.jpg")).toEqual({ lesion: "L1", sex: "female" });
  });

  it("gives no row to a file of other case where a file has its very name", async () => {
    const metadata = await read("image_id,lesion_id\nIMG_1,L1\n");
    const images = [image("a/IMG_1.jpg"), image("b/img_1.jpg")];
    expect(matchMetadata(images, metadata).images).toEqual([{ lesion: "L1" }, undefined]);
    expect(matchMetadata(images.slice(1), metadata).images).toEqual([{ lesion: "L1" }]);
  });

  it("says where an id is the name of several files", async () => {
    const metadata = await read("image_id,lesion_id\n001,L1\n");
    expect(matchMetadata([image("a/001.jpg"), image("b/001.jpg")], metadata).problems[0]?.message).toBe(
      "an id is the name of several files, such as 001 of a/001.jpg and b/001.jpg; where these are different images, " +
        "give paths with their folders in a column called path in place of the ids",
    );
  });

  it("goes by a column of paths where the ids of a table are not unique", async () => {
    const metadata = await read("image_id,path,lesion_id\n001,a/001.jpg,L1\n001,b/001.jpg,L2\n002,b/002.jpg,L3\n");
    const images = ["a/001.jpg", "b/001.jpg", "b/002.jpg"].map(image);
    expect(matchMetadata(images, metadata).images.map((one) => one?.lesion)).toEqual(["L1", "L2", "L3"]);
    expect(metadata.problems).toEqual([]);
  });

  it.each(["lesion", "patient"])("warns of a %s that a large part of the images share", async (field) => {
    const names = ["zzz", "zzz", "zzz", "zzz", "zzz", "L1", "L1", "L2", "L2", "L3"];
    const metadata = await read(`image_id,${field}_id\n${names.map((name, i) => `i${i},${name}`).join("\n")}\n`);
    const { problems } = matchMetadata(
      names.map((_, i) => image(`a/i${i}.jpg`)),
      metadata,
    );
    expect(problems.map(({ message }) => message)).toEqual([
      `the ${field} "zzz" has 5 of the 10 images with a known ${field}, which are kept together; ` +
        `if it means that the ${field} is not known, leave these cells empty`,
    ]);
  });

  it("knows of the fields that the table's other images have nothing", async () => {
    const metadata = await read("isic_id,age,lesion_id\nISIC_0000001,1,\nISIC_0000009,9,L1\n");
    expect(matchMetadata([image("a/ISIC_0000001.jpg")], metadata).fields).toEqual(new Set(["age"]));
  });

  it("refuses the table of another data set", async () => {
    const metadata = await read("isic_id,age\nISIC_0000001,1\n");
    expect(() => matchMetadata([image("a/lesion.jpg")], metadata)).toThrow(
      `${metadata.files[0]}: none of its 1 ids (such as ISIC_0000001) is the name of an image (such as a/lesion.jpg); give the table of these images`,
    );
  });
});
