import { join } from 'path';
import { type CleanFolder, installedFromNpm, NEWEST, synthesizeTypeScript } from './clean-folder';

jest.setTimeout(20 * 60_000); // registries are asked

let folder: CleanFolder;
let template: string;
beforeAll(() => {
  folder = installedFromNpm(NEWEST);
  synthesizeTypeScript(folder);
  template = join(folder.path, 'cdk.out/OrdersPipeline.template.json');
  folder.run('python3', ['-m', 'venv', '.venv']);
  folder.run('.venv/bin/python', ['-m', 'pip', 'install', '--quiet', 'cfn-lint==1.58.0', 'checkov==3.3.30']);
});
afterAll(() => folder.remove());

test('cfn-lint finds nothing in the pipeline of a consumer', () => {
  expect(folder.run('.venv/bin/cfn-lint', [template])).toBe('');
});

test("checkov finds nothing in the pipeline of a consumer but what is the consumer's own", () => {
  const options = ['--framework', 'cloudformation', '--quiet', '--soft-fail', '--skip-download', '--output', 'json'];
  const report = JSON.parse(folder.run('.venv/bin/checkov', ['--file', template, ...options]));
  expect(report.summary).toMatchObject({ parsing_errors: 0 });
  expect(report.summary.passed).toBeGreaterThan(300);
  const failed: { check_id: string; resource: string }[] = report.results.failed_checks;
  expect(failed.map(({ check_id, resource }) => `${check_id} ${resource.replace(/[0-9A-F]{8}$/, '')}`).sort()).toEqual([
    'CKV_AWS_18 AWS::S3::Bucket.Landing', // no access logs: the example says why
    'CKV_AWS_26 AWS::SNS::Topic.AnnounceTopic', // encrypted with no key of its own
  ]);
});
