import { FieldRule, fieldRules } from './field-rules';
import { RowJudge } from './row-judge';
import { RowPlan, rowPlan } from './row-plan';
import type { DatasetDefinition } from '../../../../dataset/contract';
import type { TargetColumn } from '../sql/target-types';

/** What is asked of the rows of a load; made once, whatever the number of files. */
export class RowRules {
  readonly fields: readonly FieldRule[];
  readonly judge: RowJudge;
  readonly plan: RowPlan;
  readonly header: boolean;

  /** @param targets the table's columns, in the dataset's order */
  constructor(dataset: DatasetDefinition, targets: readonly TargetColumn[]) {
    this.fields = fieldRules(dataset, targets);
    this.judge = new RowJudge(dataset, this.fields);
    this.plan = rowPlan(this.fields, dataset.format.delimiter.charCodeAt(0));
    this.header = dataset.format.header;
  }
}
