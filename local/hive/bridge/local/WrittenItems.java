package local;

import com.amazonaws.Request;
import com.amazonaws.Response;
import com.amazonaws.handlers.RequestHandler2;
import com.amazonaws.services.dynamodbv2.model.BatchWriteItemRequest;
import com.amazonaws.services.dynamodbv2.model.BatchWriteItemResult;
import com.amazonaws.services.dynamodbv2.model.WriteRequest;
import java.util.List;
import java.util.Map;

/** Counts the items that the connector has written. */
public final class WrittenItems extends RequestHandler2 {
    @Override
    public void afterResponse(Request<?> request, Response<?> response) {
        if (response.getAwsResponse() instanceof BatchWriteItemResult) {
            Map<String, List<WriteRequest>> asked = ((BatchWriteItemRequest) request.getOriginalRequest()).getRequestItems();
            Progress.addWritten(count(asked) - count(((BatchWriteItemResult) response.getAwsResponse()).getUnprocessedItems()));
        }
    }

    private static long count(Map<String, List<WriteRequest>> requests) {
        return requests == null ? 0 : requests.values().stream().mapToLong(List::size).sum();
    }
}
