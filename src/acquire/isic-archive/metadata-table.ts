/** The metadata of downloaded images as a table in the columns of the ISIC Archive. */

import { csvText } from "../../formats/csv-text.ts";
import { byCodePoint } from "../../text/code-point-order.ts";

/** Columns that are always there; what else the archive knows follows, before licence and attribution. */
const first = [
  "isic_id",
  "lesion_id",
  "patient_id",
  "age_approx",
  "sex",
  "anatom_site_general",
  "diagnosis_1",
  "diagnosis_2",
  "diagnosis_3",
  "diagnosis_4",
  "diagnosis_5",
  "diagnosis_confirm_type",
  "image_type",
];
const last = ["copyright_license", "attribution"];

/** Columns beside these; the archive has some 20 of them, and one that gives every image others would fill the memory. */
const mostOthers = 500;

/** The rows as CSV, in the order given. */
export function metadataTable(rows: readonly Readonly<Record<string, string>>[]): string {
  const named = new Set([...first, ...last]);
  const counts = new Map<string, number>();
  for (const key of rows.flatMap((row) => Object.keys(row))) {
    if (!named.has(key)) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const others = [...counts].sort(([a, p], [b, q]) => q - p || byCodePoint(a, b)).slice(0, mostOthers);
  return csvText([...first, ...others.map(([key]) => key).sort(byCodePoint), ...last], rows);
}
