/** What is known of the texts of a column: SQL is as simple, and the temporary column as narrow, as they let it be. */
export interface TextForm {
  /** Bytes of the longest. */
  maxBytes: number;
  /** Whether all are of the form that a mere CAST converts. */
  plain: boolean;
  /** Whether there is `""`, which COPY may take for an empty text and not for null. */
  emptyInQuotes: boolean;
}

/** The forms of the texts of all columns, in the dataset's order. */
export class TextForms {
  readonly columns: TextForm[];
  /** Whether lines end in CRLF. */
  carriageReturns = false;

  constructor(columns: number) {
    this.columns = Array.from({ length: columns }, () => ({ maxBytes: 0, plain: true, emptyInQuotes: false }));
  }

  add(index: number, bytes: number, quoted: boolean, plain: boolean): void {
    const form = this.columns[index];
    if (bytes > form.maxBytes) form.maxBytes = bytes;
    if (!plain) form.plain = false;
    if (quoted && bytes === 0) form.emptyInQuotes = true;
  }

  /** Takes in the forms that other lines have; as they come from another thread, they have no methods. */
  merge(other: Pick<TextForms, 'columns' | 'carriageReturns'>): void {
    other.columns.forEach(({ maxBytes, plain, emptyInQuotes }, index) => {
      const form = this.columns[index];
      form.maxBytes = Math.max(form.maxBytes, maxBytes);
      form.plain &&= plain;
      form.emptyInQuotes ||= emptyInQuotes;
    });
    this.carriageReturns ||= other.carriageReturns;
  }
}
