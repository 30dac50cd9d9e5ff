from aws_cdk import App

from orders_foundation import OrdersFoundation
from orders_pipeline import OrdersPipeline

app = App()
foundation = OrdersFoundation(app, "OrdersFoundation")
OrdersPipeline(app, "OrdersPipeline", foundation=foundation)
app.synth()
