/** What the steps of a study share: the data, the folder, the engine, and whom to tell. */
import type { Dataset } from "../dataset/dataset.ts";
import type { Metadata } from "../dataset/metadata.ts";
import type { ProtocolOptions } from "../dataset/protocols.ts";
import type { Engine } from "../engine/engine.ts";
import type { Evaluation } from "../evaluation/judgement/evaluation.ts";
import type { PackedImages } from "../image/store/packed-store.ts";
import type { RunEvent } from "../run/run-events.ts";
import type { Stopwatch } from "../stopwatch.ts";
import type { Settings } from "../training/settings/schema.ts";
import type { DoneStep, StudyFolder, StudyStep } from "./study-folder.ts";

/** What happens during a study, for a caller to show. */
export type StudyEvent =
  | RunEvent
  | { readonly kind: "chapter"; readonly number: number; readonly title: string }
  | { readonly kind: "kept"; readonly step: string }
  /** A run of the study was judged on its test images. */
  | { readonly kind: "judged"; readonly run: string; readonly evaluation: Evaluation }
  | {
      readonly kind: "fit";
      readonly recipe: string;
      readonly fold: number;
      readonly folds: number;
      /** From 0: the folds are trained so many times over, with other seeds. */
      readonly repetition: number;
      readonly repetitions: number;
      readonly epoch: number;
      readonly epochs: number;
      readonly step: number;
      readonly stepsPerEpoch: number;
      readonly loss: number;
      readonly accuracy: number;
      readonly imagesPerSecond: number;
    };

/** What all steps of a study share. */
export interface StudyContext {
  readonly folder: StudyFolder;
  /** The data folder and its table of metadata. */
  readonly source: { readonly data: string; readonly metadata: string | undefined };
  readonly engine: Engine;
  /** Whether pictures of the images may be kept and shown. */
  readonly pictures: boolean;
  /** Base of every recipe. */
  readonly settings: Settings;
  /** Of contents, classes and splits as found. */
  readonly dataHash: string;
  readonly onEvent: (event: StudyEvent) => void;
  readonly signal: AbortSignal | undefined;
  readonly stopwatch: Stopwatch;
  /** The steps of this study by their ids, for those that are asked for again. */
  readonly steps: Map<string, { readonly inputs: string; readonly done: Promise<DoneStep<unknown>> }>;
}

/** What the inputs of a step that makes pictures hold where it must make none, so that those of an earlier time do not stay. */
export const pictureInputs = ({ pictures }: Pick<StudyContext, "pictures">): readonly string[] =>
  pictures ? [] : ["no pictures"];

/** Does a step, once however often it is asked for, and tells where it was kept. */
export async function doStep<T>(context: StudyContext, step: StudyStep<T>): Promise<T> {
  context.signal?.throwIfAborted();
  const inputs = JSON.stringify(step.inputs);
  const known = context.steps.get(step.id);
  if (known !== undefined) {
    if (known.inputs !== inputs) throw new Error(`study: two steps are called ${step.id}; give each a name of its own`);
    return (await known.done).result as T;
  }
  const done = context.folder.do({ ...step, inputs: [context.dataHash, step.inputs] });
  context.steps.set(step.id, { inputs, done });
  const { result, kept } = await done;
  if (kept) context.onEvent({ kind: "kept", step: step.id });
  return result;
}

/** Seconds that all steps so far took, whenever they were done. */
export async function spentSeconds({ steps }: Pick<StudyContext, "steps">): Promise<number> {
  const done = await Promise.all([...steps.values()].map((step) => step.done));
  return done.reduce((sum, { seconds }) => sum + seconds, 0);
}

/** The data set after curation and protocol, ready to train on. */
export interface StudyData {
  /** Curated, with a test set that shares nothing with training. */
  readonly clean: Dataset;
  readonly metadata: Metadata | undefined;
  readonly protocolOptions: ProtocolOptions;
  /** The curation plan's file. */
  readonly plan: string;
  /** A group's number by image path. */
  readonly groupOf: ReadonlyMap<string, number>;
  /** The images at the size that these settings say, by default the network's own; they stay open until the study ends. */
  pack(settings: Pick<Settings, "network" | "imageSize">): Promise<PackedImages>;
}
