/** Applies a curation plan to a data set as it is read; the files stay as they are. */

import { DatasetError } from "../../errors.ts";
import { nameList } from "../../text/name-list.ts";
import { type HashOptions, hashContents } from "../content-hashes.ts";
import { type Dataset, type ImageRecord, inImageOrder, type Problem } from "../dataset.ts";
import { FoldedNames } from "../folded-names.ts";
import { DisjointSets } from "../groups.ts";
import { type CurationPlanFile, type CurationStep, refuseContradictions } from "./curation-plan.ts";

/** Lines that are named one by one in a message. */
const named = 3;

/** A path as Windows or a shell writes it; elsewhere a backslash may also be a part of a name. */
const withSlashes = (path: string): string => path.replaceAll("\\", "/").replace(/^(\.\/)+/, "");

/**
 * The data set without what the plan leaves out, with its labels and groups. Classes without an image left are gone, so that labels
 * may be others than before.
 *
 * A line about a file that is gone is passed over and becomes a problem. What does not fit the data is refused.
 *
 * @throws DatasetError where no named file is there, a named file's content is not the one that was judged, a class is unknown,
 *   or fewer than two classes keep a training image
 */
export async function applyCuration<D extends Dataset>(
  dataset: D,
  plan: CurationPlanFile,
  options: HashOptions = {},
): Promise<D> {
  const { file, lines, madeFor } = plan;
  const problems: Problem[] = [...dataset.problems];
  const note = (message: string): void => void problems.push({ path: file, message });
  const indexOf = new Map(dataset.images.map(({ path }, index) => [path, index]));
  const paths = new FoldedNames(indexOf);
  const pathOf = (written: string): string =>
    paths.nameOf(written) ?? paths.nameOf(withSlashes(written)) ?? withSlashes(written);
  const steps = plan.steps.map((step) => ("path" in step ? { ...step, path: pathOf(step.path) } : step));
  refuseContradictions(file, steps, lines);

  const gone = steps.flatMap((step, i) => ("path" in step && !indexOf.has(step.path) ? [i] : []));
  const about = steps.filter((step) => "path" in step).length;
  const someGone = gone.slice(0, named).map((i) => `line ${lines[i]}: ${(steps[i] as { path: string }).path}`);
  const listGone = `${someGone.join(", ")}${gone.length > named ? ` and ${gone.length - named} more` : ""}`;
  if (about > 0 && gone.length === about) {
    throw new DatasetError(
      `${file}: none of the ${about} images it names is in ${dataset.root} (${listGone}); give the plan of these data, ` +
        "or make one with naevus curate",
    );
  }
  if (gone.length > 0) note(`names ${gone.length} of ${about} images that are gone (${listGone}); passed over`);
  if (madeFor !== undefined && madeFor.images < dataset.images.length) {
    note(
      `made when there were ${madeFor.images} images, now there are ${dataset.images.length}; ` +
        "make it again with naevus curate, so that the new ones are looked at too",
    );
  }
  await refuseOtherContents(dataset, { ...plan, steps }, indexOf, options);

  const labels: (number | undefined)[] = dataset.images.map(({ label }) => label);
  const classLabels = new FoldedNames(dataset.classes.map((name, label) => [name, label]));
  const labelOf = (className: string, line: number | undefined): number => {
    const label = classLabels.get(className);
    if (label !== undefined) return label;
    throw new DatasetError(
      `${file}: line ${line}: no class "${className}" in ${dataset.root}; there is ${nameList(dataset.classes)}`,
    );
  };
  const groups = new Map<string, number[]>();
  const classesOut = new Set<number>();
  const counts = { leftOut: 0, relabelled: 0 };
  const apply: {
    readonly [K in CurationStep["action"]]: (step: Extract<CurationStep, { action: K }>, line: number) => void;
  } = {
    "leave out": ({ path }) => {
      const index = indexOf.get(path);
      if (index !== undefined) labels[index] = undefined;
    },
    relabel: ({ path, className }, line) => {
      const label = labelOf(className, line);
      const index = indexOf.get(path);
      if (index !== undefined) labels[index] = label;
    },
    group: ({ path, group }) => {
      const index = indexOf.get(path);
      if (index === undefined) return;
      const members = groups.get(group);
      if (members === undefined) groups.set(group, [index]);
      else members.push(index);
    },
    "leave out class": ({ className }, line) => void classesOut.add(labelOf(className, line)),
  };
  for (const [i, step] of steps.entries())
    (apply[step.action] as (step: CurationStep, line: number) => void)(step, lines[i]!);

  const trained = new Set<number>();
  for (const [index, label] of labels.entries()) {
    if (label !== undefined && !classesOut.has(label) && dataset.images[index]!.split === "train") trained.add(label);
  }
  for (const [label, name] of dataset.classes.entries()) {
    if (!trained.has(label) && !classesOut.has(label)) {
      classesOut.add(label);
      note(`leaves no training image of ${name}, class left out`);
    }
  }
  if (trained.size < 2) {
    throw new DatasetError(`${file}: leaves training images of fewer than two classes; remove some of its lines`);
  }
  const kept = [...trained].sort((a, b) => a - b);
  const newLabel = new Map(kept.map((label, position) => [label, position]));
  const groupOf = groupNames(groups, dataset.images.length);
  const images = dataset.images.flatMap((image, index): ImageRecord[] => {
    const label = newLabel.get(labels[index] ?? -1);
    if (label === undefined) {
      counts.leftOut++;
      return [];
    }
    if (labels[index] !== image.label) counts.relabelled++;
    const group = groupOf.get(index);
    return [{ ...image, label, ...(group !== undefined && { group }) }];
  });
  return {
    ...dataset,
    classes: kept.map((label) => dataset.classes[label]!),
    images: images.sort(inImageOrder),
    problems,
    curation: {
      plan: plan.sha256,
      ...counts,
      classesLeftOut: [...classesOut].sort((a, b) => a - b).map((label) => dataset.classes[label]!),
    },
  };
}

