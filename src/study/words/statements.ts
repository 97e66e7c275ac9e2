/** Statements that every report of a study makes, whatever its figures. */

export const researchOnly =
  "For research and teaching. Not a medical device: it must not be used to judge anybody's skin.";

export const skinTone =
  "Skin tone: not assessable. The data do not say it, and guessing it from photographs of lesions in unknown light would be no " +
  "measurement. That the model works alike on all skin is therefore not shown.";
