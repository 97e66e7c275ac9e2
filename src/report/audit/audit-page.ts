/** An audit as one page that needs nothing else: what was found, with pictures, and what it means. */

import { type ClassCounts, largestClasses } from "../../audit/distribution.ts";
import { oddities } from "../../audit/file-findings.ts";
import type { Audit, ExactDuplicate, NearDuplicatePair, OutlierImage, Place } from "../../audit/findings.ts";
import { someProblems } from "../../dataset/some-problems.ts";
import { nameList } from "../../text/name-list.ts";
import { htmlChart } from "../charts/draw-chart.ts";
import { type Html, html, htmlPage, htmlTable } from "../html.ts";
import { confoundChart, distributionChart } from "./audit-charts.ts";
import { classPair, counted, curatedNote, keptWhole, tally, unknownWhy } from "./audit-text.ts";

/** Findings of a kind that are shown with pictures; the rest are listed in `audit.json`. */
const pictured = { conflicts: 24, pairs: 96, lesions: 12, outliers: 24, perClass: 8 } as const;

/** Pairs of classes, or of a class and a diagnosis, that are listed. */
const mostPairs = 100;

/** Classes that are shown, those with the most images; the rest are in `audit.json`. */
const mostClasses = 60;

const shownClasses = ({ distribution }: Audit): readonly number[] =>
  largestClasses(distribution.all.counts, mostClasses);

/** Gives a small picture of a file as a `data:` address, undefined where it cannot be read; none on a page without pictures. */
export type PictureOf = ((path: string) => Promise<string | undefined>) | undefined;

const percent = (value: number): string => `${(value * 100).toFixed(1)} %`;
const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** Nothing on a page without pictures. */
async function image(path: string, picture: PictureOf): Promise<Html | undefined> {
  if (picture === undefined) return undefined;
  const source = await picture(path);
  return source === undefined
    ? html`<span class="quiet">no picture: ${nameOf(path)}</span>`
    : html`<img src="${source}" alt="${path}" width="128" height="128" loading="lazy">`;
}

const placed = ({ path, class: name, split }: Place): Html =>
  html`<b>${name}</b>, ${split}<br><span title="${path}">${nameOf(path)}</span>`;

async function pair(first: Place, second: Place, note: Html | undefined, picture: PictureOf): Promise<Html> {
  return html`<figure><div class="pair"><div>${await image(first.path, picture)}<figcaption>${placed(first)}</figcaption></div>
<div>${await image(second.path, picture)}<figcaption>${placed(second)}</figcaption></div></div>${note && html`<figcaption>${note}</figcaption>`}</figure>`;
}

const tag = (text: string, calm = false): Html => html`<span class="tag${calm && " calm"}">${text}</span> `;

const tags = ({ labelConflict, leak }: { readonly labelConflict: boolean; readonly leak: boolean }): Html =>
  html`${labelConflict && tag("two labels")}${leak && tag("leak")}`;

const more = (shown: number, all: number): Html | false =>
  all > shown && html`<p class="quiet">Shown: ${shown} of ${all}; all stand in audit.json.</p>`;

/** The first of each kind in turn, so that a few pictures show every kind. */
function varied<Item>(items: readonly Item[], kindOf: (item: Item) => string, limit: number): Item[] {
  const kinds = new Map<string, Item[]>();
  for (const item of items) kinds.set(kindOf(item), [...(kinds.get(kindOf(item)) ?? []), item]);
  const result: Item[] = [];
  for (let round = 0; result.length < Math.min(limit, items.length); round++) {
    for (const own of kinds.values()) if (own[round] !== undefined && result.length < limit) result.push(own[round]!);
  }
  return result;
}

const facts = ({ counts }: Audit): Html => {
  const fact = (value: number, text: string, kind: "bad" | "good" | "plain" = value > 0 ? "bad" : "good"): Html =>
    html`<li class="${kind}"><b>${value.toLocaleString("en-US")}</b>${text}</li>`;
  return html`<ul class="facts">
${fact(counts.images, "image files", "plain")}
${fact(counts.contents, "distinct contents", "plain")}
${fact(counts.unreadable, "unreadable")}
${fact(counts.labelConflicts, "images under two labels")}
${fact(counts.metadataDisagreements, "labels that the diagnosis contradicts")}
${fact(counts.testImagesInTrain, "test images that stand in Train")}
${fact(counts.testImagesOfTrainLesions, "more whose lesion stands in Train")}
${fact(counts.testImagesAlikeInTrain, "more of which nearly the same picture stands in Train")}
${fact(counts.nearDuplicatePairs, "near duplicate pairs")}
${fact(counts.cleanTestImages, "clean test images left", "good")}
</ul>`;
};

