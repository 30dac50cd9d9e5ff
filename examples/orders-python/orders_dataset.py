from cdk_etl_steps import Column, DataFormat, Dataset

# One row for each state of an order.
ORDERS = Dataset(
    name="orders",
    format=DataFormat.csv(),
    columns=[
        Column.string("order_id"),
        Column.string("customer"),
        Column.string("status"),
        Column.integer("quantity"),
        Column.decimal("amount", 12, 2),
        Column.bool("gift"),
        Column.date("ordered_on"),
        Column.timestamp("updated_at"),
        Column.string("note"),
    ],
    key=["order_id"],
    latest_by="updated_at",  # of several rows of one order, the newest is kept
)
