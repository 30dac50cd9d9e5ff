package orders;

import io.github.cdketlsteps.EmrCompute;
import io.github.cdketlsteps.EmrHiveDynamoStep;
import io.github.cdketlsteps.EmrInstanceFleetsOptions;
import io.github.cdketlsteps.EtlPipeline;
import io.github.cdketlsteps.FargateRedshiftStep;
import io.github.cdketlsteps.IEtlStep;
import io.github.cdketlsteps.S3QueueTrigger;
import java.util.ArrayList;
import java.util.List;
import software.amazon.awscdk.CfnOutput;
import software.amazon.awscdk.RemovalPolicy;
import software.amazon.awscdk.Stack;
import software.amazon.awscdk.services.s3.BlockPublicAccess;
import software.amazon.awscdk.services.s3.Bucket;
import software.amazon.awscdk.services.s3.BucketEncryption;
import software.constructs.Construct;

/** Files that are put below {@code orders/} become items in DynamoDB and rows in Redshift. */
public class OrdersPipeline extends Stack {
    public OrdersPipeline(Construct scope, String id, OrdersFoundation foundation) {
        super(scope, id);
        RemovalPolicy removalPolicy = DataRemoval.policy(this);
        Bucket landing = Bucket.Builder.create(this, "Landing")
                .versioned(true) // a file that is uploaded again while it is being loaded is another file
                .encryption(BucketEncryption.S3_MANAGED)
                .blockPublicAccess(BlockPublicAccess.BLOCK_ALL)
                .enforceSsl(true)
                .removalPolicy(removalPolicy)
                .autoDeleteObjects(removalPolicy == RemovalPolicy.DESTROY)
                .build();
        S3QueueTrigger trigger = S3QueueTrigger.Builder.create(this, "Uploads")
                .bucket(landing)
                .prefix("orders/")
                .removalPolicy(removalPolicy)
                .build();
        List<IEtlStep> steps = new ArrayList<>();
        steps.add(EmrHiveDynamoStep.Builder.create(this, "ToDynamo")
                .table(foundation.getTable())
                .compute(EmrCompute.instanceFleets(EmrInstanceFleetsOptions.builder().vpc(foundation.getVpc()).build()))
                .build());
        steps.add(FargateRedshiftStep.Builder.create(this, "ToRedshift")
                .vpc(foundation.getVpc())
                .warehouse(foundation.getWarehouse())
                .schema("analytics")
                .table("orders")
                .build());
        if (getNode().tryGetContext("announceRuns") != null) {
            steps.add(new AnnounceStep(this, "Announce"));
        }
        EtlPipeline pipeline = EtlPipeline.Builder.create(this, "Orders")
                .dataset(OrdersDataset.create())
                .trigger(trigger)
                .steps(steps)
                .build();

        output("LandingBucket", landing.getBucketName(), "Put files below orders/");
        output("ItemsTable", foundation.getTable().getTableName(), "The orders in DynamoDB");
        output(
                "StateMachineArn",
                pipeline.getStateMachine().getStateMachineArn(),
                "One execution for each attempt of each run");
        output("LedgerTable", trigger.getLedgerTable().getTableName(), "What became of each file and each run");
        output("WorkBucket", trigger.getWorkBucket().getBucketName(), "Results and rejected rows of each run, below runs/");
        output(
                "OperatorFunction",
                trigger.getOperatorFunction().getFunctionName(),
                "Takes the commands of docs/operate.md");
        output("QueueUrl", trigger.getQueue().getQueueUrl(), "Events of the landing bucket");
    }

    private void output(String name, String value, String description) {
        CfnOutput.Builder.create(this, name).value(value).description(description).build();
    }
}
