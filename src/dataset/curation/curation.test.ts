/** Curation: the default rules, the plan's file, its application, and every way in which a plan may not fit. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { DatasetError } from "../../errors.ts";
import { readDataset } from "../../image/read-dataset.ts";
import { temporaryFolder } from "../../testing/temporary-folder.ts";
import { hashContents } from "../content-hashes.ts";
import type { Dataset } from "../dataset.ts";
import type { ImageMetadata } from "../metadata.ts";
import { applyCuration } from "./apply-curation.ts";
import { type CurationFindings, makeCurationPlan } from "./curate.ts";
import { type CurationStep, formatCurationPlan, readCurationPlan } from "./curation-plan.ts";

let folder: string;
let root: string;
beforeEach(() => {
  folder = temporaryFolder();
  root = join(folder, "data");
});

/** A data set of files with the given contents, by path. */
async function datasetOf(files: Readonly<Record<string, string>>): Promise<Dataset> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  return readDataset(root);
}

async function planOf(
  dataset: Dataset,
  metadata?: Readonly<Record<string, ImageMetadata>>,
  more: Partial<CurationFindings> = {},
) {
  const { sha256 } = await hashContents(dataset);
  const matched = metadata && dataset.images.map(({ path }) => metadata[path]);
  return makeCurationPlan({ dataset, sha256, ...(matched && { metadata: matched }), ...more });
}

/** A step without its content, as one line. */
const inWords = (step: CurationStep): string =>
  [
    step.action,
    "path" in step ? step.path : undefined,
    "className" in step ? step.className : undefined,
    "group" in step ? step.group : undefined,
    step.reason,
  ]
    .filter((part) => part !== undefined)
    .join(" | ");

/** Enough of each class that none is left out. */
const others = Object.fromEntries(
  ["melanoma", "nevus"].flatMap((name) => [1, 2, 3].map((i) => [`Train/${name}/other${i}.jpg`, `${name}${i}`])),
);
const withTest = { ...others, "Test/nevus/test.jpg": "test", "Test/melanoma/test.jpg": "test2" };