async function conflicts(audit: Audit, picture: PictureOf): Promise<Html> {
  const all = audit.exactDuplicates.filter(({ labelConflict }) => labelConflict);
  const shown = varied(all, ({ files }) => classPair(files), pictured.conflicts);
  const figures: Html[] = [];
  for (const one of shown) figures.push(await conflict(one, picture));
  const pairs = tally(all.map(({ files }) => classPair(files)));
  const disagreements = tally(
    audit.disagreements.map((one) => JSON.stringify([one.class, one.diagnosis, nameList(one.agreesWith)])),
  );
  return html`<h2 id="labels">Labels that contradict each other</h2>
${
  all.length === 0
    ? html`<p>No image stands under two labels.</p>`
    : html`<p>${counted(all.length, "image")}, told by content, ${all.length === 1 ? "stands" : "stand"} under more than one label. Whatever a model answers, one of the two calls it
wrong; in training they teach that a picture is two things at once.</p>
${htmlTable(
  ["classes", "images"],
  pairs.slice(0, mostPairs).map(([name, count]) => [name, count]),
)}${more(mostPairs, pairs.length)}
<div class="pictures">${figures}</div>${more(shown.length, all.length)}`
}
<h3>Labels and the metadata's diagnosis</h3>
${
  unknownWhy(audit, "diagnosis") !== undefined
    ? html`<p>Labels could not be compared with a diagnosis: ${unknownWhy(audit, "diagnosis")}.</p>`
    : disagreements.length === 0
      ? html`<p>No label is contradicted by a diagnosis.</p>`
      : htmlTable(
          ["label", "diagnosis in the metadata", "agrees with", "images"],
          disagreements.slice(0, mostPairs).map(([key, count]) => {
            const [name, diagnosis, agrees] = JSON.parse(key) as string[];
            return [name, diagnosis, agrees || "no class here", count];
          }),
          { words: true },
        )
}${more(mostPairs, disagreements.length)}`;
}

const conflict = ({ files, diagnosis, ...flags }: ExactDuplicate, picture: PictureOf): Promise<Html> => {
  const other = files.find((file) => file.class !== files[0]!.class)!;
  return pair(
    files[0]!,
    other,
    html`${flags.leak && tag("leak")}${diagnosis && html`diagnosis: ${diagnosis}`}`,
    picture,
  );
};

async function leaks(audit: Audit, picture: PictureOf): Promise<Html> {
  const { counts, lesionsAcrossSplits: lesions } = audit;
  const rows: Html[] = [];
  for (const { id, files } of lesions.slice(0, pictured.lesions)) {
    const [train, test] = (["train", "test"] as const).map((split) => files.find((file) => file.split === split)!);
    rows.push(await pair(train!, test!, html`lesion ${id}, ${counted(files.length, "image")}`, picture));
  }
  const unknownLesions = unknownWhy(audit, "lesion");
  return html`<h2 id="leaks">Test images that training knows</h2>
<p>${counted(counts.testImagesInTrain, "test image")} ${counts.testImagesInTrain === 1 ? "stands" : "stand"} in Train too, byte for byte, and of ${counts.testImagesOfTrainLesions} more another photograph of the same lesion
does${unknownLesions !== undefined && html` (${unknownLesions}, so that more may)`}. Of ${counts.testImagesAlikeInTrain} more nearly the same picture stands there. Without them <b>${counts.cleanTestImages}</b> test images remain, which the protocol <code>clean</code> judges on.
${counts.patientsAcrossSplits > 0 && html`${counted(counts.patientsAcrossSplits, "patient")} ${counts.patientsAcrossSplits === 1 ? "has" : "have"} images on both sides.`}
${audit.splitDrawn && html`There is no Test folder, so that the split is one that naevus drew.`}</p>
${rows.length > 0 && html`<h3>${counted(counts.lesionsAcrossSplits, "lesion")} with images on both sides</h3><div class="pictures">${rows}</div>${more(rows.length, lesions.length)}`}`;
}

