/** Names that would steer a terminal, a page, a spreadsheet or a program, in a data set, and what none of them may do. For tests. */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, vi } from "vitest";
import { readTable } from "../../dataset/csv-table.ts";
import { csvText } from "../../formats/csv-text.ts";
import { svgToPng } from "../../image/encode.ts";
import { bitmapFile } from "../../image/testing/bitmap-file.ts";
import { Random } from "../../random.ts";
import { main } from "../main.ts";
import { processTerminal } from "../terminal/terminal.ts";

/** A line that would pass for the program's own. */
const forged = "naevus: forged";

/** No name holds `/`, which divides paths, and none is longer than the 255 bytes that file systems take. */
export const hostileNames: readonly string[] = [
  "\u001b[31mred\u001b]8;;http:x\u0007",
  `line\n${forged}\r\b`,
  "gpj.\u202eevil\u2066\u200f\u061c",
  "\u200b\ufeffhidden\u2060\u{e0041}\u2028\u2029\u0085",
  "<script>alert(1)<\u2215script>",
  `"><img src=x onerror='alert(1)'>`,
  "](javascript:alert(1)) **a** `b` | c",
  "&lt;b&gt; &amp; $x$ ~~d~~",
  "=HYPERLINK(1);@SUM(1)",
  "+1+cmd|' C calc'!A0",
  "-option",
  "@SUM(1)\t=1",
  '\'=1, "quoted"',
  "constructor",
  "__proto__",
  "toString",
  "hasOwnProperty",
  "100 %s \\u0041 \\",
  "CON",
  " spaces. ",
  "👩\u200d🔬 \ufffd",
  `${"long".repeat(60)}é`,
];

/** Metadata's columns, two of them as hostile as the values. */
const metadataColumns = [
  "image",
  "constructor",
  "__proto__",
  "lesion_id",
  "patient_id",
  "sex",
  "age",
  "site",
  "diagnosis",
];

/** Of an image, in pixels. */
const side = 16;

/** A class folder for every name, with images that are called so too, and a table whose values are. */
export async function writeHostileData(
  data: string,
  metadata: string,
  { train = 3, test = 1 }: { readonly train?: number; readonly test?: number } = {},
): Promise<void> {
  const random = Random.of(1);
  const rows: Readonly<Record<string, string>>[] = [];
  for (const [label, name] of hostileNames.entries()) {
    for (const [part, count] of [
      ["Train", train],
      // Classes that are not tested are named in every judgement.
      ["Test", label % 2 === 0 ? 0 : test],
    ] as const) {
      const folder = join(data, part, name);
      await mkdir(folder, { recursive: true });
      for (let i = 0; i < count; i++) {
        const row = () => Array.from({ length: side * 3 }, () => random.integer(256));
        const image = bitmapFile({ width: side, height: side, bits: 24, rows: Array.from({ length: side }, row) });
        const other = hostileNames[(label + i) % hostileNames.length]!;
        const file = `${[...other].slice(0, 30).join("")}${part}${label}-${i}.bmp`;
        await writeFile(join(folder, file), image);
        const cells = [file, other, other, `${other}${file}`, `${other}${file}`, other, "40", other, name];
        rows.push(Object.fromEntries(metadataColumns.map((column, at) => [column, cells[at]!])));
      }
    }
    // Files that are no images are named in every command's remarks.
    await writeFile(join(data, "Train", name, `${[...name].slice(0, 30).join("")}.txt`), "");
    await writeFile(join(data, "Train", name, `${[...name].slice(0, 30).join("")}.jpg`), "no image");
  }
  if (process.platform === "linux") {
    const folder = join(data, "Train", hostileNames[0]!, "/");
    await writeFile(Buffer.concat([Buffer.from(folder), Buffer.from([0xe9, 0x1b, 0x9b]), Buffer.from(".png")]), "");
  }
  await writeFile(metadata, csvText(metadataColumns, rows));
}

/** What a command printed, in the process's own terminal. */
export interface Printed {
  readonly status: number;
  readonly out: string;
  readonly error: string;
}

