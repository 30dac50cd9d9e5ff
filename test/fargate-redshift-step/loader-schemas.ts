import { readFileSync } from 'fs';
import * as path from 'path';
import Ajv2020 from 'ajv/dist/2020';

const FOLDER = path.join(__dirname, '../../schemas/fargate-redshift-step/v1');
const SCHEMAS = ['loader-input', 'staged-files', 'loader-result', 'loader-failure'] as const;

export type LoaderDocument = (typeof SCHEMAS)[number];

// `then` names properties that are declared outside of it
const ajv = new Ajv2020({ allErrors: true, strict: true, strictRequired: false });
for (const name of SCHEMAS) {
  ajv.addSchema(JSON.parse(readFileSync(path.join(FOLDER, `${name}.schema.json`), 'utf8')), name);
}

/** What the published schema has against a document; nothing if it is valid. */
export function schemaErrors(name: LoaderDocument, document: unknown): string[] {
  ajv.validate(name, document);
  return (ajv.errors ?? []).map(({ instancePath, message }) => `${name}${instancePath} ${message}`);
}

/** The names of the properties that the schema declares, at its top. */
export function declaredProperties(name: LoaderDocument): string[] {
  return Object.keys((ajv.getSchema(name)!.schema as { properties: object }).properties);
}
