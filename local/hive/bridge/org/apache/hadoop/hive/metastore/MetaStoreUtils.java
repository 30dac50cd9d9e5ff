package org.apache.hadoop.hive.metastore;

import org.apache.hadoop.hive.metastore.api.Table;

/** Where version 4.5.0 of the connector, compiled for Hive 2.3, looks for it: Hive 3 moved the class to the package `utils`. */
public final class MetaStoreUtils {
    public static boolean isExternalTable(Table table) {
        return org.apache.hadoop.hive.metastore.utils.MetaStoreUtils.isExternalTable(table);
    }
}
