package orders;

import io.github.cdketlsteps.RedshiftWarehouse;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import software.amazon.awscdk.Fn;
import software.amazon.awscdk.Stack;
import software.amazon.awscdk.services.dynamodb.Attribute;
import software.amazon.awscdk.services.dynamodb.AttributeType;
import software.amazon.awscdk.services.dynamodb.BillingMode;
import software.amazon.awscdk.services.dynamodb.PointInTimeRecoverySpecification;
import software.amazon.awscdk.services.dynamodb.Table;
import software.amazon.awscdk.services.ec2.GatewayVpcEndpointAwsService;
import software.amazon.awscdk.services.ec2.GatewayVpcEndpointOptions;
import software.amazon.awscdk.services.ec2.Vpc;
import software.constructs.Construct;

/** What outlives the pipeline, and may serve others: the network, the table and the warehouse. */
public class OrdersFoundation extends Stack {
    private final Vpc vpc;
    private final Table table;
    private final RedshiftWarehouse warehouse;

    public OrdersFoundation(Construct scope, String id) {
        super(scope, id);
        vpc = Vpc.Builder.create(this, "Vpc")
                .maxAzs(3)
                .natGateways(1) // for the container registry and the APIs of AWS; the data goes through the endpoints
                .gatewayEndpoints(Map.of(
                        "S3", endpoint(GatewayVpcEndpointAwsService.S3),
                        "DynamoDb", endpoint(GatewayVpcEndpointAwsService.DYNAMODB)))
                .build();
        table = Table.Builder.create(this, "Items")
                .partitionKey(Attribute.builder().name("order_id").type(AttributeType.STRING).build())
                .billingMode(BillingMode.PAY_PER_REQUEST)
                .pointInTimeRecoverySpecification(PointInTimeRecoverySpecification.builder()
                        .pointInTimeRecoveryEnabled(true)
                        .build())
                .removalPolicy(DataRemoval.policy(this))
                .build();
        warehouse = new OrdersWarehouse(this, "Warehouse", vpc).getConnection();
    }

    /** Redshift Serverless needs three zones, and a stack that is deployed anywhere is taken to have two. */
    @Override
    public List<String> getAvailabilityZones() {
        return IntStream.range(0, 3).mapToObj(index -> Fn.select(index, Fn.getAzs(getRegion()))).toList();
    }

    public Vpc getVpc() {
        return vpc;
    }

    public Table getTable() {
        return table;
    }

    public RedshiftWarehouse getWarehouse() {
        return warehouse;
    }

    private static GatewayVpcEndpointOptions endpoint(GatewayVpcEndpointAwsService service) {
        return GatewayVpcEndpointOptions.builder().service(service).build();
    }
}
