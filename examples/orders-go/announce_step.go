package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsstepfunctions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsstepfunctionstasks"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	etl "github.com/cdk-etl-steps/cdk-etl-steps-go/cdketlsteps"
)

// announceStep is a step of one's own: it tells a topic what the steps before it have loaded.
type announceStep struct {
	constructs.Construct
	stepId string
	topic  awssns.Topic
}

func newAnnounceStep(scope constructs.Construct, id string) *announceStep {
	step := &announceStep{stepId: id}
	constructs.NewConstruct_Override(step, scope, jsii.String(id))
	step.topic = awssns.NewTopic(step, jsii.String("Topic"), &awssns.TopicProps{EnforceSSL: jsii.Bool(true)})
	return step
}

// StepId names the step.
func (step *announceStep) StepId() *string {
	return jsii.String(step.stepId)
}

// Bind makes the step's states.
func (step *announceStep) Bind(scope constructs.Construct, _ *etl.EtlStepBindOptions) *etl.EtlStepConfig {
	return &etl.EtlStepConfig{
		Chain: awsstepfunctionstasks.NewSnsPublish(scope, jsii.String(step.stepId+": Publish"),
			&awsstepfunctionstasks.SnsPublishProps{
				Topic:   step.topic,
				Subject: jsii.String("Orders were loaded"),
				Message: awsstepfunctions.TaskInput_FromJsonPathAt(jsii.String("$.results")),
			}),
	}
}
