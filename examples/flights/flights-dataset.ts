import { Column, DataFormat, Dataset } from 'cdk-etl-steps';

/** One row for each report of a flight. A flight number flies every day: it takes both to name a flight. */
export const FLIGHTS = new Dataset({
  name: 'flights',
  format: DataFormat.csv({ delimiter: ';' }),
  columns: [
    Column.string('flight_number', { header: 'Flight' }),
    Column.date('flown_on', { header: 'Date' }),
    Column.string('destination', { header: 'To', required: true }),
    Column.integer('passengers', { header: 'Passengers' }),
    Column.floatingPoint('fuel_tons', { header: 'Fuel (t)' }),
    Column.timestamp('reported_at', { header: 'Reported' }),
  ],
  key: ['flight_number', 'flown_on'],
  latestBy: 'reported_at',
});
