package example.loader;

import java.util.List;

/** The input document, as far as this program reads it: schemas/fargate-redshift-step/v1/loader-input.schema.json. */
record LoaderInput(
    int contract,
    String runId,
    int attempt,
    String stepId,
    String workBucket,
    String stagedFilesKey,
    String resultKey,
    String failureKey,
    String rejectedRowsFolder,
    Dataset dataset,
    Warehouse warehouse,
    String schema,
    String table,
    String mode,
    Long maxRejectedRows,
    int maxRuntimeSeconds) {

  record Dataset(String name, Format format, List<Column> columns, List<String> key, String latestBy) {}

  record Format(String type, String delimiter, boolean header) {}

  record Column(String name, String type, String header, boolean required, Integer precision, Integer scale) {}

  record Warehouse(String database, String copyRoleArn, String region, String host, Integer port, String secretArn) {}

  /** The document that `stagedFilesKey` names: schemas/fargate-redshift-step/v1/staged-files.schema.json. */
  record StagedFiles(List<StagedFile> files) {}

  record StagedFile(String id, String key, long bytes, boolean gzip) {}

  /** Everything of this step is below this folder, and the COPY role may read it. */
  String stepFolder() {
    return "runs/" + runId + "/" + stepId + "/";
  }
}
