/** Tables as spreadsheets save them: what Excel and LibreOffice make of a plan and of metadata, in English and in German. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../testing/temporary-folder.ts";
import { readTable } from "./csv-table.ts";
import { type CurationPlan, formatCurationPlan, readCurationPlan } from "./curation/curation-plan.ts";
import { readMetadata } from "./metadata.ts";

const folder = temporaryFolder();
let files = 0;

async function fileOf(content: string | Uint8Array): Promise<string> {
  const file = join(folder, `table${++files}.csv`);
  await writeFile(file, content);
  return file;
}

/** What can go wrong in one plan: separators, quotes, accents, and a content that looks like a number. */
const plan: CurationPlan = {
  madeFor: { images: 2357, fingerprint: "ab".repeat(32) },
  steps: [
    { action: "leave out class", className: "Fußpilz", reason: "of 12 contents 1 can be trusted" },
    {
      action: "leave out",
      path: "Train/nävus/a, b.jpg",
      content: "12345678e1234567",
      reason: 'one content; called "nevus", not melanoma',
    },
    { action: "relabel", path: "Train/nävus/b.jpg", className: "melanoma", content: "0123456789012345", reason: "" },
    { action: "group", path: "Train/nävus/c.jpg", group: "L1", reason: "2 images of lesion L1" },
  ],
};

/** The cells that a program sees when it opens a file with the separator that it expects, or is told. */
function opened(text: string, separator: string): string[][] {
  const rows: string[][] = [];
  for (const line of text.trimEnd().split("\n")) {
    const cells: string[] = [];
    let cell = "";
    let quoted = false;
    for (let i = 0; i < line.length; i++) {
      const sign = line[i]!;
      // A quote within a cell that began without one is a letter.
      if (sign === '"' && (quoted || cell === "")) {
        if (quoted && line[i + 1] === '"') {
          cell += line[++i];
        } else quoted = !quoted;
      } else if (sign === separator && !quoted) {
        cells.push(cell);
        cell = "";
      } else cell += sign;
    }
    rows.push([...cells, cell]);
  }
  const width = Math.max(...rows.map((row) => row.length));
  return rows.map((row) => [...row, ...Array<string>(width - row.length).fill("")]);
}

interface Saving {
  readonly separator: string;
  /** LibreOffice's "quote all text cells". */
  readonly quoteAll?: boolean;
  readonly end?: string;
}

