/** The classes of the ISIC 9-class set, in code-point order. */
export const isic9Classes: readonly string[] = [
  "actinic keratosis",
  "basal cell carcinoma",
  "dermatofibroma",
  "melanoma",
  "nevus",
  "pigmented benign keratosis",
  "seborrheic keratosis",
  "squamous cell carcinoma",
  "vascular lesion",
];
