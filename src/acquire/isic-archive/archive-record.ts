/** What the ISIC Archive's interface (version 2) answers about one image, checked and made flat. */

import { z } from "zod";
import { ArchiveError } from "./archive-error.ts";

/** Where the interface is. */
export const isicArchive = "https://api.isic-archive.com/api/v2/";

/** An image of the archive: where it is, what is known of it, and under which licence it may be used. */
export interface ArchiveRecord {
  readonly id: string;
  /** Of the image at full resolution. */
  readonly url: string;
  /** In pixels, where the archive says. */
  readonly width: number | undefined;
  readonly height: number | undefined;
  /** The columns of the archive's own metadata tables, with what is known only. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** The archive knows some 30 of an image. */
const mostFields = 200;

const fields = z
  .record(z.string(), z.unknown())
  .refine((record) => Object.keys(record).length <= mostFields, `more than ${mostFields} fields`)
  .nullish();

/** Only what is used; the archive may add more. `files.full.size` is left alone, see `receivedImage`. */
const answer = z.object({
  isic_id: z.string().max(100),
  copyright_license: z.string().nullish(),
  attribution: z.string().nullish(),
  files: z.object({ full: z.object({ url: z.url({ protocol: /^https?$/ }) }) }),
  metadata: z.object({ acquisition: fields, clinical: fields }).nullish(),
});

/** The address of an image's record. */
export const recordAddress = (archive: string, id: string): string =>
  `${archive.replace(/\/*$/, "/")}images/${encodeURIComponent(id)}/`;

/**
 * Reads an answer to {@link recordAddress}.
 *
 * @throws ArchiveError where it is no JSON, lacks what is needed, or speaks of another image; it may be better next time
 */
export function readRecord(bytes: Uint8Array, id: string): ArchiveRecord {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new ArchiveError("the answer is not JSON", { passing: true, cause });
  }
  const { data, error } = answer.safeParse(json);
  if (data === undefined) {
    const [issue] = error.issues;
    const where = issue?.path.join(".") || "it";
    throw new ArchiveError(`the answer lacks what is needed (${where}: ${issue?.message})`, {
      passing: true,
      cause: error,
    });
  }
  if (data.isic_id !== id) throw new ArchiveError(`the answer is about ${data.isic_id}`, { passing: true });
  const { acquisition, clinical } = data.metadata ?? {};
  const pixels = z.number().int().positive().optional().catch(undefined);
  return {
    id,
    url: data.files.full.url,
    width: pixels.parse(acquisition?.pixels_x),
    height: pixels.parse(acquisition?.pixels_y),
    metadata: texts({
      ...acquisition,
      ...clinical,
      isic_id: id,
      copyright_license: data.copyright_license,
      attribution: data.attribution,
    }),
  };
}

function texts(values: Readonly<Record<string, unknown>>): Record<string, string> {
  const known = Object.entries(values).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return Object.fromEntries(
    known.map(([key, value]) => [key, typeof value === "object" ? nestedText(value) : String(value)]),
  );
}

function nestedText(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    // Brackets in brackets, deeper than the stack.
    throw new ArchiveError("the answer is nested too deeply", { passing: true, cause });
  }
}