async function duplicates(audit: Audit, picture: PictureOf): Promise<Html> {
  const { nearDuplicates } = audit;
  const sameClass = audit.exactDuplicates.filter(({ labelConflict }) => !labelConflict);
  const kind = (one: NearDuplicatePair): number => Number(one.leak) + Number(one.labelConflict);
  const shown = [...nearDuplicates].sort((p, q) => kind(q) - kind(p) || q.detail - p.detail).slice(0, pictured.pairs);
  const figures: Html[] = [];
  for (const one of shown) {
    const [across, down] = one.shows.map((part) => `${Math.round(part * 100)} %`);
    const note = html`${tags(one)}${one.sameLesion === false && tag("two lesion ids")}${one.sameLesion && tag("one lesion id", true)}
the second ${one.turn === "as it is" ? "" : `${one.turn} `}shows ${across} x ${down} of the first; detail ${one.detail.toFixed(2)}`;
    figures.push(await pair(one.a, one.b, note, picture));
  }
  return html`<h2 id="duplicates">Duplicates</h2>
<p>${counted(audit.counts.exactDuplicateGroups, "content")} ${audit.counts.exactDuplicateGroups === 1 ? "is" : "are"} held by several files; ${sameClass.length} of them within one class:</p>
${
  sameClass.length > 0 &&
  htmlTable(
    ["files", "class", ""],
    sameClass
      .slice(0, 30)
      .map(({ files, leak }) => [files.map(({ path }) => path).join("  =  "), files[0]!.class, leak && "leak"]),
    { words: true },
  )
}${more(30, sameClass.length)}
<h3>${counted(nearDuplicates.length, "near duplicate pair")}</h3>
<p>The same photograph turned, flipped, cut or saved anew, or another one of the very same skin. Found by low frequencies, laid over each other, and
told by their fine structure: hairs, pores and network fall on each other.</p>
<div class="pictures">${figures}</div>${more(shown.length, nearDuplicates.length)}`;
}

async function outliers(audit: Audit, picture: PictureOf): Promise<Html> {
  const byPath = new Map<string, OutlierImage[]>();
  for (const one of audit.outliers) byPath.set(one.path, [...(byPath.get(one.path) ?? []), one]);
  const figures: Html[] = [];
  for (const [path, own] of [...byPath].slice(0, pictured.outliers)) {
    const why = own.map(
      ({ what, value, score }) => `${what} ${value.toFixed(1)} (${score > 0 ? "+" : ""}${score.toFixed(1)})`,
    );
    figures.push(
      html`<figure>${await image(path, picture)}<figcaption>${placed(own[0]!)}<br>${why.join("; ")}</figcaption></figure>`,
    );
  }
  const list = <Found extends { readonly path: string }>(
    found: readonly Found[],
    what: (one: Found) => string,
    shown: readonly Found[] = found.slice(0, 30),
  ): Html =>
    html`${htmlTable(
      ["file", ""],
      shown.map((one) => [one.path, what(one)]),
      { words: true },
    )}${more(30, found.length)}`;
  const odd = Object.entries(audit.oddities).filter(([, found]) => found.length > 0);
  return html`<h2 id="files">Files and outliers</h2>
${audit.unreadable.length > 0 ? html`<h3>${counted(audit.unreadable.length, "unreadable file")}</h3>${list(audit.unreadable, (one) => one.message)}` : html`<p>Every file can be read.</p>`}
${audit.leftOut.length > 0 && html`<h3>Remarks on the folder</h3>${list(audit.leftOut, (one) => one.message, someProblems(audit.leftOut, 30))}`}
${odd.map(([kind, found]) => html`<h3>${counted(found.length, "file")}: ${oddities[kind as keyof typeof oddities]}</h3>${list(found, (one) => one.what)}`)}
<h3>${counted(audit.counts.outliers, "outlier")}</h3>
<p class="quiet">The rule: ${audit.outlierRule}.</p>
<div class="pictures single">${figures}</div>${more(figures.length, byPath.size)}`;
}

async function classes(audit: Audit, gallery: readonly (readonly string[])[], picture: PictureOf): Promise<Html> {
  const { distribution, curated } = audit;
  const ratio = (value: number | null): string => (value === null ? "–" : value.toFixed(1));
  const shown = shownClasses(audit);
  const rows = (countings: readonly ClassCounts[]): (string | number)[][] => [
    ...shown.map((label) => [audit.classes[label]!, ...countings.map(({ counts }) => counts[label]!)]),
    ["largest : smallest", ...countings.map(({ imbalanceRatio }) => ratio(imbalanceRatio))],
  ];
  const by = Object.entries(distribution.by).map(
    ([field, countings]) =>
      html`<details><summary>By ${field}</summary>${htmlTable(["class", ...countings.map(({ name }) => name)], rows(countings))}</details>`,
  );
  const galleries: Html[] = [];
  for (const label of picture === undefined ? [] : shown) {
    const figures: Html[] = [];
    for (const path of gallery[label]!.slice(0, pictured.perClass))
      figures.push(html`<figure>${await image(path, picture)}</figure>`);
    galleries.push(html`<h3>${audit.classes[label]}</h3><div class="pictures single">${figures}</div>`);
  }
  const countings = [
    { ...distribution.all, name: "as they are" },
    { ...curated.all, name: "after curation" },
  ];
  return html`<h2 id="classes">Classes</h2>
<p>Before, and after the default curation: duplicates count once, contradicting labels are settled by the diagnosis or left out.
${curated.classesLeftOut.length > 0 && html`Nearly nothing is left of <b>${nameList(curated.classesLeftOut)}</b>, which is left out.`}</p>
${more(shown.length, audit.classes.length)}
${await htmlChart(distributionChart(audit.classes, countings), "Images by class, before and after curation")}
${htmlTable(["class", ...distribution.splits.map(({ name }) => name), "all", "after curation"], rows([...distribution.splits, distribution.all, curated.all]))}
${by}
${galleries.length > 0 && html`<h3>What they look like</h3><p class="quiet">Drawn at random.</p>${galleries}`}`;
}

