/** The audit as a whole: everything wrong that was put into a folder is found, told and shown. */
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { phantomImages } from "../../acquire/phantom/phantom.ts";
import type { Audit } from "../../audit/findings.ts";
import { runRecorded } from "../../cli/testing/recorded-command.ts";
import { temporaryFolder } from "../../testing/temporary-folder.ts";
import { formatAudit } from "./audit-text.ts";
import { type AuditReport, writeAudit } from "./write-audit.ts";

const size = 96;

const folder = temporaryFolder();

/** A command's exit status and lines. */
async function naevus(...argv: readonly string[]) {
  const { error: errors, ...printed } = await runRecorded(argv);
  return { ...printed, errors };
}

describe("a folder with one of everything", () => {
  let data: string;
  let report: AuditReport;
  let page: string;

  beforeAll(async () => {
    data = join(folder, "data & <more>");
    const drawn = phantomImages({ images: 40, size, seed: 5 });
    const picture = (i: number) => sharp(drawn[i]!.draw(), { raw: { width: size, height: size, channels: 3 } });
    const put = async (path: string, content: Uint8Array | string): Promise<void> => {
      await mkdir(join(data, path, ".."), { recursive: true });
      await writeFile(join(data, path), content);
    };
    for (let i = 0; i < 24; i++) {
      const place = `${i < 18 ? "Train" : "Test"}/${i % 2 === 0 ? "melanoma" : "nevus"}`;
      await put(`${place}/ISIC_${String(i).padStart(7, "0")}.jpg`, await picture(i).jpeg().toBuffer());
    }
    const copy = async (from: string, to: string): Promise<void> => cp(join(data, from), join(data, to));
    await copy("Train/melanoma/ISIC_0000000.jpg", "Train/melanoma/ISIC_0000000 (1).jpg");
    await copy("Train/melanoma/ISIC_0000002.jpg", "Train/nevus/ISIC_0000102.jpg");
    await copy("Train/melanoma/ISIC_0000004.jpg", "Test/nevus/ISIC_0000104.jpg");
    const cut = await picture(6).extract({ left: 9, top: 0, width: 80, height: 80 }).rotate(90).jpeg().toBuffer();
    await put("Test/melanoma/ISIC_0000106.jpg", cut);
    const whole = await readFile(join(data, "Train/nevus/ISIC_0000001.jpg"));
    await put("Train/nevus/truncated.jpg", whole.subarray(0, whole.length / 2));
    await put("Train/nevus/text.jpg", "no picture at all");
    await put("Train/nevus/empty.png", "");
    await put("Train/nevus/notes.txt", "left out");
    await put("Train/nevus/really-png.jpg", await picture(30).png().toBuffer());
    await put("Train/nevus/grey.png", await picture(31).toColourspace("b-w").png().toBuffer());
    await put("Train/nevus/small.png", await picture(32).resize(20, 20).png().toBuffer());
    await put("Train/nevus/turned.jpg", await picture(33).withMetadata({ orientation: 6 }).jpeg().toBuffer());
    await put("Train/nevus/<b>&\u0007.png", await picture(34).linear(0, 255).png().toBuffer());
    const table = [
      "isic_id,lesion_id,patient_id,sex,age_approx,dx",
      "ISIC_0000008,L1,P1,male,40,mel",
      "ISIC_0000020,L1,P1,male,45,mel",
      "ISIC_0000010,L2,P2,female,50,nv",
      "ISIC_0000022,L3,P2,female,50,mel",
      "ISIC_0000002,L4,P3,female,61,mel",
    ];
    await writeFile(join(folder, "metadata.csv"), table.join("\n"));
    report = await writeAudit(data, { out: join(folder, "out"), metadata: join(folder, "metadata.csv") });
    page = await readFile(report.files.html, "utf8");
  });

  test("everything is counted", () => {
    expect(report.audit.counts).toEqual({
      images: 36,
      contents: 30,
      unreadable: 3,
      leftOut: 1,
      wronglyNamed: 1,
      tooSmall: 1,
      notRgb: 1,
      turned: 1,
      exactDuplicateGroups: 3,
      labelConflicts: 2,
      testImagesInTrain: 1,
      nearDuplicatePairs: 1,
      nearDuplicateConflicts: 0,
      nearDuplicateLeaks: 1,
      lesionsAcrossSplits: 1,
      patientsAcrossSplits: 2,
      testImagesOfTrainLesions: 1,
      testImagesAlikeInTrain: 1,
      cleanTestImages: 5,
      metadataDisagreements: 1,
      outliers: report.audit.counts.outliers,
    });
  });

  test("everything is named", () => {
    const { audit } = report;
    expect(audit.unreadable).toEqual([
      { path: "Train/nevus/empty.png", message: "empty file (0 bytes)" },
      { path: "Train/nevus/text.jpg", message: "not an image" },
      { path: "Train/nevus/truncated.jpg", message: "truncated JPEG" },
    ]);
    expect(audit.oddities).toEqual({
      tooSmall: [{ path: "Train/nevus/small.png", what: "20 x 20 pixels" }],
      notRgb: [{ path: "Train/nevus/grey.png", what: "b-w" }],
      wronglyNamed: [{ path: "Train/nevus/really-png.jpg", what: ".jpg, but it is PNG" }],
      turned: [{ path: "Train/nevus/turned.jpg", what: "orientation 6" }],
    });
    expect(
      audit.exactDuplicates.map(({ files, labelConflict, leak }) => [
        files.map(({ path }) => path),
        labelConflict,
        leak,
      ]),
    ).toEqual([
      [["Train/melanoma/ISIC_0000000 (1).jpg", "Train/melanoma/ISIC_0000000.jpg"], false, false],
      [["Train/melanoma/ISIC_0000002.jpg", "Train/nevus/ISIC_0000102.jpg"], true, false],
      [["Train/melanoma/ISIC_0000004.jpg", "Test/nevus/ISIC_0000104.jpg"], true, true],
    ]);
    const [near] = audit.nearDuplicates;
    expect([near!.a.path, near!.b.path].sort()).toEqual([
      "Test/melanoma/ISIC_0000106.jpg",
      "Train/melanoma/ISIC_0000006.jpg",
    ]);
    expect(audit.lesionsAcrossSplits.map(({ id, files }) => [id, files.length])).toEqual([["L1", 2]]);
    expect(audit.patientsAcrossSplits.map(({ id }) => id)).toEqual(["P1", "P2"]);
    expect(audit.disagreements).toMatchObject([
      { path: "Train/melanoma/ISIC_0000010.jpg", diagnosis: "nv", agreesWith: ["nevus"] },
    ]);
    expect(audit.outliers.map(({ path }) => path)).toContain("Train/nevus/<b>&\u0007.png");
    expect(audit.distribution.by.sex!.map(({ name }) => name)).toEqual(["female", "male", "unknown"]);
  });

  test("audit.json is the audit", async () => {
    const stored = JSON.parse(await readFile(report.files.json, "utf8")) as Audit;
    expect(stored.counts).toEqual(report.audit.counts);
    expect(stored.nearDuplicates).toEqual(report.audit.nearDuplicates);
  });

  test("the page loads nothing, shows pictures, and lets no file name become markup", () => {
    expect(page).not.toMatch(/https?:\/\/(?!www\.w3\.org)/);
    expect(page.match(/<script/g)).toHaveLength(1);
    expect(page.match(/<img src="data:image\/jpeg;base64,/g)!.length).toBeGreaterThan(12);
    expect(page).not.toContain("<more>");
    expect(page).not.toContain("<b>&");
    expect(page).toContain("&lt;b&gt;&amp;?.png");
    expect(page.match(/<svg/g)).toHaveLength(report.audit.confounds ? 2 : 1);
    for (const id of ["labels", "leaks", "duplicates", "classes", "sources", "files"]) {
      expect(page).toContain(`<section id="${id}" aria-labelledby="${id}-title">`);
      expect(page).toContain(`href="#${id}"`);
    }
  });

  test("the text tells the same", () => {
    const text = formatAudit(report.audit);
    for (const line of [
      "2 images with two labels",
      "1 test image also in Train, byte for byte",
      "1 label that the metadata's diagnosis contradicts",
      "3 unreadable files",
      "Train/nevus/truncated.jpg: truncated JPEG",
      "1 near-duplicate pair: ",
    ]) {
      expect(text).toContain(line);
    }
  });

  test("what metadata do not tell is not told as if there were none", () => {
    const { audit } = report;
    const text = (fields: readonly string[] | undefined) =>
      formatAudit({ ...audit, metadata: fields && { fields, unknownImages: 0 } });
    expect(text(["lesion", "patient", "diagnosis"])).toMatch(
      /lesion in Train \(1 lesion across the split\)\n {2}2 patients across the split\n/,
    );
    expect(text(["age"])).toMatch(
      /contradicts \(the metadata have no diagnosis\)[\s\S]*Train \(the metadata have no lesion\)\n.*\(the metadata have no patient\)/,
    );
    expect(text(undefined)).toMatch(/contradicts \(no metadata given\)[\s\S]*in Train \(no metadata given\)/);
    const confounds = { evidence: [], ids: undefined, samples: 9, classesTried: 2 } as unknown as Audit["confounds"];
    const trivial = (fields: readonly string[]) =>
      formatAudit({ ...audit, confounds, metadata: { fields, unknownImages: 0 } });
    expect(trivial(["lesion"])).toContain("cross-validated without splitting near duplicates and known lesions");
    expect(trivial(["age"])).toContain("cross-validated without splitting near duplicates)");
  });

  test("the commands end with status 0, and --json prints one object alone", async () => {
    const args = ["--data", data, "--out", join(folder, "again")];
    const { status, out, errors } = await naevus(
      "audit",
      ...args,
      "--cache",
      join(folder, "cache"),
      "--metadata",
      join(folder, "metadata.csv"),
      "--json",
    );
    expect(status, errors).toBe(0);
    expect(JSON.parse(out).counts).toEqual(report.audit.counts);
    const shown = await naevus(
      "show",
      "--data",
      data,
      "--out",
      join(folder, "pictures"),
      "--cache",
      join(folder, "cache"),
      "--format",
      "png",
    );
    expect(shown.status, shown.errors).toBe(0);
    const files = shown.out.split("\n");
    expect(files.map((file) => file.slice(file.lastIndexOf("/") + 1))).toEqual([
      "gallery.png",
      "distribution.png",
      "conflicts.png",
    ]);
    for (const file of files) {
      const { width, height } = await sharp(file).metadata();
      expect(Math.min(width, height)).toBeGreaterThan(80);
    }
    const refused = await naevus("show", "--data", data, "--format", "gif");
    expect(refused).toMatchObject({ status: 1 });
    expect(refused.errors).toContain('--format: expected svg or png, got "gif"');
  });
});

test("--curation: what the plan leaves is audited and drawn, and what does not fit of it is told", async () => {
  const drawn = join(folder, "drawn");
  expect((await naevus("data", "phantom", "--out", drawn, "--images", "54", "--size", "24")).status).toBe(0);
  const plan = join(folder, "plan.csv");
  const lines = [
    "leave out class,,nevus,,mistrusted",
    "leave out,Train/melanoma/gone.jpg,,,",
    "leave out,Test/melanoma/phantom-test-00001.jpg,,,blurred",
  ];
  await writeFile(plan, ["action,path,class,group,reason", ...lines].join("\n"));
  const flags = ["--data", drawn, "--curation", plan, "--out", join(folder, "left"), "--cache", join(folder, "cache")];
  const gone = "plan.csv: names 1 of 2 images that are gone (line 3: Train/melanoma/gone.jpg); passed over";
  const audited = await naevus("audit", ...flags);
  expect(audited.status, audited.errors).toBe(0);
  expect(audited.errors).toContain(gone);
  expect(audited.out).toContain("1 remark on the folder: files that are no images, classes with too few\n    Train/");
  expect(audited.out).toMatch(
    /drawn \(phantom data\) \(after curation: 10 left out, 0 relabelled, without nevus\)\n\d+ image files of 8 classes/,
  );
  const { counts, curation } = JSON.parse(await readFile(join(folder, "left/audit.json"), "utf8"));
  expect(counts.leftOut).toBe(1);
  expect(curation).toMatchObject({ leftOut: 10, classesLeftOut: ["nevus"] });
  expect(await readFile(join(folder, "left/audit.html"), "utf8")).toContain("after curation: 10 left out");
  const shown = await naevus("show", ...flags, "--cache", join(folder, "cache"));
  expect(shown.status, shown.errors).toBe(0);
  expect(shown.errors).toContain(gone);
  for (const name of ["gallery", "distribution"]) {
    expect(await readFile(join(folder, `left/${name}.svg`), "utf8")).toContain(", phantom data<");
  }
});

test("a folder that is none says so", async () => {
  const { status, errors } = await naevus("audit", "--data", join(folder, "nowhere"), "--out", join(folder, "none"));
  expect(status).toBe(1);
  expect(errors).toContain("no such folder");
});

test("the classes of a class map are audited, after the plan, whose classes are the folders'", async () => {
  const place = join(folder, "mapped");
  const data = join(place, "data");
  for (const [i, name] of ["melanoma", "nevus", "wart", "nevus"].entries()) {
    await mkdir(join(data, name), { recursive: true });
    const pixel = { create: { width: 8, height: 8, channels: 3, background: `rgb(${i * 50}, 9, 9)` } } as const;
    await sharp(pixel)
      .png()
      .toFile(join(data, name, `${i}.png`));
  }
  const [classMap, curation] = [join(place, "map.csv"), join(place, "plan.csv")];
  await writeFile(classMap, "class,becomes\nmelanoma,malignant\nnevus,benign\nwart,\n");
  await writeFile(curation, "action,path,class,group,reason\nleave out,nevus/3.png,nevus,,blurred\n");
  const { audit, problems } = await writeAudit(data, { out: join(place, "audit"), classMap, curation, images: false });
  expect(audit.counts.images).toBe(2);
  expect(audit.classes).toEqual(["benign", "malignant"]);
  expect(JSON.stringify(audit)).not.toContain(classMap);
  expect(problems).toContainEqual({ path: classMap, message: "leaves out 1 image of wart" });
});
