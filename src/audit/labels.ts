/** What metadata say against the labels, and what the default curation plan makes of them. */
import { makeCurationPlan } from "../dataset/curation/curate.ts";
import type { DiagnosisMapping } from "../dataset/diagnosis-mapping.ts";
import { distributionOf } from "./distribution.ts";
import { type Examined, placeOf } from "./examined.ts";
import type { Audit, Disagreement } from "./findings.ts";

/** The images whose class the diagnosis in the metadata contradicts. */
export const disagreementsOf = ({ dataset, known }: Examined, mapping: DiagnosisMapping): Disagreement[] =>
  dataset.images.flatMap(({ label }, index) => {
    const diagnosis = known[index]?.diagnosis;
    const agreeing = diagnosis === undefined ? undefined : mapping.labelsOf(diagnosis);
    if (diagnosis === undefined || agreeing === undefined || agreeing.includes(label)) return [];
    return [{ ...placeOf(dataset, index), diagnosis, agreesWith: agreeing.map((other) => dataset.classes[other]!) }];
  });

/** What the default plan leaves, counted under the classes of the data set. */
export function curatedDistribution(
  { dataset, survey: { sha256, contentOf }, known }: Examined,
  mapping: DiagnosisMapping,
  nearDuplicates: readonly (readonly [number, number])[],
): Audit["curated"] {
  const { steps } = makeCurationPlan({
    dataset,
    sha256: sha256.map((hash, index) => (contentOf[index] === undefined ? undefined : hash)),
    mapping,
    metadata: known,
    nearDuplicates,
  });
  const indexOf = new Map(dataset.images.map(({ path }, index) => [path, index]));
  const labels: (number | undefined)[] = dataset.images.map(({ label }) => label);
  const classesLeftOut: string[] = [];
  for (const step of steps) {
    if (step.action === "leave out class") classesLeftOut.push(step.className);
    else if (step.action === "leave out") labels[indexOf.get(step.path)!] = undefined;
    else if (step.action === "relabel") labels[indexOf.get(step.path)!] = dataset.classes.indexOf(step.className);
  }
  const gone = new Set(classesLeftOut.map((name) => dataset.classes.indexOf(name)));
  const left = labels.flatMap((label, index) => (label === undefined || gone.has(label) ? [] : [{ label, index }]));
  return {
    ...distributionOf(
      dataset.classes,
      left.map(({ label, index }) => ({ label, split: dataset.images[index]!.split })),
      left.map(({ index }) => known[index]),
    ),
    classesLeftOut,
  };
}