describe("the default rules", () => {
  it("leave a clean set alone", async () => {
    expect((await planOf(await datasetOf(withTest))).steps).toEqual([]);
  });

  it("count a duplicate within a class once: the one in Test stays, then the one with the plain name", async () => {
    const dataset = await datasetOf({
      ...withTest,
      "Train/nevus/a (1).jpg": "a",
      "Train/nevus/a.jpg": "a",
      "Train/nevus/b.jpg": "b",
      "Test/nevus/z.jpg": "b",
    });
    expect((await planOf(dataset)).steps.map(inWords)).toEqual([
      "leave out | Train/nevus/a (1).jpg | the same content as Train/nevus/a.jpg",
      "leave out | Train/nevus/b.jpg | the same content as Test/nevus/z.jpg",
    ]);
  });

  it("settle a conflict by the diagnosis, and leave both out without one", async () => {
    const dataset = await datasetOf({
      ...withTest,
      "Train/nevus/a.jpg": "a",
      "Train/melanoma/a.jpg": "a",
      "Train/nevus/b.jpg": "b",
      "Train/melanoma/b.jpg": "b",
    });
    const { steps } = await planOf(dataset, { "Train/nevus/a.jpg": { diagnosis: "MEL" } });
    expect(steps.map(inWords)).toEqual([
      "leave out | Train/melanoma/b.jpg | one content under melanoma and nevus, and no diagnosis is known",
      "leave out | Train/nevus/a.jpg | one content under melanoma and nevus; the diagnosis MEL is melanoma, as Train/melanoma/a.jpg",
      "leave out | Train/nevus/b.jpg | one content under melanoma and nevus, and no diagnosis is known",
    ]);
    expect((await planOf(dataset)).steps[0]!.reason).toContain("and there are no metadata");
  });

  it("take two files that show the same for one content, and name each by its own file", async () => {
    const dataset = await datasetOf({ ...withTest, "Train/nevus/a.jpg": "jpeg", "Train/melanoma/a.png": "png" });
    const { sha256 } = await hashContents(dataset);
    const contents = dataset.images.map(({ path }, i) => (/\/a\.(jpg|png)$/.test(path) ? "picture" : sha256[i]));
    const { steps } = await planOf(dataset, undefined, { contents });
    expect(steps.map((step) => ("path" in step ? [step.path, step.content] : []))).toEqual(
      ["Train/melanoma/a.png", "Train/nevus/a.jpg"].map((path) => [
        path,
        sha256[dataset.images.findIndex((image) => image.path === path)],
      ]),
    );
    expect((await planOf(dataset)).steps).toEqual([]);
  });

  it("settle a label that the diagnosis contradicts", async () => {
    const dataset = await datasetOf({
      ...withTest,
      "Train/nevus/a.jpg": "a",
      "Train/nevus/b.jpg": "b",
      "Train/nevus/c.jpg": "c",
      "Train/nevus/d.jpg": "d",
      "Train/nevus/d2.jpg": "d",
    });
    const { steps } = await planOf(dataset, {
      "Train/nevus/a.jpg": { diagnosis: "MEL" },
      "Train/nevus/b.jpg": { diagnosis: "DF" },
      "Train/nevus/c.jpg": { diagnosis: "something else" },
      // Two diagnoses of one content that agree on no class.
      "Train/nevus/d.jpg": { diagnosis: "MEL" },
      "Train/nevus/d2.jpg": { diagnosis: "NV" },
    });
    expect(steps.map(inWords)).toEqual([
      "relabel | Train/nevus/a.jpg | melanoma | called nevus; the diagnosis MEL is melanoma",
      "leave out | Train/nevus/b.jpg | called nevus; the diagnosis DF is no class here",
      "leave out | Train/nevus/d.jpg | called nevus; the diagnosis MEL and NV is no class here",
      "leave out | Train/nevus/d2.jpg | called nevus; the diagnosis MEL and NV is no class here",
    ]);
  });

  it("leave out a class that loses nearly all its images", async () => {
    const twins = Array.from({ length: 11 }, (_, i) => [
      [`Train/wart/${i}.jpg`, `w${i}`],
      [`Train/melanoma/w${i}.jpg`, `w${i}`],
    ]).flat();
    const dataset = await datasetOf({ ...withTest, ...Object.fromEntries(twins), "Train/wart/only.jpg": "only" });
    expect((await planOf(dataset)).steps.map(inWords)[0]).toBe(
      "leave out class | wart | of 12 contents 1 can be trusted",
    );
  });

  it("group what is left of one lesion, patient or near duplicate", async () => {
    const dataset = await datasetOf({
      ...withTest,
      "Train/nevus/a.jpg": "a",
      "Test/nevus/b.jpg": "b",
      "Test/nevus/b2.jpg": "b",
    });
    const metadata = {
      "Train/nevus/a.jpg": { lesion: "L1" },
      "Test/nevus/b.jpg": { lesion: "L1", patient: "P" },
      "Test/nevus/b2.jpg": { lesion: "L1", patient: "P" },
      "Test/nevus/test.jpg": { patient: "P" },
    };
    const indexOf = (path: string) => dataset.images.findIndex((image) => image.path === path);
    expect((await planOf(dataset, metadata)).steps.slice(1).map(inWords)).toEqual([
      "group | Train/nevus/a.jpg | L1 | 2 images of lesion L1",
      "group | Test/nevus/b.jpg | L1 | 2 images of lesion L1",
    ]);
    expect((await planOf(dataset, metadata, { patients: true })).steps.slice(1).map(inWords)).toEqual(
      ["Train/nevus/a.jpg", "Test/nevus/b.jpg", "Test/nevus/test.jpg"].map(
        (path) => `group | ${path} | L1 | 3 images of lesion L1, patient P`,
      ),
    );
    // The pair names the duplicate that is left out; the file that stays is grouped in its place.
    const nearDuplicates = [[indexOf("Test/nevus/b2.jpg"), indexOf("Test/melanoma/test.jpg")]] as const;
    expect((await planOf(dataset, undefined, { nearDuplicates })).steps.slice(1).map(inWords)).toEqual(
      ["Test/melanoma/test.jpg", "Test/nevus/b.jpg"].map(
        (path) => `group | ${path} | group-1 | 2 images of nearly the same picture`,
      ),
    );
  });
});

