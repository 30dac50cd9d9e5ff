import jsii
from aws_cdk import aws_sns as sns, aws_stepfunctions as sfn, aws_stepfunctions_tasks as tasks
from cdk_etl_steps import EtlStepBindOptions, EtlStepConfig, IEtlStep
from constructs import Construct


@jsii.implements(IEtlStep)
class AnnounceStep(Construct):
    """A step of one's own: it tells a topic what the steps before it have loaded."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id)
        self._step_id = id
        self.topic = sns.Topic(self, "Topic", enforce_ssl=True)

    @property
    def step_id(self) -> str:
        return self._step_id

    def bind(self, scope: Construct, options: EtlStepBindOptions) -> EtlStepConfig:
        return EtlStepConfig(
            chain=tasks.SnsPublish(
                scope,
                f"{self._step_id}: Publish",
                topic=self.topic,
                subject="Orders were loaded",
                message=sfn.TaskInput.from_json_path_at("$.results"),
            )
        )
