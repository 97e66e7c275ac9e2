/** The models that a model went on from, nearest first, with digests of the images that each was trained on; they lie in the model file. */
import type { AncestorSummary } from "../evaluation/judgement/ancestor.ts";
import { type LearnedImages, learnedImagesFrom, storedLearnedImages } from "./learned-images.ts";

/** A model of a lineage. */
export interface Ancestor extends Omit<AncestorSummary, "trainingImages" | "validationImages"> {
  /** Its training and validation images; undefined where it does not tell them. */
  readonly learned: LearnedImages | undefined;
}

/** What a model that went on from others tells of them and of its own images. */
export interface Lineage {
  readonly ancestors: readonly Ancestor[];
  /** The model's own images; undefined where it does not tell them. */
  readonly own: LearnedImages | undefined;
}

/** An ancestor without its digests. */
export function ancestorSummary({ learned, ...who }: Ancestor): AncestorSummary {
  if (learned === undefined) return who;
  const { train, validation } = learned.counts;
  return { ...who, trainingImages: train, validationImages: validation };
}

/** Ancestors as JSON holds them. Their test images are no matter of those that come after, and are left out. */
export const storedAncestors = (ancestors: readonly Ancestor[]): readonly unknown[] =>
  ancestors.map(({ learned, ...who }) => ({
    ...who,
    ...(learned && { learnedImages: storedLearnedImages({ ...learned, test: new Map() }, 0) }),
  }));

const isText = (value: unknown): value is string => typeof value === "string";

/** Reads {@link storedAncestors}; undefined where the value is none. What cannot be read of one ancestor's images counts as not told. */
export function ancestorsFrom(value: unknown): readonly Ancestor[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const ancestors: Ancestor[] = [];
  for (const one of value as unknown[]) {
    if (typeof one !== "object" || one === null) return undefined;
    const { network, dataFingerprint, version, classes, origin, learnedImages } = one as Record<string, unknown>;
    const isWhole = isText(network) && isText(dataFingerprint) && isText(version) && Array.isArray(classes);
    if (!isWhole || !classes.every(isText)) return undefined;
    ancestors.push({
      network,
      dataFingerprint,
      version,
      classes,
      ...(origin === "folder" || origin === "phantom" ? { origin } : {}),
      learned: learnedImagesFrom(learnedImages),
    });
  }
  return ancestors;
}

/**
 * The text of a lineage; `classes` is how many labels the model's own images have. The own images stand in it, and not in the entry
 * `learnedImages`, so that a version that knows no lineages takes the model for one that does not tell its images.
 */
export const formatLineage = ({ ancestors, own }: Lineage, classes: number): string =>
  JSON.stringify({
    ...(own && { learnedImages: storedLearnedImages(own, classes) }),
    ancestors: storedAncestors(ancestors),
  });

/** Reads {@link formatLineage}; undefined where the text is none. */
export function parseLineage(text: string): Lineage | undefined {
  try {
    const { learnedImages, ancestors: list } = JSON.parse(text) as Record<string, unknown>;
    const ancestors = ancestorsFrom(list);
    return ancestors && { ancestors, own: learnedImagesFrom(learnedImages) };
  } catch {
    return undefined;
  }
}
