import type { LoaderInput } from './contract';

/**
 * Way of a run's rows into the table. In each mode a run is loaded once, however often its task is repeated, and
 * of several rows of a run with one key, if the dataset has a key, one is loaded.
 */
export class LoadMode {
  /**
   * A row replaces the table's row with the same key, unless that one is later by the dataset's `latestBy`; a row with
   * a new key is added. The dataset needs a `key`.
   */
  public static upsert(): LoadMode {
    return new LoadMode('upsert');
  }

  /**
   * Rows are added, whatever the table holds: a key may be in it several times. For files that hold events, each once.
   * A file that is put back after its rows were loaded is a run of its own, and adds them once more.
   *
   * If every new file is simply to be added, without a ledger or other targets, Redshift's own COPY JOB is simpler:
   * https://docs.aws.amazon.com/redshift/latest/dg/r_COPY-JOB.html
   */
  public static append(): LoadMode {
    return new LoadMode('append');
  }

  /**
   * The rows of a run replace all rows of the table. A run without a row that can be loaded leaves the table as it is.
   *
   * All files of a run together are the new content. If every file is the whole content by itself, let a run have one
   * file: `maxFilesPerExecution: 1` of the trigger. The last run wins, which is the last to arrive, but for runs that
   * are replayed.
   */
  public static replace(): LoadMode {
    return new LoadMode('replace');
  }

  /**
   * The rows of a run replace the table's rows that have the same values in a column, for instance a day. Rows with
   * other values stay; null is a value like any other. All files of a run together are the new content of their
   * partitions: a partition must not be spread over several runs.
   *
   * @param column a column of the dataset
   */
  public static replacePartitions(column: string): LoadMode {
    return new LoadMode('replace', column);
  }

  private constructor(
    /** @internal */
    public readonly _mode: LoaderInput['mode'],
    /** @internal */
    public readonly _partitionColumn?: string,
  ) {}
}
