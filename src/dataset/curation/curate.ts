/** Makes a curation plan by the default rules: duplicates count once, conflicts are settled by the diagnosis, lesions stay together. */

import { dataFingerprint } from "../content-hashes.ts";
import type { Dataset, ImageRecord } from "../dataset.ts";
import { type DiagnosisMapping, diagnosisMapping } from "../diagnosis-mapping.ts";
import { groupImages } from "../groups.ts";
import { fileStem, imageId } from "../image-id.ts";
import type { ImageMetadata } from "../metadata.ts";
import type { CurationPlan, CurationStep } from "./curation-plan.ts";

/** A class that keeps a smaller part of its contents than this is left out: what is left of it is an accident. */
const smallestRest = 0.1;

/** What is known of a data set when a curation plan is made; whatever is missing settles nothing. */
export interface CurationFindings {
  readonly dataset: Dataset;
  /** Of each image, in their order; an image without is not looked at. */
  readonly sha256: readonly (string | undefined)[];
  /** What each image shows, such as the hash of its pixels, whatever file holds it; default `sha256`. */
  readonly contents?: readonly (string | undefined)[];
  /** Of each image, in their order. */
  readonly metadata?: readonly (ImageMetadata | undefined)[];
  /** Default: the built-in names. */
  readonly mapping?: DiagnosisMapping;
  /** Whether images of one patient are grouped, default false. */
  readonly patients?: boolean;
  /** Pairs of indices into the images that show the same photograph; they are grouped. */
  readonly nearDuplicates?: Iterable<readonly [number, number]>;
}

/** What becomes of the files of one content. */
interface Verdict {
  /** The file that stays, with its label; undefined where none does. */
  readonly kept?: { readonly index: number; readonly label: number };
  readonly steps: readonly CurationStep[];
}

/**
 * The plan by the default rules.
 *
 * - Files of one content under one class count once; the one in Test stays, so that Test stays whole and Train does not hold it.
 * - A content under several classes goes to the one that its diagnosis agrees with; where that is not exactly one, all are left out.
 * - A label that the diagnosis contradicts becomes the one class that it agrees with; where that is not exactly one, the image is left out.
 * - A class that keeps less than a tenth of its contents, or no training image, is left out.
 * - What is left of one lesion (or one ISIC id, near duplicate, or patient where asked for) is grouped.
 */
export function makeCurationPlan(findings: CurationFindings): Required<CurationPlan> {
  const { dataset, sha256, contents = sha256, mapping = diagnosisMapping(dataset.classes) } = findings;
  const { classes, images } = dataset;
  const byContent = new Map<string, number[]>();
  for (const [index, content] of contents.entries()) {
    if (content === undefined || sha256[index] === undefined) continue;
    const same = byContent.get(content);
    if (same === undefined) byContent.set(content, [index]);
    else same.push(index);
  }
  const before = classes.map(() => 0);
  const after = classes.map(() => 0);
  const trained = classes.map(() => false);
  const stays = new Map<number, number>();
  const steps = new Map<number, CurationStep>();
  for (const indices of byContent.values()) {
    for (const label of new Set(indices.map((index) => images[index]!.label))) before[label]!++;
    const verdict = judge(findings, mapping, indices);
    for (const step of verdict.steps) {
      if ("path" in step) steps.set(indices.find((index) => images[index]!.path === step.path)!, step);
    }
    if (verdict.kept === undefined) continue;
    const { index, label } = verdict.kept;
    stays.set(index, label);
    after[label]!++;
    if (images[index]!.split === "train") trained[label] = true;
  }
  const classesOut = new Set(
    classes.flatMap((_, label) =>
      before[label]! > 0 && (after[label]! < smallestRest * before[label]! || !trained[label]) ? [label] : [],
    ),
  );
  const classSteps = [...classesOut].map((label): CurationStep => {
    const rest = after[label] === 0 ? "none" : `${after[label]}`;
    const reason = `of ${before[label]} contents ${rest} can be trusted${after[label]! > 0 && !trained[label] ? ", not one to train on" : ""}`;
    return { action: "leave out class", className: classes[label]!, reason };
  });
  const left = [...stays].flatMap(([index, label]) => (classesOut.has(label) ? [] : [index])).sort((a, b) => a - b);
  return {
    steps: [
      ...classSteps,
      ...[...steps].sort(([a], [b]) => a - b).map(([, step]) => step),
      ...groupSteps(findings, left),
    ],
    madeFor: { images: images.length, fingerprint: fingerprintOf(dataset, sha256) },
  };
}

const fingerprintOf = ({ classes, images }: Dataset, sha256: readonly (string | undefined)[]): string =>
  dataFingerprint(
    classes,
    images.flatMap(({ split, label }, index) => {
      const content = sha256[index];
      return content === undefined ? [] : [{ split, label, sha256: content }];
    }),
  );