async function sources(audit: Audit): Promise<Html> {
  const { confounds } = audit;
  const shown = shownClasses(audit);
  const names = shown.map((label) => audit.classes[label]!);
  const of = <Value>(values: readonly Value[]): Value[] => shown.map((label) => values[label]!);
  if (confounds === undefined) {
    return html`<h2 id="sources">Sources</h2><p>There are too few images to say whether the source of an image tells its class.</p>`;
  }
  const { evidence, ids } = confounds;
  const best = evidence.reduce((a, b) => (b.balancedAccuracy > a.balancedAccuracy ? b : a));
  const number = (id: number): string => `ISIC_${String(id).padStart(7, "0")}`;
  return html`<h2 id="sources">Sources: what tells a class without a look at the lesion</h2>
<p>A trivial model (linear discriminants on a few numbers, cross-validated with ${keptWhole(audit)}, on ${counted(confounds.samples, "image")} of ${confounds.classesTried} classes) reaches
<b>${percent(best.balancedAccuracy)}</b> balanced accuracy from ${best.evidence === "all of these together" ? "all the evidence below" : best.evidence}; guessing gives ${percent(best.chance)}.
Colours are partly the lesion's own; borders, files and ids are not, and a network that learns them learns cameras and archives.
It is worth something where it is clearly better than this.</p>
${await htmlChart(confoundChart(confounds), "Balanced accuracy of a trivial model by kind of evidence, beside guessing")}
<p class="quiet">Dashed: guessing. Tick: the best of 99 permutations of the labels.</p>
<details><summary>By class</summary>${htmlTable(
    ["recognised", ...names],
    evidence.map(({ evidence: name, recall }) => [
      name,
      ...of(recall).map((value) => (value === null ? "–" : percent(value))),
    ]),
  )}</details>
${
  ids &&
  html`<h3>Ranges of the ISIC id</h3>
<p>Archives hand out ids in ranges. Adjusted mutual information of range and class: ${ids.adjustedMutualInformation.toFixed(2)} (0 as by chance, 1 where one
tells the other); the range alone gives ${percent(ids.balancedAccuracy)} balanced accuracy.</p>
${htmlTable(
  ["ids", ...names],
  ids.ranges.map(({ first, last, counts }) => [html`${number(first)}<br>to ${number(last)}`, ...of(counts)]),
)}`
}`;
}

/** The page. `gallery` gives for each class some images, by path; without `picture` none is shown, and those of findings are named. */
export async function auditPage(
  audit: Audit,
  { gallery, picture }: { readonly gallery: readonly (readonly string[])[]; readonly picture: PictureOf },
): Promise<string> {
  const links = [
    ["labels", "Labels"],
    ["leaks", "Leaks"],
    ["duplicates", "Duplicates"],
    ["classes", "Classes"],
    ["sources", "Sources"],
    ["files", "Files and outliers"],
  ];
  const body = html`<header>
<h1>Audit of ${audit.name}</h1>
<p class="quiet">fingerprint ${audit.fingerprint.slice(0, 16)}${audit.origin === "phantom" && html`; <b>phantom data</b>, which show no real skin`}${audit.curation && `; ${curatedNote(audit)}`}</p>
${picture === undefined && html`<p>This page was made without pictures of the images (--no-images); where they would stand, their files are named.</p>`}
${facts(audit)}
<nav aria-label="Sections"><ul>${links.map(([id, text]) => html`<li><a href="#${id}">${text}</a></li>`)}</ul></nav>
</header>
<main>
${await conflicts(audit, picture)}
${await leaks(audit, picture)}
${await duplicates(audit, picture)}
${await classes(audit, gallery, picture)}
${await sources(audit)}
${await outliers(audit, picture)}
</main>
<footer><p class="note">For research and teaching. Not a medical device: it must not be used to judge anybody's skin.</p></footer>`;
  return htmlPage({ title: `Audit of ${audit.name}`, body });
}