/** Runs a command, and looks at every character that it printed. */
export async function printed(...argv: readonly string[]): Promise<Printed> {
  const written = { stdout: "", stderr: "" };
  const spies = (["stdout", "stderr"] as const).map((stream) =>
    vi.spyOn(process[stream], "write").mockImplementation((text) => {
      written[stream] += String(text);
      return true;
    }),
  );
  let status: number;
  try {
    status = await main(argv, processTerminal());
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  const { stdout: out, stderr: error } = written;
  for (const text of [out, error]) {
    expect(text).not.toMatch(unseen);
    expect(text.split("\n").filter((line) => line.startsWith(forged))).toEqual([]);
  }
  return { status, out, error };
}

/** Characters that steer, hide or turn, but for the line feed. */
const unseen =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it looks for them
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffe\uffff\u{e0000}-\u{e007f}]|\p{Cs}/u;

/** Tags and their attributes as our pages and drawings write them; text between them holds no `<`. */
const markup =
  /<(?:style|script)>([^<]*)<\/(?:style|script)>|<!doctype html>|<(\/?)([a-zA-Z][a-zA-Z0-9]*)((?:\s+[a-zA-Z][\w:-]*(?:="[^"<]*")?)*)\s*(\/?)>|[^<]+|</gu;

const voidTags = new Set(["meta", "img", "br"]);
const acting = new Set(["script", "style", "iframe", "object", "embed", "form", "base", "link"]);

/** Every tag closes, none is one that a name could have brought, and no attribute or address acts. */
function checkMarkup(text: string): void {
  expect(text.replaceAll("\t", "")).not.toMatch(unseen);
  const open: string[] = [];
  const wrong: string[] = [];
  const hashOf = (own: string): string => `'sha256-${createHash("sha256").update(own).digest("base64")}'`;
  for (const [piece, own, close, tag, attributes = "", single] of text.matchAll(markup)) {
    // What the page's policy names by its hash is the program's own.
    if (own !== undefined && !text.includes(hashOf(own))) wrong.push(piece);
    if (piece === "<" || acting.has(tag ?? "")) wrong.push(piece);
    if (/ on[a-z]+=|="\s*javascript:| style=/i.test(attributes.replace(/"[^"]*"/g, (value) => value.slice(0, 20))))
      wrong.push(piece);
    if (tag === undefined) continue;
    if (close) wrong.push(...[open.pop()].filter((last) => last !== tag).map((last) => `<${last}> closed by ${piece}`));
    else if (!single && !voidTags.has(tag)) open.push(tag);
  }
  expect([...wrong, ...open]).toEqual([]);
}

/** What makes a formula at the beginning of a cell, unless it is a number. */
const isFormula = (cell: string): boolean => /^\s*[=+\-@]/.test(cell);

const checks: Readonly<Record<string, (text: string, file: string) => unknown>> = {
  html: async (text) => {
    checkMarkup(text);
    for (const [drawing] of text.matchAll(/<svg .*?<\/svg>/gs)) await svgToPng(drawing);
  },
  svg: async (text) => {
    checkMarkup(text);
    await svgToPng(text);
  },
  json: (text) => JSON.parse(text),
  jsonl: (text) =>
    text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line)),
  md: (text) => {
    expect(text).not.toMatch(unseen);
    expect(text.replace(/\\[!-/:-@[-`{-~]/g, "").replace(/^\*\*|\*\*$/gm, "")).not.toMatch(/[<>`*[\]~$]|&\w+;|:\/\//);
  },
  csv: async (text, file) => {
    // Cells as a spreadsheet that divides at commas, or at semicolons, has them.
    for (const cell of text.split(/[,;\n\r]/)) expect(isFormula(cell.replace(/^"/, "")), cell).toBe(false);
    await readTable(file, { what: "table", comments: text.startsWith("#") });
  },
};

/** Looks at every file below a folder, in the way that its suffix tells. Returns the files that were looked at, by their suffix. */
export async function checkFiles(folder: string): Promise<ReadonlyMap<string, number>> {
  const looked = new Map<string, number>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const suffix = entry.name.slice(entry.name.lastIndexOf(".") + 1);
    const check = new Map(Object.entries(checks)).get(suffix);
    if (!entry.isFile() || check === undefined) continue;
    const file = join(entry.parentPath, entry.name);
    await check(await readFile(file, "utf8"), file);
    looked.set(suffix, (looked.get(suffix) ?? 0) + 1);
  }
  return looked;
}
