/** What was found out about images before a model judged them: which of them it had seen, and which were left out. */

/** Images that stand in training by their content, or else by another image of their lesion or patient. */
export interface SeenCounts {
  readonly content: number;
  readonly lesion: number;
  readonly patient: number;
}

/** Whether the models had seen the images that were judged, and which images were not judged. */
export interface JudgedCheck {
  /**
   * What images were compared by with every model, and with those before it; `lesion` is not there where one of them knew no lesions. Empty where nothing tells what
   * a model was trained on.
   */
  readonly comparedBy: readonly (keyof SeenCounts)[];
  /** Evaluated although a model was trained on them: of a published test set, or because somebody insisted. */
  readonly seen: SeenCounts;
  /** Not judged. `missing`: gone, changed or unreadable. */
  readonly leftOut: SeenCounts & { readonly missing: number };
  /** Not judged, because an earlier model was trained on them that a judged one went on from; absent where there is no such model. */
  readonly leftOutForAncestors?: SeenCounts;
  /** What was not judged, by name. */
  readonly leftOutImages: readonly { readonly path: string; readonly reason: string }[];
  /** Images in the folder of a run's own data that are none of the run's: new, unreadable or left out of it; they were not judged. */
  readonly newImages: number;
  /** Of a run's own test images: judged by the class that they had in the run, though they lie in the folder of another one. */
  readonly otherLabels: number;
}