describe("names that are stored otherwise", () => {
  const plan = async (...rows: string[]) => {
    const file = join(folder, "plan.csv");
    await writeFile(file, ["action,path,class,group,content,reason", ...rows, ""].join("\n"));
    return readCurationPlan(file);
  };

  it("are found with accents apart, in other case and with backslashes", async () => {
    const dataset = await datasetOf({ ...withTest, "Train/nevus/r\u00e9gion.jpg": "a", "Train/nevus/B.JPG": "b" });
    const rows = ["leave out,./Train\\nevus\\re\u0301gion.jpg,,,,", "relabel,train/nevus/b.jpg,MELANOMA,,,"];
    const curated = await applyCuration(dataset, await plan(...rows));
    expect(curated.curation).toMatchObject({ leftOut: 1, relabelled: 1 });
    expect(curated.classes[curated.images.find(({ path }) => path === "Train/nevus/B.JPG")!.label]).toBe("melanoma");
  });

  it.skipIf(process.platform === "win32")("may have backslashes of their own", async () => {
    const dataset = await datasetOf({ ...withTest, "Train/nevus/a\\b.jpg": "a" });
    const curated = await applyCuration(dataset, await plan("leave out,Train/nevus/a\\b.jpg,,,,"));
    expect(curated.curation).toMatchObject({ leftOut: 1 });
    expect(curated.problems).toEqual([]);
  });

  it("may contradict each other", async () => {
    const dataset = await datasetOf({ ...withTest, "Train/nevus/B.JPG": "b" });
    const rows = ["leave out,Train/nevus/B.JPG,,,,", "relabel,train/nevus/b.jpg,melanoma,,,"];
    await expect(applyCuration(dataset, await plan(...rows))).rejects.toThrow(
      "lines 2 and 3 contradict each other on Train/nevus/B.JPG",
    );
  });
});

describe("the plan's file", () => {
  const text = fc
    .string({ unit: "grapheme", minLength: 1, maxLength: 12 })
    .map((value) => `x${value.normalize("NFC")}x`);
  const step = fc
    .record({
      action: fc.constantFrom("leave out", "relabel", "group", "leave out class"),
      path: text,
      name: text,
      reason: text,
      content: fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: 16, maxLength: 16 }),
    })
    .map(({ action, path, name, reason, content }): CurationStep => {
      if (action === "leave out class") return { action, className: name, reason };
      if (action === "relabel") return { action, path, className: name, content, reason };
      if (action === "group") return { action, path, group: name, content, reason };
      return { action: "leave out", path, content, reason };
    });

  it("is read as it was written, whatever the names", async () => {
    const file = join(folder, "plan.csv");
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(step, { selector: (its) => ("path" in its ? its.path : its), maxLength: 8 }),
        async (steps) => {
          const plan = { steps, madeFor: { images: 3, fingerprint: "a".repeat(64) } };
          await writeFile(file, formatCurationPlan(plan));
          expect(await readCurationPlan(file)).toMatchObject(plan);
        },
      ),
    );
  });

  it("may come back from a spreadsheet", async () => {
    const file = join(folder, "plan.csv");
    await writeFile(
      file,
      "\ufeff# naevus curation plan 1;;;;;\r\naction;path;class;group;content;reason\r\nLeave out;a\\b.jpg;;;;\r\n",
    );
    const { steps, lines } = await readCurationPlan(file);
    expect(steps).toEqual([{ action: "leave out", path: "a\\b.jpg", reason: "" }]);
    expect(lines).toEqual([3]);
  });

  const header = "action,path,class,group,content,reason\n";
  it.each([
    ["isic_id,age\nISIC_0000001,3\n", "no column action, so this is no curation plan"],
    [`# naevus curation plan 2\n${header}`, "a plan of another version (naevus curation plan 2)"],
    [
      `${header}remove,a.jpg,,,,\n`,
      'line 2: expected an action (leave out class, leave out, relabel, group), got "remove"',
    ],
    [`${header}leave out,,,,,\n`, 'line 2: "leave out" needs a path'],
    [`${header}relabel,a.jpg,,,,\n`, 'line 2: "relabel" needs a class'],
    [`${header}group,a.jpg,,,,\n`, 'line 2: "group" needs a group'],
    [`${header}leave out,a.jpg,,,12x,\n`, 'line 2: content is "12x", no SHA-256'],
    [`${header}leave out,a.jpg,,,,\nrelabel,a.jpg,nevus,,,\n`, "lines 2 and 3 contradict each other on a.jpg"],
    [`${header}relabel,a.jpg,wart,,,\nrelabel,a.jpg,nevus,,,\n`, "lines 2 and 3 contradict each other on a.jpg"],
  ])("is refused: %j", async (content, message) => {
    const file = join(folder, "plan.csv");
    await writeFile(file, content);
    const reading = readCurationPlan(file);
    await expect(reading).rejects.toThrow(DatasetError);
    await expect(reading).rejects.toThrow(message);
  });
});

