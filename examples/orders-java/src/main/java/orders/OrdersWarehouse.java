package orders;

import io.github.cdketlsteps.RedshiftServerlessOptions;
import io.github.cdketlsteps.RedshiftWarehouse;
import java.util.List;
import software.amazon.awscdk.CfnOutput;
import software.amazon.awscdk.RemovalPolicy;
import software.amazon.awscdk.Stack;
import software.amazon.awscdk.services.ec2.ISubnet;
import software.amazon.awscdk.services.ec2.IVpc;
import software.amazon.awscdk.services.ec2.SecurityGroup;
import software.amazon.awscdk.services.iam.CompositePrincipal;
import software.amazon.awscdk.services.iam.Role;
import software.amazon.awscdk.services.iam.ServicePrincipal;
import software.amazon.awscdk.services.redshiftserverless.CfnNamespace;
import software.amazon.awscdk.services.redshiftserverless.CfnWorkgroup;
import software.amazon.awscdk.services.secretsmanager.Secret;
import software.amazon.awscdk.services.secretsmanager.SecretStringGenerator;
import software.constructs.Construct;

/** A workgroup of Redshift Serverless, and the role with which it reads the staged files. */
public class OrdersWarehouse extends Construct {
    private static final String NAME = "orders";

    private final RedshiftWarehouse connection;

    public OrdersWarehouse(Construct scope, String id, IVpc vpc) {
        super(scope, id);
        RemovalPolicy removalPolicy = DataRemoval.policy(this);
        Role copyRole = Role.Builder.create(this, "CopyRole")
                .description("Redshift reads the staged files with it")
                .assumedBy(new CompositePrincipal(
                        new ServicePrincipal("redshift.amazonaws.com"),
                        new ServicePrincipal("redshift-serverless.amazonaws.com")))
                .build();
        CfnOutput.Builder.create(Stack.of(this), "CopyRoleArn")
                .value(copyRole.getRoleArn())
                .description("Must be associated with the warehouse")
                .build();
        Secret login = Secret.Builder.create(this, "Login")
                .description("Administrator of the namespace '" + NAME + "'")
                .generateSecretString(SecretStringGenerator.builder()
                        .secretStringTemplate("{\"username\":\"etl\"}")
                        .generateStringKey("password")
                        .passwordLength(64)
                        .excludePunctuation(true)
                        .build())
                .removalPolicy(removalPolicy)
                .build();
        CfnOutput.Builder.create(Stack.of(this), "WarehouseSecretArn")
                .value(login.getSecretArn())
                .description("The administrator of Redshift")
                .build();
        CfnNamespace namespace = CfnNamespace.Builder.create(this, "Namespace")
                .namespaceName(NAME)
                .dbName(NAME)
                // references that CloudFormation resolves: the template holds no secret
                .adminUsername(login.secretValueFromJson("username").unsafeUnwrap())
                .adminUserPassword(login.secretValueFromJson("password").unsafeUnwrap())
                .iamRoles(List.of(copyRole.getRoleArn()))
                .logExports(List.of("userlog", "connectionlog", "useractivitylog"))
                .build();
        namespace.applyRemovalPolicy(removalPolicy);
        SecurityGroup securityGroup = SecurityGroup.Builder.create(this, "SecurityGroup")
                .vpc(vpc)
                .description("Redshift Serverless of the orders")
                .build();
        CfnWorkgroup workgroup = CfnWorkgroup.Builder.create(this, "Workgroup")
                .workgroupName(NAME)
                .namespaceName(namespace.getNamespaceName())
                .baseCapacity(8) // the least
                .subnetIds(vpc.getPrivateSubnets().stream().map(ISubnet::getSubnetId).toList())
                .securityGroupIds(List.of(securityGroup.getSecurityGroupId()))
                .publiclyAccessible(false)
                .enhancedVpcRouting(true) // COPY reads S3 through the endpoint of the VPC
                .configParameters(List.of(CfnWorkgroup.ConfigParameterProperty.builder()
                        .parameterKey("require_ssl")
                        .parameterValue("true")
                        .build()))
                .build();
        workgroup.addDependency(namespace);
        connection = RedshiftWarehouse.serverless(RedshiftServerlessOptions.builder()
                .workgroupName(NAME)
                .workgroupArn(workgroup.getAttrWorkgroupWorkgroupArn())
                .database(NAME)
                .copyRole(copyRole)
                .secret(login)
                .securityGroups(List.of(securityGroup))
                .build());
    }

    public RedshiftWarehouse getConnection() {
        return connection;
    }
}
