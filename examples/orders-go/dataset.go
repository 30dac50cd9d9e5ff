package main

import (
	"github.com/aws/jsii-runtime-go"
	etl "github.com/cdk-etl-steps/cdk-etl-steps-go/cdketlsteps"
)

// ordersDataset has one row for each state of an order.
func ordersDataset() etl.Dataset {
	return etl.NewDataset(&etl.DatasetProps{
		Name:   jsii.String("orders"),
		Format: etl.DataFormat_Csv(nil),
		Columns: &[]etl.Column{
			etl.Column_String(jsii.String("order_id"), nil),
			etl.Column_String(jsii.String("customer"), nil),
			etl.Column_String(jsii.String("status"), nil),
			etl.Column_Integer(jsii.String("quantity"), nil),
			etl.Column_Decimal(jsii.String("amount"), jsii.Number(12), jsii.Number(2), nil),
			etl.Column_Bool(jsii.String("gift"), nil),
			etl.Column_Date(jsii.String("ordered_on"), nil),
			etl.Column_Timestamp(jsii.String("updated_at"), nil),
			etl.Column_String(jsii.String("note"), nil),
		},
		Key:      jsii.Strings("order_id"),
		LatestBy: jsii.String("updated_at"), // of several rows of one order, the newest is kept
	})
}
