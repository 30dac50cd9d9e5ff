package local;

import com.amazonaws.Request;
import com.amazonaws.Response;
import com.amazonaws.handlers.RequestHandler2;
import com.amazonaws.services.dynamodbv2.model.DescribeTableResult;
import com.amazonaws.services.dynamodbv2.model.ProvisionedThroughputDescription;
import com.amazonaws.services.dynamodbv2.model.TableDescription;

/** Version 4.5.0 of the connector writes one item a second to a table that is billed on demand; later ones take it for one of 40,000 units. */
public final class OnDemandThroughput extends RequestHandler2 {
    private static final long UNITS = 40_000;

    @Override
    public void afterResponse(Request<?> request, Response<?> response) {
        if (!(response.getAwsResponse() instanceof DescribeTableResult)) {
            return;
        }
        TableDescription table = ((DescribeTableResult) response.getAwsResponse()).getTable();
        if (table.getProvisionedThroughput() == null) {
            table.setProvisionedThroughput(new ProvisionedThroughputDescription().withNumberOfDecreasesToday(0L));
        }
        ProvisionedThroughputDescription throughput = table.getProvisionedThroughput();
        if (throughput.getWriteCapacityUnits() == null || throughput.getWriteCapacityUnits() == 0) {
            throughput.setWriteCapacityUnits(UNITS);
        }
        if (throughput.getReadCapacityUnits() == null || throughput.getReadCapacityUnits() == 0) {
            throughput.setReadCapacityUnits(UNITS);
        }
    }
}
