import * as iam from 'aws-cdk-lib/aws-iam';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { RedshiftWarehouse } from 'cdk-etl-steps';

/** The warehouse that the context names, as `npm run local` does: -c warehouseHost=… -c warehousePort=… and so on. */
export function warehouseFromContext(scope: Construct): RedshiftWarehouse {
  const warehouse = new Construct(scope, 'Warehouse');
  const context = (name: string): string => {
    const value = warehouse.node.tryGetContext(name);
    if (!value) throw new Error(`The context must have '${name}', and it has none. Add -c ${name}=… to the command.`);
    return value;
  };
  return RedshiftWarehouse.endpoint({
    host: context('warehouseHost'),
    port: Number(context('warehousePort')),
    database: context('warehouseDatabase'),
    secret: secretsmanager.Secret.fromSecretCompleteArn(warehouse, 'Login', context('warehouseSecretArn')),
    copyRole: new iam.Role(warehouse, 'CopyRole', {
      description: 'Redshift reads the staged files with it: associate it with the warehouse',
      assumedBy: new iam.ServicePrincipal('redshift.amazonaws.com'),
    }),
  });
}
