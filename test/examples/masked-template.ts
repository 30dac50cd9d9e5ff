import { Template } from 'aws-cdk-lib/assertions';

/**
 * The template without what changes when only code or a bundler does: hashes of assets, and of the function versions
 * that are named by them.
 */
export function maskedTemplate(template: Template): object {
  const text = JSON.stringify(template.toJSON())
    .replace(/\b[0-9a-f]{64}\b/g, '<asset hash>')
    .replace(/(CurrentVersion[0-9A-F]{8})[0-9a-f]{32}/g, '$1<version hash>');
  return JSON.parse(text);
}
