/** The metadata of downloaded images as a table in the columns of the ISIC Archive. */

import { byCodePoint } from "../code-point-order.ts";
import { csvText } from "../csv-text.ts";

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

/** The rows as CSV, in the order given. */
export function metadataTable(rows: readonly Readonly<Record<string, string>>[]): string {
  const named = new Set([...first, ...last]);
  const other = new Set(rows.flatMap((row) => Object.keys(row)).filter((key) => !named.has(key)));
  return csvText([...first, ...[...other].sort(byCodePoint), ...last], rows);
}
