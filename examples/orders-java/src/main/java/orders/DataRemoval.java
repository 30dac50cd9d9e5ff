package orders;

import software.amazon.awscdk.RemovalPolicy;
import software.constructs.Construct;

final class DataRemoval {
    /** Data stays when the stacks are deleted, unless you only try the example out (-c deleteDataWithStacks=true). */
    static RemovalPolicy policy(Construct scope) {
        String delete = String.valueOf(scope.getNode().tryGetContext("deleteDataWithStacks"));
        return delete.equals("true") ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN;
    }

    private DataRemoval() {}
}
