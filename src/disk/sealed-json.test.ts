/** What is sealed is read as it was, and nothing else is. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { Random } from "../random.ts";
import { SealError, sealed, type Unsealed, unsealed } from "./sealed-json.ts";
import { damagedText } from "./testing/damage.ts";

const objects = fc.dictionary(
  fc.string().filter((key) => key !== "digest" && key !== "__proto__"),
  fc.jsonValue(),
);

it("gives back what was sealed, whatever the order of its keys and its spaces", () => {
  fc.assert(
    fc.property(objects, (content) => {
      const text = JSON.stringify(Object.fromEntries(Object.entries(sealed(content)).reverse()), undefined, 3);
      expect(JSON.stringify(unsealed(text))).toBe(
        JSON.stringify({
          content: Object.fromEntries(Object.entries(JSON.parse(text)).filter(([key]) => key !== "digest")),
          isSealed: true,
        }),
      );
    }),
  );
});

it("refuses what was changed", () => {
  const content = { steps: [1, 2, 3.25], name: "nevus", of: { a: null, b: [true, "x"] } };
  const text = Buffer.from(`${JSON.stringify(sealed(content), undefined, 1)}\n`);
  const random = Random.of(1);
  for (let i = 0; i < 500; i++) {
    const { how, bytes } = damagedText(text, random);
    let read: Unsealed;
    try {
      read = unsealed(Buffer.from(bytes).toString());
    } catch (error) {
      expect(error instanceof SealError || error instanceof SyntaxError).toBe(true);
      continue;
    }
    // The word digest may be damaged itself: whoever asks for the seal sees that there is none.
    if (read.isSealed) expect(read.content, how).toEqual(content);
  }
});

it("leaves what was never sealed unchecked, and says so", () => {
  expect(unsealed('{"a":1}')).toEqual({ content: { a: 1 }, isSealed: false });
  expect(() => unsealed('{"a":2,"digest":"0000000000000000"}')).toThrow("its digest does not fit its content");
});

it("refuses what is nested beyond the stack", () => {
  const deep = `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`;
  expect(() => unsealed(`{"a":${deep},"digest":"0"}`)).toThrow(new SealError("nested too deeply"));
});