function judge(
  { dataset: { classes, images }, sha256, metadata }: CurationFindings,
  mapping: DiagnosisMapping,
  indices: readonly number[],
): Verdict {
  const labels = [...new Set(indices.map((index) => images[index]!.label))];
  const leaveOut = (index: number, reason: string): CurationStep => ({
    action: "leave out",
    path: images[index]!.path,
    content: sha256[index]!,
    reason,
  });
  const nameOf = (label: number): string => classes[label]!;
  const conflict = `one content under ${labels.map(nameOf).join(" and ")}`;
  const all = (reason: string): Verdict => ({ steps: indices.map((index) => leaveOut(index, reason)) });

  const { diagnosis, agreeing } = diagnosisOf(indices, metadata, mapping);
  let label: number;
  let why: string;
  if (agreeing === undefined) {
    if (labels.length > 1) return all(`${conflict}, and ${diagnosis}`);
    label = labels[0]!;
    why = "";
  } else {
    const settled = labels.filter((candidate) => agreeing.includes(candidate));
    const choices = settled.length > 0 ? settled : agreeing;
    const before = labels.length > 1 ? `${conflict}; ` : `called ${nameOf(labels[0]!)}; `;
    if (choices.length !== 1) {
      return all(
        `${before}${diagnosis} is ${choices.length === 0 ? "no class here" : choices.map(nameOf).join(" or ")}`,
      );
    }
    label = choices[0]!;
    why = `${before}${diagnosis} is ${nameOf(label)}`;
  }

  const candidates = indices.filter((index) => images[index]!.label === label);
  const index = best(candidates.length > 0 ? candidates : indices, images);
  const { path } = images[index]!;
  const others = indices.filter((other) => other !== index);
  return {
    kept: { index, label },
    steps: [
      ...(candidates.length > 0
        ? []
        : [{ action: "relabel", path, className: nameOf(label), content: sha256[index]!, reason: why } as const]),
      ...others.map((other) =>
        leaveOut(other, images[other]!.label === label ? `the same content as ${path}` : `${why}, as ${path}`),
      ),
    ],
  };
}

/** What the metadata say of one content: in words, and the labels that it agrees with where that is known. */
function diagnosisOf(
  indices: readonly number[],
  metadata: CurationFindings["metadata"],
  mapping: DiagnosisMapping,
): { readonly diagnosis: string; readonly agreeing?: readonly number[] } {
  const found = new Set(indices.flatMap((index) => metadata?.[index]?.diagnosis ?? []));
  if (found.size === 0)
    return { diagnosis: metadata === undefined ? "there are no metadata" : "no diagnosis is known" };
  const text = `the diagnosis ${[...found].join(" and ")}`;
  const agreed = [...found].flatMap((diagnosis) => {
    const labels = mapping.labelsOf(diagnosis);
    return labels === undefined ? [] : [labels];
  });
  if (agreed.length === 0) return { diagnosis: `${text} is of no known class` };
  return { diagnosis: text, agreeing: agreed.reduce((a, b) => a.filter((label) => b.includes(label))) };
}

/** The file that stays of several: one in Test, then one that has the image's plain name, then the first. */
function best(indices: readonly number[], images: readonly ImageRecord[]): number {
  const rank = (index: number): number => {
    const { split, path } = images[index]!;
    return (split === "test" ? 0 : 2) + (fileStem(path) === imageId(path) ? 0 : 1);
  };
  return indices.reduce((a, b) => (rank(b) < rank(a) ? b : a));
}

function groupSteps(
  { dataset, sha256, contents = sha256, metadata, patients = false, nearDuplicates = [] }: CurationFindings,
  left: readonly number[],
): CurationStep[] {
  const position = new Map(left.map((index, at) => [index, at]));
  const images = left.map((index) => dataset.images[index]!);
  const about = left.map((index) => metadata?.[index]);
  const near: [number, number][] = [];
  // A pair may name a duplicate that is left out: the file of the same content that stays then stands for it.
  const standIn = new Map(left.map((index) => [contents[index]!, index]));
  for (const pair of nearDuplicates) {
    const [a, b] = pair.map((index) => position.get(index) ?? position.get(standIn.get(contents[index] ?? "") ?? -1));
    if (a !== undefined && b !== undefined && a !== b) near.push([a, b]);
  }
  const inPair = new Set(near.flat());
  const { members } = groupImages(images, { metadata: about, patients, nearDuplicates: near });
  let unnamed = 0;
  return members
    .filter((group) => group.length > 1)
    .flatMap((group) => {
      const lesions = [...new Set(group.flatMap((at) => about[at]?.lesion ?? []))];
      const people = patients ? [...new Set(group.flatMap((at) => about[at]?.patient ?? []))] : [];
      const name = lesions[0] ?? people[0] ?? `group-${++unnamed}`;
      const shared = [
        ...(lesions.length > 0 ? [`lesion ${lesions.join(" and ")}`] : []),
        ...(people.length > 0 ? [`patient ${people.join(" and ")}`] : []),
        ...(group.some((at) => inPair.has(at)) ? ["nearly the same picture"] : []),
      ];
      const reason = `${group.length} images of ${shared.length > 0 ? shared.join(", ") : "one ISIC id"}`;
      return group.map(
        (at): CurationStep => ({
          action: "group",
          path: images[at]!.path,
          content: sha256[left[at]!]!,
          group: name,
          reason,
        }),
      );
    });
}
