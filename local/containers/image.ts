import { existsSync, readFileSync } from 'fs';
import * as path from 'path';

/**
 * What a container of an image runs, taken from the Dockerfile of a CDK asset: the asset's files run where they lie.
 */
export interface Image {
  /** The build context. */
  readonly folder: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly environment: Record<string, string>;
}

/**
 * The image of a CDK asset, known by its tag: the asset's hash.
 * @param reference as in a task definition, `<registry>/<repository>:<hash>`
 * @param cdkOut the cloud assembly (cdk.out)
 * @returns `undefined` if the assembly holds no such asset
 */
export function findImage(reference: string, cdkOut: string): Image | undefined {
  const hash = /:([0-9a-f]{64})$/.exec(reference)?.[1];
  const folder = path.join(cdkOut, `asset.${hash}`);
  const dockerfile = path.join(folder, 'Dockerfile');
  return hash && existsSync(dockerfile) ? { folder, ...readDockerfile(readFileSync(dockerfile, 'utf8')) } : undefined;
}

function readDockerfile(text: string): Omit<Image, 'folder'> {
  let entrypoint: string[] = [];
  let command: string[] = [];
  const environment: Record<string, string> = {};
  for (const line of text.replace(/\\\n/g, ' ').split('\n')) {
    const [, instruction, value] = /^\s*(ENTRYPOINT|CMD|ENV)\s+(.*)$/i.exec(line) ?? [];
    switch (instruction?.toUpperCase()) {
      case 'ENTRYPOINT':
        entrypoint = commandLine(value);
        break;
      case 'CMD':
        command = commandLine(value);
        break;
      case 'ENV':
        Object.assign(environment, variables(value));
        break;
    }
  }
  return { entrypoint, command, environment };
}

/** https://docs.docker.com/reference/dockerfile/#shell-and-exec-form */
function commandLine(value: string): string[] {
  return value.trim().startsWith('[') ? JSON.parse(value) : ['/bin/sh', '-c', value.trim()];
}

function variables(value: string): Record<string, string> {
  return Object.fromEntries(
    [...value.matchAll(/([A-Za-z_][A-Za-z0-9_]*)=("([^"]*)"|\S*)/g)].map(([, name, text, quoted]) => [
      name,
      quoted ?? text,
    ]),
  );
}