describe("application", () => {
  const header = "action,path,class,group,content,reason\n";
  async function apply(dataset: Dataset, lines: string): Promise<Dataset> {
    const file = join(folder, "plan.csv");
    await writeFile(file, `${header}${lines}`);
    return applyCuration(dataset, await readCurationPlan(file));
  }

  it("leaves out, relabels and groups, without touching a file", async () => {
    const dataset = await datasetOf({ ...withTest, "Train/wart/w.jpg": "w", "Train/apple/a.jpg": "a" });
    const curated = await apply(
      dataset,
      "leave out class,,apple,,,\nleave out,Train/nevus/other1.jpg,,,,\nrelabel,Train/wart/w.jpg,melanoma,,,\n" +
        "group,Train/nevus/other2.jpg,,g,,\ngroup,Test/nevus/test.jpg,,g,,\ngroup,Test/nevus/test.jpg,,h,,\ngroup,Train/nevus/other3.jpg,,h,,\n",
    );
    expect(curated.classes).toEqual(["melanoma", "nevus"]);
    expect(curated.images.map(({ path, label, group }) => `${path} ${label} ${group ?? "-"}`)).toEqual([
      "Train/melanoma/other1.jpg 0 -",
      "Train/melanoma/other2.jpg 0 -",
      "Train/melanoma/other3.jpg 0 -",
      "Train/wart/w.jpg 0 -",
      "Train/nevus/other2.jpg 1 g",
      "Train/nevus/other3.jpg 1 g",
      "Test/melanoma/test.jpg 0 -",
      "Test/nevus/test.jpg 1 g",
    ]);
    expect(curated.curation).toEqual({
      plan: expect.stringMatching(/^[0-9a-f]{64}$/),
      leftOut: 2,
      relabelled: 1,
      classesLeftOut: ["apple", "wart"],
    });
    expect(curated.problems.map(({ message }) => message)).toContain(
      "leaves no training image of wart, class left out",
    );
    expect(await readDataset(root)).toEqual(dataset);
  });

  it("passes over files that are gone, and says which", async () => {
    const dataset = await datasetOf(withTest);
    const curated = await apply(dataset, "leave out,Train/nevus/gone.jpg,,,,\nleave out,Train/nevus/other1.jpg,,,,\n");
    expect(curated.curation).toMatchObject({ leftOut: 1 });
    expect(curated.problems.map(({ message }) => message)).toEqual([
      "names 1 of 2 images that are gone (line 2: Train/nevus/gone.jpg); passed over",
    ]);
  });

  it("says where images were added since the plan was made", async () => {
    const dataset = await datasetOf(withTest);
    const file = join(folder, "plan.csv");
    await writeFile(file, formatCurationPlan(await planOf(dataset)));
    const more = await datasetOf({ "Train/nevus/new.jpg": "new" });
    const { problems } = await applyCuration(more, await readCurationPlan(file));
    expect(problems.map(({ message }) => message)).toEqual([
      "made when there were 8 images, now there are 9; make it again with naevus curate, so that the new ones are looked at too",
    ]);
  });

  it("refuses a plan of other contents", async () => {
    const dataset = await datasetOf({ ...withTest, "Train/nevus/a.jpg": "a", "Train/nevus/b.jpg": "a" });
    const file = join(folder, "plan.csv");
    await writeFile(file, formatCurationPlan(await planOf(dataset)));
    await writeFile(join(root, "Train/nevus/b.jpg"), "changed");
    await expect(applyCuration(dataset, await readCurationPlan(file))).rejects.toThrow(
      "plan.csv: an image has another content than when the plan was made (line 5: Train/nevus/b.jpg); make it again",
    );
  });

  it.each([
    ["leave out,x/gone.jpg,,,,\n", "none of the 1 images it names is in"],
    ["relabel,Train/nevus/other1.jpg,wart,,,\n", 'line 2: no class "wart" in'],
    ["leave out class,,wart,,,\n", 'line 2: no class "wart" in'],
    ["leave out class,,nevus,,,\n", "leaves training images of fewer than two classes"],
  ])("refuses what does not fit: %j", async (lines, message) => {
    const dataset = await datasetOf(withTest);
    const applying = apply(dataset, lines);
    await expect(applying).rejects.toThrow(DatasetError);
    await expect(applying).rejects.toThrow(message);
  });
});