const saved = (rows: readonly (readonly string[])[], { separator, quoteAll = false, end = "\r\n" }: Saving): string =>
  rows
    .map((row) =>
      row
        .map((cell) =>
          quoteAll || cell.includes(separator) || /["\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell,
        )
        .join(separator),
    )
    .join(end) + end;

const windows1252 = (text: string): Uint8Array => Buffer.from(text, "latin1");
const utf16 = (text: string): Uint8Array => Buffer.from(`\ufeff${text}`, "utf16le");
const utf16BigEndian = (text: string): Uint8Array => Buffer.from(utf16(text)).swap16();

const written = formatCurationPlan(plan);
const byCommas = opened(written, ",");
const inOneCell = opened(written, ";");

describe("a curation plan comes back", () => {
  it.each<[string, string | Uint8Array]>([
    ["as it was written", written],
    ["from English Excel, CSV UTF-8", `\ufeff${saved(byCommas, { separator: "," })}`],
    ["from English Excel, CSV", windows1252(saved(byCommas, { separator: "," }))],
    ["from English Excel, Unicode text", utf16(saved(byCommas, { separator: "\t" }))],
    ["in UTF-16 with the other order of bytes", utf16BigEndian(saved(byCommas, { separator: "\t" }))],
    ["from German Excel after an import, CSV UTF-8", `\ufeff${saved(byCommas, { separator: ";" })}`],
    ["from German Excel after an import, CSV", windows1252(saved(byCommas, { separator: ";" }))],
    ["from German Excel after a double click, cut at semicolons", windows1252(saved(inOneCell, { separator: ";" }))],
    [
      "from German Excel after a double click, where no semicolon stands in the plan",
      windows1252(saved(opened(written.replaceAll("; ", ", "), ";"), { separator: ";" })),
    ],
    ["from English LibreOffice", saved(byCommas, { separator: ",", end: "\n" })],
    ["from English LibreOffice, all cells quoted", saved(byCommas, { separator: ",", quoteAll: true, end: "\n" })],
    ["from German LibreOffice", saved(byCommas, { separator: ";", end: "\n" })],
    ["from German LibreOffice, all cells quoted", saved(byCommas, { separator: ";", quoteAll: true, end: "\n" })],
    ["with tabs and all cells quoted", saved(byCommas, { separator: "\t", quoteAll: true })],
    [
      "with empty rows and columns around it",
      saved([["", ""], ...byCommas.map((row) => [...row, "", ""]), ["", ""]], { separator: ";" }),
    ],
    ["with the line that tells Excel the separator", `sep=;\r\n${saved(byCommas, { separator: ";" })}`],
  ])("%s", async (_, content) => {
    const file = await fileOf(content);
    const { steps, madeFor } = await readCurationPlan(file);
    const plain = (text: string): string => text.replace(/[;,]\s*/g, ", ");
    expect(steps.map((step) => ({ ...step, reason: plain(step.reason) }))).toEqual(
      plan.steps.map((step) => ({ ...step, reason: plain(step.reason) })),
    );
    expect(madeFor).toEqual(plan.madeFor);
  });

  it("writes contents so that a spreadsheet takes none for a number", () => {
    const cells = byCommas.flat().filter((cell) => cell !== "");
    expect(cells.filter((cell) => Number.isFinite(Number(cell)))).toEqual([]);
  });

  it("says so where a spreadsheet has rounded a content of an older plan", async () => {
    const header = "action;path;class;group;content;reason\n";
    const file = await fileOf(`${header}leave out;a.jpg;;;1,23457E+15;\n`);
    await expect(readCurationPlan(file)).rejects.toThrow(
      'line 2: content is "1,23457e+15", a number that a spreadsheet has rounded; leave it empty',
    );
  });

  it("takes a group that a formula did not find for none", async () => {
    const file = await fileOf("action,path,class,group,content,reason\ngroup,a.jpg,,#N/A,#N/A,\n");
    await expect(readCurationPlan(file)).rejects.toThrow('line 2: "group" needs a group');
  });
});

describe("metadata", () => {
  const rows = [
    ["isic_id", "lesion_id", "age_approx", "anatom_site_general"],
    ["ISIC_0000001", "L1", "55,5", "Fußsohle"],
    ["ISIC_0000002", "", "", "Rücken"],
  ];
  const expected = [
    ["ISIC_0000001", { lesion: "L1", age: 55.5, site: "fußsohle" }],
    ["ISIC_0000002", { site: "rücken" }],
  ];
  it.each<[string, string | Uint8Array]>([
    ["German Excel, CSV", windows1252(saved(rows, { separator: ";" }))],
    ["German Excel, CSV UTF-8", `\ufeff${saved(rows, { separator: ";" })}`],
    ["English Excel with quotes around the comma", saved(rows, { separator: "," })],
    ["a line sep=;", `sep=;\r\n${saved(rows, { separator: ";" })}`],
    ["a line sep= with a BOM, quoted and padded", `\ufeff"sep=;";;;\r\n${saved(rows, { separator: ";" })}`],
    ["a line sep= with a tab", `sep=\t\r\n${saved(rows, { separator: "\t" })}`],
    ["upright strokes", saved(rows, { separator: "|" })],
    ["each line in one cell", saved(opened(saved(rows, { separator: ",", end: "\n" }), ";"), { separator: ";" })],
  ])("of %s", async (_, content) => {
    expect([...(await readMetadata(await fileOf(content))).images]).toEqual(expected);
  });

  it("keep commas in a lonely id", async () => {
    const { rows: read } = await readTable(await fileOf('image_id,lesion_id\n"left, arm",\n"left, leg",L1\n'), {
      what: "metadata",
    });
    expect(read.map(({ fields }) => fields.get("image_id"))).toEqual(["left, arm", "left, leg"]);
  });

  it("keep line ends within quoted cells", async () => {
    const { rows: read } = await readTable(await fileOf('\r\nimage_id,lesion_id\r\n"a\rb\r\nc",L1\r\n'), {
      what: "metadata",
    });
    expect(read.map(({ fields }) => fields.get("image_id"))).toEqual(["a\rb\r\nc"]);
  });

  it("count lines from the file's first, whatever stands above the columns", async () => {
    const metadata = await readMetadata(await fileOf("sep=;\n\nisic_id;age\nISIC_0000001;x\n"));
    expect(metadata.problems.map(({ message }) => message)).toEqual([
      "line 4: the age is no number of years, left unknown",
    ]);
  });
});
