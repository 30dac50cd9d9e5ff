import type { DatasetDefinition } from '../../../src/dataset/contract';
import type { TargetColumn } from '../../../src/fargate-redshift-step/runtime/loader/sql/target-types';

const column = (name: string, type: DatasetDefinition['columns'][number]['type'], required = false) => ({
  name,
  header: name,
  type,
  required,
});

export const ORDERS: DatasetDefinition = {
  name: 'orders',
  format: { type: 'csv', delimiter: ',', header: true },
  columns: [
    column('order_id', 'string', true),
    column('customer', 'string'),
    { ...column('amount', 'decimal'), precision: 12, scale: 2 },
    column('quantity', 'integer'),
    column('ordered_on', 'date'),
    column('updated_at', 'timestamp'),
    column('note', 'string'),
  ],
  key: ['order_id'],
  latestBy: 'updated_at',
};

/** The columns of the table that the loader makes. */
export const TARGETS: TargetColumn[] = [
  'character varying(65535)',
  'character varying(65535)',
  'numeric(12,2)',
  'bigint',
  'date',
  'timestamp without time zone',
  'character varying(65535)',
].map((type, index) => ({ name: ORDERS.columns[index].name, type, notNull: index === 0 }));

/** A file of orders with the numbers from `first` on. */
export function ordersFile(first: number, count: number, quoted = false): Buffer {
  const pad = (number: number): string => String((number % 28) + 1).padStart(2, '0');
  const lines = [ORDERS.columns.map(({ name }) => name).join(',')];
  for (let number = first; number < first + count; number++) {
    const fields = [
      `order-${number}`,
      `customer-${number % 9_973}`,
      `${number % 10_000}.${10 + (number % 90)}`,
      String(number % 50),
      `2026-03-${pad(number)}`,
      `2026-03-${pad(number)}T1${number % 10}:30:${10 + (number % 50)}Z`,
      `note ${number % 1_000} on the order`,
    ];
    lines.push(quoted ? `"${fields.join('","')}"` : fields.join(','));
  }
  return Buffer.from(`${lines.join('\n')}\n`);
}
