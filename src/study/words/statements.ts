/** Statements that every report of a study makes, whatever its figures. */

/** Why nothing is said of skin tone. */
export const skinTone =
  "Skin tone cannot be assessed: the data do not record it, and estimating it from photographs of lesions in unknown light would not be a " +
  "measurement. Nothing here shows that the model works equally well on all skin.";
