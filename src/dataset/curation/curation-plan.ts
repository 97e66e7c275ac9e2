/** A curation plan: a small CSV file that says which images to leave out, relabel or group, and why. */

import { createHash } from "node:crypto";
import { readWhole } from "../../disk/files.ts";
import { DatasetError } from "../../errors.ts";
import { csvText } from "../../formats/csv-text.ts";
import { readTable } from "../csv-table.ts";
import { isMissing } from "../missing-values.ts";

/** What is done, and to what; `reason` is for people. */
export type CurationStep =
  | ImageStep<"leave out">
  | (ImageStep<"relabel"> & { readonly className: string })
  | (ImageStep<"group"> & { readonly group: string })
  | { readonly action: "leave out class"; readonly className: string; readonly reason: string };

/** A step about one image. */
export interface ImageStep<Action extends string> {
  readonly action: Action;
  /** Relative to the data set's root, with `/`; in a plan as read, as it stands there. */
  readonly path: string;
  /** SHA-256 of the file that was judged, or its first digits; a plan written by hand may do without. */
  readonly content?: string;
  readonly reason: string;
}

/** Which images are left out, relabelled or grouped, step by step and each with its reason. Applying it changes no file. */
export interface CurationPlan {
  readonly steps: readonly CurationStep[];
  /** The data set that it was made for; unknown of a plan that somebody wrote. */
  readonly madeFor?: { readonly images: number; readonly fingerprint: string };
}

/** A plan as read from its file. */
export interface CurationPlanFile extends CurationPlan {
  readonly file: string;
  /** SHA-256 of the file. */
  readonly sha256: string;
  /** For each step its line in the file. */
  readonly lines: readonly number[];
}

const title = "naevus curation plan 1";
const columns = ["action", "path", "class", "group", "content", "reason"];
const actions = ["leave out class", "leave out", "relabel", "group"] as const;

/** Digits of a content's SHA-256 that are written. */
const contentDigits = 16;

/** Stands before the digits, or a spreadsheet takes some of them (such as 12345678e9012345) for numbers and rounds them. */
const contentPrefix = "sha256:";

/** The form that a spreadsheet gives to long numbers. */
const roundedNumber = /^\d+([.,]\d+)?e[+-]?\d+$/;

/** The text of a plan's file. Lines that begin with `#` are comments. */
export function formatCurationPlan({ steps, madeFor }: CurationPlan): string {
  const header = [
    title,
    ...(madeFor === undefined ? [] : [`data: ${madeFor.images} images, fingerprint ${madeFor.fingerprint}`]),
    "Applied on reading, no image is changed. Remove a line to undo it, or add your own. The content may be left empty.",
  ];
  const rows = steps.map((step) => {
    const about = { action: step.action, reason: step.reason };
    if (step.action === "leave out class") return { ...about, class: step.className };
    const content = step.content === undefined ? "" : `${contentPrefix}${step.content.slice(0, contentDigits)}`;
    const image = { ...about, path: step.path, content };
    if (step.action === "relabel") return { ...image, class: step.className };
    return step.action === "group" ? { ...image, group: step.group } : image;
  });
  return `${header.map((line) => `# ${line}\n`).join("")}${csvText(columns, rows)}`;
}

/**
 * Reads a plan, also as spreadsheets save it again: see `readTable`.
 *
 * @throws DatasetError where the file cannot be read, is no plan, or two of its lines contradict each other
 */
export async function readCurationPlan(file: string): Promise<CurationPlanFile> {
  const table = await readTable(file, { what: "curation plan", comments: true });
  const missing = columns.find(
    (column) => column !== "reason" && column !== "content" && !table.columns.includes(column),
  );
  if (missing !== undefined) {
    throw new DatasetError(
      `${file}: no column ${missing}, so this is no curation plan; expected ${columns.join(", ")}, as naevus curate writes them`,
    );
  }
  const other = table.comments.find((comment) => /^naevus curation plan/.test(comment) && !comment.startsWith(title));
  if (other !== undefined) throw new DatasetError(`${file}: a plan of another version (${other}); make it again`);

  const steps: CurationStep[] = [];
  const lines: number[] = [];
  for (const { line, fields } of table.rows) {
    steps.push(stepOf(fields, `${file}: line ${line}`));
    lines.push(line);
  }
  refuseContradictions(file, steps, lines);
  const [, images, fingerprint] =
    table.comments.map((comment) => /^data: (\d+) images\W+fingerprint ([0-9a-f]{64})/.exec(comment)).find(Boolean) ??
    [];
  const sha256 = createHash("sha256")
    .update(await readWhole(file))
    .digest("hex");
  return {
    steps,
    ...(images !== undefined && fingerprint !== undefined && { madeFor: { images: Number(images), fingerprint } }),
    file,
    sha256,
    lines,
  };
}

function stepOf(fields: ReadonlyMap<string, string>, where: string): CurationStep {
  const action = fields.get("action")?.toLowerCase();
  if (!actions.includes(action as (typeof actions)[number])) {
    throw new DatasetError(`${where}: expected an action (${actions.join(", ")}), got ${JSON.stringify(action ?? "")}`);
  }
  const need = (column: string): string => {
    const value = fields.get(column);
    // Of groups, one for all that is unknown would be a lie; files and classes may be called anything.
    if (value === undefined || (column === "group" && isMissing(value)))
      throw new DatasetError(`${where}: "${action}" needs a ${column}; fill it in, or remove the line`);
    return value;
  };
  const reason = fields.get("reason") ?? "";
  if (action === "leave out class") return { action, className: need("class").normalize("NFC"), reason };
  const given = fields.get("content")?.toLowerCase();
  const content = given === undefined || isMissing(given) ? undefined : given.replace(contentPrefix, "");
  if (content !== undefined && !/^[0-9a-f]{8,64}$/.test(content)) {
    const why = roundedNumber.test(content) ? "a number that a spreadsheet has rounded" : "no SHA-256 in hexadecimal";
    throw new DatasetError(`${where}: content is "${given}", ${why}; leave it empty, or make the plan again`);
  }
  const path = need("path");
  const image = { path, ...(content !== undefined && { content }), reason };
  if (action === "relabel") return { action, ...image, className: need("class").normalize("NFC") };
  return action === "group" ? { action, ...image, group: need("group") } : { action: "leave out", ...image };
}

/** Throws a DatasetError where two lines say different things about one image. */
export function refuseContradictions(file: string, steps: readonly CurationStep[], lines: readonly number[]): void {
  const decided = new Map<string, number>();
  for (const [i, step] of steps.entries()) {
    if (step.action !== "leave out" && step.action !== "relabel") continue;
    const before = decided.get(step.path);
    if (before === undefined) {
      decided.set(step.path, i);
      continue;
    }
    const earlier = steps[before]!;
    const same =
      step.action === earlier.action &&
      (step.action === "leave out" || (earlier.action === "relabel" && step.className === earlier.className));
    if (!same) {
      throw new DatasetError(
        `${file}: lines ${lines[before]} and ${lines[i]} contradict each other on ${step.path}; keep one of them`,
      );
    }
  }
}
