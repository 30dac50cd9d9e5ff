import { Token } from 'aws-cdk-lib';
import { CsvDefinition } from './contract';

/** Options of CSV files. */
export interface CsvOptions {
  /**
   * The character between two fields: one printable ASCII character or a tab, and not the double quote.
   *
   * @default ',' as RFC 4180 says
   */
  readonly delimiter?: string;

  /**
   * Whether the first line of every file names its columns. Such a line must name the dataset's columns, in their
   * order; a file whose header differs is rejected as a whole before anything is loaded. It is not counted as a row.
   *
   * @default true - so that a file of another kind is noticed
   */
  readonly header?: boolean;
}

/**
 * The format of a dataset's files. Each file may be plain or compressed with gzip: its first bytes tell, whatever its
 * name is.
 */
export class DataFormat {
  /**
   * Comma-separated values as RFC 4180 describes them, in UTF-8. See `Dataset` for what each value means.
   *
   * @throws if the delimiter is not one printable ASCII character or a tab, or is the double quote
   */
  public static csv(options: CsvOptions = {}): DataFormat {
    const delimiter = options.delimiter ?? ',';
    if (Token.isUnresolved(delimiter)) {
      throw new Error("'delimiter' must be known when the app is synthesized, got a token: give the character itself");
    }
    if (!/^[\t -~]$/.test(delimiter) || delimiter === '"') {
      throw new Error(
        `'delimiter' must be one printable ASCII character or a tab, and not the double quote, got ` +
          `${JSON.stringify(delimiter)}`,
      );
    }
    return new DataFormat({ type: 'csv', delimiter, header: options.header ?? true });
  }

  /** @internal */
  public readonly _definition: CsvDefinition;

  private constructor(definition: CsvDefinition) {
    this._definition = definition;
  }
}
