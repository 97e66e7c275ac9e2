/** What stands beside every figure about its data: how images were curated, which classes were merged, how training and test were separated. */

import { nameList } from "../text/name-list.ts";
import { plural } from "../text/numbers.ts";

/** The name of the protocol where the folders have no Test, so that a part of each class was drawn to be tested. */
export const drawnProtocol = "drawn split";

/** The name of the protocol where data are judged that the model was not trained on, all of them. */
export const externalProtocol = "external";

/** What a curation plan did to a data set; it stands beside every figure. */
export interface CurationSummary {
  /** SHA-256 of the plan's file. */
  readonly plan: string;
  readonly leftOut: number;
  readonly relabelled: number;
  readonly classesLeftOut: readonly string[];
}

/** How a named protocol separated training and test images; it stands beside every figure. */
export interface ProtocolSummary {
  /** Such as `clean` or `grouped:5`, or `drawn split`. */
  readonly name: string;
  /** Of a drawn split: the seed that it was drawn by. */
  readonly seed?: number | undefined;
  /** Of `grouped:K`: the fold that is tested, from 0. */
  readonly fold?: number | undefined;
  /** What images of one group share, such as content and lesion. */
  readonly groupedBy: readonly string[];
  /** Of `clean`: test images left out because their content, or another image of their group, stands in training. */
  readonly leftOut?: { readonly content: number; readonly group: number } | undefined;
}

/** Which classes were renamed, merged or left out for a task; it stands beside every figure. */
export interface ClassMapSummary {
  /** The classes that the map names, as the folders have them, and what each becomes: null where its images are left out. */
  readonly becomes: readonly (readonly [name: string, becomes: string | null])[];
  /** Images of the classes that are left out. */
  readonly leftOut: number;
}

/** What a class map did, such as `malignant: melanoma, bcc; left out: nevus (12 images)`; a name that stays is not told. */
export function classMapInWords({ becomes, leftOut }: ClassMapSummary = { becomes: [], leftOut: 0 }): string {
  const merged = new Map<string, string[]>();
  for (const [name, other] of becomes) {
    if (other !== null) merged.set(other, [...(merged.get(other) ?? []), name]);
  }
  const out = becomes.flatMap(([name, other]) => (other === null ? [name] : []));
  return [
    ...[...merged]
      .filter(([name, of]) => of.some((one) => one !== name))
      .map(([name, of]) => `${name}: ${nameList(of)}`),
    ...(out.length > 0 ? [`left out: ${nameList(out)} (${plural(leftOut, "image")})`] : []),
  ].join("; ");
}
