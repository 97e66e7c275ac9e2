/** The documentation site: hand-written pages, the command line and the reference, which docs/build.js writes before. */
import { existsSync, readFileSync } from "node:fs";
import { defineConfig } from "vitepress";

const referenceSidebar = new URL("../reference/typedoc-sidebar.json", import.meta.url);
const reference = existsSync(referenceSidebar) ? JSON.parse(readFileSync(referenceSidebar, "utf8")) : [];

const page = (text, link) => ({ text, link });

const pages = [
  { text: "Begin", items: [page("Start", "/start"), page("Coming from Keras", "/coming-from-keras")] },
  {
    text: "Guides",
    items: [
      page("Data", "/guide/data"),
      page("Networks", "/guide/networks"),
      page("Training", "/guide/training"),
      page("Judging", "/guide/judging"),
      page("Shipping", "/guide/shipping"),
    ],
  },
  { text: "Reference", items: [page("Command line", "/command-line"), page("Library", "/reference/")] },
  {
    text: "Background",
    items: [
      page("Architecture", "/architecture"),
      page("Performance", "/performance"),
      page("How certain figures are", "/evaluation"),
      page("Which images are read", "/images"),
    ],
  },
];

export default defineConfig({
  title: "naevus",
  description: "Train, evaluate and ship convolutional networks from scratch, in TypeScript.",
  lang: "en",
  cleanUrls: false,
  srcExclude: ["node_modules/**"],
  // The index of the local search is one file.
  vite: { build: { chunkSizeWarningLimit: 10_000 } },
  themeConfig: {
    search: { provider: "local" },
    outline: [2, 3],
    nav: [
      page("Guide", "/start"),
      page("Command line", "/command-line"),
      page("Library", "/reference/"),
      page("Architecture", "/architecture"),
    ],
    sidebar: { "/": pages, "/reference/": [{ text: "Guide", link: "/start" }, ...reference] },
  },
});
