package orders;

import io.github.cdketlsteps.Column;
import io.github.cdketlsteps.DataFormat;
import io.github.cdketlsteps.Dataset;
import java.util.List;

final class OrdersDataset {
    /** One row for each state of an order. */
    static Dataset create() {
        return Dataset.Builder.create()
                .name("orders")
                .format(DataFormat.csv())
                .columns(List.of(
                        Column.string("order_id"),
                        Column.string("customer"),
                        Column.string("status"),
                        Column.integer("quantity"),
                        Column.decimal("amount", 12, 2),
                        Column.bool("gift"),
                        Column.date("ordered_on"),
                        Column.timestamp("updated_at"),
                        Column.string("note")))
                .key(List.of("order_id"))
                .latestBy("updated_at") // of several rows of one order, the newest is kept
                .build();
    }

    private OrdersDataset() {}
}