/** Throws where the plan was made for another content of a file than what is there now. */
async function refuseOtherContents(
  dataset: Dataset,
  { file, steps, lines }: CurationPlanFile,
  indexOf: ReadonlyMap<string, number>,
  options: HashOptions,
): Promise<void> {
  const judged = steps.flatMap((step, i) =>
    "path" in step && step.content !== undefined && indexOf.has(step.path)
      ? [{ path: step.path, content: step.content, line: lines[i]! }]
      : [],
  );
  const paths = [...new Set(judged.map(({ path }) => path))];
  const { sha256 } = await hashContents({ ...dataset, images: paths.map((path) => ({ path })) }, options);
  const contents = new Map(paths.map((path, i) => [path, sha256[i]]));
  // What cannot be read is left out when it is decoded; there is nothing to be wrong about.
  const other = judged.filter(({ path, content }) => contents.get(path)?.startsWith(content) === false);
  if (other.length === 0) return;
  const some = other.slice(0, named).map(({ path, line }) => `line ${line}: ${path}`);
  const more = other.length > named ? ` and ${other.length - named} more` : "";
  throw new DatasetError(
    `${file}: ${other.length === 1 ? "an image has" : `${other.length} images have`} another content than when the plan was made ` +
      `(${some.join(", ")}${more}); make it again with naevus curate, or remove these lines`,
  );
}

/** For each grouped image the name of its group: groups that share an image are one, under the name that comes first in the plan. */
function groupNames(groups: ReadonlyMap<string, readonly number[]>, images: number): Map<number, string> {
  const sets = new DisjointSets(images);
  for (const members of groups.values()) for (const member of members) sets.join(members[0]!, member);
  const names = new Map<number, string>();
  for (const [name, members] of groups) {
    const root = sets.find(members[0]!);
    if (!names.has(root)) names.set(root, name);
  }
  return new Map([...groups.values()].flat().map((member) => [member, names.get(sets.find(member))!]));
}
