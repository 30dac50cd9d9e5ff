import { S3ServiceException } from '@aws-sdk/client-s3';

export interface Refusal {
  readonly reason: string;
  readonly accessDenied?: boolean;
}

/**
 * Why S3 will never hand out this object, for a person to read; undefined if the error is about anything else than the
 * object.
 */
export function refusalOf(error: unknown): Refusal | undefined {
  if (!(error instanceof S3ServiceException)) return undefined;
  switch (error.name) {
    case 'NoSuchKey':
    case 'NoSuchVersion':
    case 'NotFound':
    case 'MethodNotAllowed': // the version is a delete marker
      return { reason: 'was deleted after it had arrived. Upload it again.' };
    case 'PreconditionFailed':
      return {
        reason:
          'was overwritten after it had arrived; the newer object is a file of its own. Keep versions in the ' +
          'bucket to load every one.',
      };
    case 'InvalidObjectState':
      return {
        reason: 'is archived (a Glacier storage class) and cannot be copied. Restore it, then copy it over itself.',
      };
    case 'InvalidRequest':
      if (/encrypt/i.test(error.message)) {
        return {
          reason:
            'is encrypted with a key of the uploader (SSE-C), which nobody else can read. Upload it with SSE-S3 ' +
            'or SSE-KMS.',
        };
      }
      return undefined;
    case 'AccessDenied':
      return { reason: `may not be read: ${error.message}`, accessDenied: true };
    default:
      // a key that is disabled, deleted or of somebody who does not share it
      return error.name.startsWith('KMS.')
        ? { reason: `cannot be decrypted: ${error.name}, ${error.message}`, accessDenied: true }
        : undefined;
  }
}
