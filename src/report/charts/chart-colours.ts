/** The colours of charts. */

/** Told apart by people who are colour-blind (after Okabe and Ito 2008), and visible on white and on black. */
export const chartColours = [
  "#0f7fc4",
  "#d95f0e",
  "#0a9a72",
  "#c2559b",
  "#a88500",
  "#5b6ee1",
  "#8a6d4b",
  "#4a9db5",
  "#b3434a",
  "#7a8a2c",
] as const;
