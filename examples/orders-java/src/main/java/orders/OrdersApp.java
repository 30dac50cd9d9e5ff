package orders;

import software.amazon.awscdk.App;

public final class OrdersApp {
    public static void main(String[] args) {
        App app = new App();
        OrdersFoundation foundation = new OrdersFoundation(app, "OrdersFoundation");
        new OrdersPipeline(app, "OrdersPipeline", foundation);
        app.synth();
    }

    private OrdersApp() {}
}
