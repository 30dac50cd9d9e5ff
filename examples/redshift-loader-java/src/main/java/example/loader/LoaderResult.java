package example.loader;

import com.fasterxml.jackson.annotation.JsonInclude;

/**
 * The result document: schemas/fargate-redshift-step/v1/loader-result.schema.json. Every row that was read is written, rejected or dropped as a
 * duplicate; a step whose counts say otherwise fails.
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record LoaderResult(
    long rowsRead, long rowsWritten, long rowsRejected, long duplicatesDropped, long seconds, String rejectedRows) {}
