import { readFileSync } from 'fs';

/** The sections of API.md, each from its `###` heading to the next, by the name of the type. */
const TYPES = new Map(
  readFileSync('API.md', 'utf8')
    .split(/^(?=### )/m)
    .slice(1)
    .map(section => [/^### (\w+)/.exec(section)![1], section]),
);

// The summary of a member is the first text below its table of type and default, that of a type the first of all.
const SUMMARY = /^(?:#{3,5} .*|- \*Type:\* .*|- \*Default:\* .*)\n\n(?:\*.*\n\n)*(?=[A-Z])(.*)/gm;

test.each([...TYPES])('the summaries of %s name the thing', (_, section) => {
  const summaries = [...section.matchAll(SUMMARY)].map(([, summary]) => summary);
  expect(summaries.filter(summary => /^(What|How|Which|Where|Who)\b/.test(summary))).toEqual([]);
});

test.each([
  'Dataset',
  'EmrCompute',
  'EmrHiveDynamoStep',
  'EtlPipeline',
  'EtlStep',
  'FargateRedshiftStep',
  'HiveTransform',
  'RedshiftWarehouse',
  'S3QueueTrigger',
])('%s shows by an example how it is used', name => {
  expect(TYPES.get(name)).toContain('*Example*');
});
