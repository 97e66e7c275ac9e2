/** Files that are copies of another, and photographs that show the same skin. */
import type { Audit, ExactDuplicate, NearDuplicatePair } from "../../../audit/findings.ts";
import { plural } from "../../../text/numbers.ts";
import { paragraph, tableHtml, tag } from "../../html/components.ts";
import { type Html, type HtmlValue, html } from "../../html/html.ts";
import { moreHtml, type PictureOf, pairHtml, pairsHtml } from "../audit-pictures.ts";

/** Pairs that are shown with pictures. */
const mostPictures = 96;
/** Copies that are listed. */
const mostCopies = 30;

function copiesHtml(audit: Audit): HtmlValue {
  const groups = audit.counts.exactDuplicateGroups;
  const sameClass = audit.exactDuplicates.filter(({ labelConflict }) => !labelConflict);
  const row = ({ files, leak }: ExactDuplicate) => [
    files.map(({ path }) => path).join("\n"),
    files[0]!.class,
    leak ? tag("leak") : "",
  ];
  return [
    paragraph(
      `${plural(groups, "image")} ${groups === 1 ? "is" : "are"} stored in several identical files, ${sameClass.length} of them within one class.`,
    ),
    sameClass.length > 0 &&
      tableHtml(
        { columns: ["Identical files", "Class", ""], rows: sameClass.slice(0, mostCopies).map(row) },
        "Copies within one class",
      ),
    moreHtml(mostCopies, sameClass.length),
  ];
}

function noteOf({ labelConflict, leak, sameLesion, turn, shows, detail }: NearDuplicatePair): Html {
  const [across, down] = shows.map((part) => `${Math.round(part * 100)} %`);
  const tags = [
    labelConflict && tag("two labels"),
    leak && tag("leak"),
    sameLesion === false && tag("two lesion ids"),
    sameLesion && tag("one lesion id", { calm: true }),
  ];
  return html`${tags.map((one) => one && html`${one} `)}
the second ${turn === "as it is" ? "" : `${turn} `}shows ${across} x ${down} of the first; detail ${detail.toFixed(2)}`;
}

/** The section's body. */
export async function duplicatesHtml(audit: Audit, picture: PictureOf): Promise<HtmlValue> {
  const { nearDuplicates } = audit;
  const severity = (one: NearDuplicatePair): number => Number(one.leak) + Number(one.labelConflict);
  const shown = [...nearDuplicates]
    .sort((p, q) => severity(q) - severity(p) || q.detail - p.detail)
    .slice(0, mostPictures);
  const figures: Html[] = [];
  for (const one of shown) figures.push(await pairHtml(one.a, one.b, noteOf(one), picture));
  return [
    copiesHtml(audit),
    html`<h3>${plural(nearDuplicates.length, "near-duplicate pair")}</h3>`,
    paragraph(
      "A near duplicate is the same photograph turned, flipped, cropped or saved again, or another photograph of the same skin. " +
        "The audit registers images whose low frequencies agree, and accepts a pair where the fine structure agrees too: hairs, pores and pigment network coincide.",
    ),
    pairsHtml(figures),
    moreHtml(shown.length, nearDuplicates.length),
  ];
}
