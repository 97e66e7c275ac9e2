/** What keeps a whole and undamaged file from being read: a variant of a format that is known but not decoded. */

/** The message names the variant, such as "12-bit JPEG"; `cure` says what to do with such a file. */
export class UnreadVariant extends Error {
  override readonly name = "UnreadVariant";
  readonly cure: string;

  constructor(variant: string, cure = "save it as an 8-bit PNG or JPEG") {
    super(variant);
    this.cure = cure;
  }
}
