package local;

import com.amazonaws.Request;
import com.amazonaws.Response;
import com.amazonaws.handlers.RequestHandler2;
import com.amazonaws.services.dynamodbv2.model.BillingMode;
import com.amazonaws.services.dynamodbv2.model.BillingModeSummary;
import com.amazonaws.services.dynamodbv2.model.DescribeTableResult;
import com.amazonaws.services.dynamodbv2.model.ProvisionedThroughputDescription;
import com.amazonaws.services.dynamodbv2.model.TableDescription;

/**
 * Version 4.5.0 of the connector reads the units of a table that is billed on demand, which are none, or what MiniStack makes up; later ones
 * look at the billing mode, and take such a table for one of 40,000 units.
 */
public final class OnDemandThroughput extends RequestHandler2 {
    private static final long UNITS = 40_000;

    @Override
    public void afterResponse(Request<?> request, Response<?> response) {
        if (!(response.getAwsResponse() instanceof DescribeTableResult)) {
            return;
        }
        TableDescription table = ((DescribeTableResult) response.getAwsResponse()).getTable();
        BillingModeSummary billing = table.getBillingModeSummary();
        if (billing != null && BillingMode.PAY_PER_REQUEST.toString().equals(billing.getBillingMode())) {
            table.setProvisionedThroughput(new ProvisionedThroughputDescription()
                .withNumberOfDecreasesToday(0L).withReadCapacityUnits(UNITS).withWriteCapacityUnits(UNITS));
        }
    }
}
