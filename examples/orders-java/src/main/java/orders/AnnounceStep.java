package orders;

import io.github.cdketlsteps.EtlStepBindOptions;
import io.github.cdketlsteps.EtlStepConfig;
import io.github.cdketlsteps.IEtlStep;
import software.amazon.awscdk.services.sns.Topic;
import software.amazon.awscdk.services.stepfunctions.TaskInput;
import software.amazon.awscdk.services.stepfunctions.tasks.SnsPublish;
import software.constructs.Construct;

/** A step of one's own: it tells a topic what the steps before it have loaded. */
public class AnnounceStep extends Construct implements IEtlStep {
    private final String stepId;
    private final Topic topic;

    public AnnounceStep(Construct scope, String id) {
        super(scope, id);
        stepId = id;
        topic = Topic.Builder.create(this, "Topic").enforceSsl(true).build();
    }

    @Override
    public String getStepId() {
        return stepId;
    }

    @Override
    public EtlStepConfig bind(Construct scope, EtlStepBindOptions options) {
        SnsPublish publish = SnsPublish.Builder.create(scope, stepId + ": Publish")
                .topic(topic)
                .subject("Orders were loaded")
                .message(TaskInput.fromJsonPathAt("$.results"))
                .build();
        return EtlStepConfig.builder().chain(publish).build();
    }
}
