/** What naevus says of its use, once on everything that people read. */

/** A sentence for pages, reports and the terminal. */
export const researchOnly =
  "For research and teaching. Not a medical device: it must not be used to judge anybody's skin.";
